"""How old what waits in the spool is, whatever the system clock does.

Age is counted, not read off a clock: while the device runs, by its uptime; while it was off, by the system clock's
word, once that is synchronised. So a clock that jumps by a day, in either direction, makes nothing older or younger.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.clock import Clock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CATCH_UP = 24.0
"""Time spent switched off is added a day an hour: a backlog gets the chance to be sent before it is too old, and a
clock that is wrong when the device starts does not cost all of it at once."""


@dataclass(frozen=True)
class Moment:
    """Now, by all clocks there are."""

    boot: str
    """Which boot of the machine this is."""
    uptime: float
    """Seconds since that boot, suspended ones included."""
    wall: float | None
    """Seconds since 1970; None while nobody vouches for them."""


def moments(clock: Clock) -> Callable[[], Moment]:
    """A reader of this machine's clocks."""
    boot = boot_id()

    def now() -> Moment:
        wall = clock.now().timestamp() if clock.synchronised() else None
        return Moment(boot, time.clock_gettime(time.CLOCK_BOOTTIME), wall)

    return now


def boot_id() -> str:
    """What tells this boot of the machine from every other (random(4)); "" where the kernel does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True)
class Age:
    """The spool's own time, to be kept in its file."""

    seconds: float
    """Since the spool was begun."""
    behind: float
    """Seconds switched off that are not in `seconds` yet."""
    boot: str
    uptime: float
    """When `seconds` was reckoned."""
    wall: float | None
    wall_boot: str
    """The last time of day that could be believed, and the boot it was read in."""
    ran: float
    """Seconds of uptime since then."""

    @property
    def whole(self) -> float:
        """Seconds with all that is to be caught up: what comes now is stamped by it, or it would age with the rest."""
        return self.seconds + self.behind

    def at(self, moment: Moment) -> Age:
        """The same, reckoned up to moment."""
        elapsed = max(0.0, moment.uptime - self.uptime) if moment.boot == self.boot else moment.uptime
        caught_up = min(self.behind, _CATCH_UP * elapsed)
        age = replace(
            self,
            seconds=self.seconds + elapsed + caught_up,
            behind=self.behind - caught_up,
            boot=moment.boot,
            uptime=moment.uptime,
            ran=self.ran + elapsed,
        )
        if moment.wall is None:
            return age
        if self.wall is not None and self.wall_boot != moment.boot:
            age = replace(age, behind=age.behind + max(0.0, moment.wall - self.wall - age.ran))
        return replace(age, wall=moment.wall, wall_boot=moment.boot, ran=0.0)


def begin(moment: Moment) -> Age:
    """The age of a spool that is begun now."""
    return Age(0.0, 0.0, moment.boot, moment.uptime, moment.wall, moment.boot, 0.0)
