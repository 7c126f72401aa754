"""Whether the system clock can be trusted.

A Raspberry Pi has no clock of its own that runs without power: until a time server was heard, its date may be weeks
old. Frames carry monotonic stamps, which never jump; what time of day it is counts only once it is known.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

logger = logging.getLogger(__name__)

SYNCHRONISED_FLAG = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes this file when it has set the clock (systemd-timesyncd.service(8))."""
_MAX_ERROR_MICROSECONDS = 16_000_000
"""The kernel's NTP_PHASE_LIMIT: a clock that nobody disciplines reaches it. `timedatectl` looks at the same, and not
at STA_UNSYNC, which may be set only to keep the kernel's hands off the hardware clock."""


class Clock(Protocol):
    """What time it is, and whether that can be believed."""

    def now(self) -> datetime:
        """Aware, UTC, by the system clock."""
        ...

    def synchronised(self) -> bool:
        """Whether a time server, or a person, vouches for it."""
        ...


class SystemClock:
    """This machine's clock."""

    def __init__(
        self,
        trust: Literal["required", "assumed"],
        *,
        flag: Path = SYNCHRONISED_FLAG,
        max_error: Callable[[], int | None] | None = None,
    ) -> None:
        """trust: `clock.synchronised` of the config. max_error: the kernel's estimate, microseconds; None: unknown."""
        self._flag = flag
        self._max_error = max_error or kernel_max_error
        self._synchronised = trust == "assumed"

    def now(self) -> datetime:
        return datetime.now(UTC)

    def synchronised(self) -> bool:
        """True from the first synchronisation on: an outage of hours moves the clock by less than a second."""
        if not self._synchronised:
            error = self._max_error()
            self._synchronised = self._flag.exists() or (error is not None and error < _MAX_ERROR_MICROSECONDS)
        return self._synchronised


class _Timex(ctypes.Structure):
    """The head of `struct timex` (adjtimex(2)), and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 512),
    )


def kernel_max_error() -> int | None:
    """How wrong the kernel thinks its clock may be, microseconds; None when it does not say."""
    timex = _Timex()  # modes 0: only read, which needs no privilege
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return int(timex.maxerror) if answer >= 0 else None
