"""One run: a school of its own, faults one after another by a seed, and the account at its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from tests.brokers import SECONDS
from tests.faults.events import Event, share_out
from tests.faults.ledger import Identity, Ledger
from tests.faults.plan import Fault, plan
from tests.faults.proxy import CALM, Conditions
from tests.faults.school import Saving, School, Source
from tests.faults.tap import Direction, handed_over
from tests.faults.verdict import Account, Kill, Verdict, judge

_LOOK_SECONDS = 0.2
_RECOVERY_SECONDS = 180.0
"""What takes longer is given up on and said: the publisher's backoff grows to 60 s, its patience ends at 20 s."""
_DRAIN_SECONDS = 60.0
_SETTLE_SECONDS = 1.0
"""For what the broker still has on its way to the witnesses when the recorder has everything."""


@dataclass(frozen=True)
class Result:
    """What a run comes to."""

    commit: str | None
    """What was tried."""
    seed: int
    source: Source
    faults: int
    longest: float
    events: list[Event]
    verdict: Verdict
    seconds: float

    def write(self, path: Path) -> None:
        """As JSON; the file is there only when it is whole."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=1) + "\n")
        fresh.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        content = json.loads(path.read_text())
        verdict = content.pop("verdict")
        verdict["lost"] = [tuple(identity) for identity in verdict["lost"]]
        return cls(
            **{**content, "events": [Event(**event) for event in content["events"]], "verdict": Verdict(**verdict)}
        )


def commit_of(path: Path) -> str | None:
    """What the run was of whose result was written to path; None where that does not say."""
    commit: str | None = json.loads(path.read_text()).get("commit")
    return commit


def run(
    folder: Path, seed: int, faults: int, longest: float, source: Source, commit: str | None,
    say: Callable[[str], None],
) -> Result:  # fmt: skip
    """Make the faults of a seed in an empty folder. commit: what is tried; say: told of every fault as it ends."""
    began = time.time()
    saving: Saving = "every change" if seed % 2 else "every 5 s"
    school = School(folder, seed, source, saving)
    ledger = Ledger(school.spool)
    with school:
        play = Play(school, ledger, say)
        school.classroom.start()
        play.wait_for_life()
        for fault in plan(seed, faults, longest):
            play.make(fault)
        play.end()
    line = handed_over(school.proxy.captures, school.key_log)
    verdict = judge(
        Account(ledger.entries, school.recorder.arrivals, school.plain.arrivals, line, play.kills),
        [*play.complaints, *school.recorder.strange],
    )
    forgotten = {(stream, int(sequence)) for stream, sequence in map(str.split, verdict.lost_by_broker)}
    share_out(play.events, ledger.entries, school.recorder.arrivals, set(verdict.lost), forgotten)
    return Result(commit, seed, source, faults, longest, play.events, verdict, time.time() - began)


@dataclass
class Play:
    """A run under way."""

    school: School
    ledger: Ledger
    say: Callable[[str], None]
    events: list[Event] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    patience: float = _RECOVERY_SECONDS
    """Seconds in which a fault must be recovered from."""
    _missing: dict[Identity, float] = field(default_factory=dict)
    """Committed, when, and not arrived yet."""
    _looked_at: int = 0
    _killed_at: float = 0.0

    def wait_for_life(self) -> None:
        assert self._wait_until(lambda: bool(self.school.recorder.arrivals), SECONDS), "nothing ever arrives"

    def make(self, fault: Fault) -> None:
        """Pause, break, mend, and wait for the recovery unless the next fault is not to."""
        overlapping = False
        if fault.overlapping and self.events:
            overlapping = not self._recovered_within(min(fault.pause, 2.0))
        else:
            self.recover()
            self.wait(fault.pause)
        event = Event(fault.kind, time.time(), overlapping)
        self.events.append(event)
        getattr(self, "_" + fault.kind.replace("-", "_"))(fault)
        event.ended = time.time()
        self.say(f"{fault.kind} for {event.ended - event.began:.1f} s")

    def end(self) -> None:
        """Recover, stop as systemd does, and let a daemon without load send what is left."""
        self.recover()
        self._expect_status(b"online", "while it runs")
        if (status := self.school.classroom.stop()) != 0:
            self.complaints.append(f"the daemon stopped with status {status}")
        self._expect_status(b"offline", "after a clean stop")
        self._look()
        if self._missing:
            self.school.classroom.start("--empty")
            self._wait_until(lambda: not self._missing, _DRAIN_SECONDS)
            self.school.classroom.stop()
        if self.school.classroom.deaths:
            self.complaints.append(f"the daemon died by itself {self.school.classroom.deaths} times")
        if self.school.recorder.sessions_forgotten:
            self.complaints.append("the broker forgot the recorder's session: what waited in it is unknown")
        if damaged := list(self.school.spool.parent.glob("*.damaged-*")):
            self.complaints.append(f"a spool was set aside as damaged: {damaged[0].name}")
        time.sleep(_SETTLE_SECONDS)

    def _expect_status(self, wanted: bytes, when: str) -> None:
        if (found := self.school.status(wanted)) != wanted:
            self.complaints.append(f"the retained status {when} is {found!r}")

    def wait(self, seconds: float) -> None:
        """Let time pass, and follow what happens."""
        self._wait_until(lambda: False, seconds)

    def _wait_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not (done := ready()) and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
            self._look()
        return done

    def _look(self) -> None:
        self.school.classroom.look()
        self._missing.update((entry.identity, entry.committed_at) for entry in self.ledger.follow())
        arrivals = self.school.recorder.arrivals
        for arrival in arrivals[self._looked_at : (seen := len(arrivals))]:
            self._missing.pop(arrival.identity, None)
        self._looked_at = seen

    def recover(self) -> None:
        """Wait until the last fault is recovered from; that it never is becomes a complaint."""
        if self.events and not self._recovered_within(self.patience):
            told = f"not recovered from {self.events[-1].kind} within {self.patience:g} s"
            self.complaints.append(told)
            self.say(f"  {told}: {len(self._missing)} observations have not arrived")
            self._missing.clear()  # they shall not hold up the rest; the account at the end shows what is lost

    def _recovered_within(self, seconds: float) -> bool:
        event = self.events[-1]
        if not self._wait_until(lambda: self._whole_since(event.ended), seconds):
            return False
        event.recovered = time.time()
        self.say(f"  recovered {event.recovered - event.ended:.1f} s after {event.kind}")
        return True

    def _whole_since(self, moment: float) -> bool:
        arrivals = self.school.recorder.arrivals
        # Live again: something arrived that was seen after the fault.
        live = any(arrival.live and arrival.observed_at > moment for arrival in reversed(arrivals[-100:]))
        return live and all(committed > moment for committed in self._missing.values())

    def _kill_broker(self) -> None:
        self._killed_at = time.time()
        self.school.broker.kill()

    def _start_broker(self) -> None:
        self.kills.append(Kill(self._killed_at, self.school.broker_saved_at, time.time()))
        self.school.broker.start()

    def _broker_killed(self, fault: Fault) -> None:
        self._kill_broker()
        self.wait(fault.seconds)
        self._start_broker()

    def _network_cut(self, fault: Fault) -> None:
        self._during(Conditions(refuses=True), fault)

    def _half_open(self, fault: Fault) -> None:
        self.school.proxy.strand()
        self._stalled(fault)

    def _stalled(self, fault: Fault) -> None:
        self.school.proxy.hold()
        self.wait(fault.seconds)
        self.school.proxy.release()

    def _daemon_killed(self, fault: Fault) -> None:
        self.school.classroom.kill()
        self.wait(fault.seconds)
        self.school.classroom.start()

    def _both_killed(self, fault: Fault) -> None:
        self._kill_broker()
        self.school.classroom.kill()
        first, second = self._start_broker, self.school.classroom.start
        if fault.choice < 0.5:
            first, second = second, first
        self.wait(fault.seconds / 2)
        first()
        self.wait(fault.seconds / 2)
        second()

    def _corrupted(self, fault: Fault) -> None:
        self._during(Conditions(corrupts=0.2 + 0.8 * fault.choice), fault)

    def _slow(self, fault: Fault) -> None:
        self._during(Conditions(delay=0.05 + fault.choice, bytes_per_second=4000), fault)

    def _half_closed(self, fault: Fault) -> None:
        direction: Direction = "to broker" if fault.choice < 0.5 else "to daemon"
        self.school.proxy.half_close(direction)
        self._during(Conditions(half_closes=direction), fault)

    def _refused(self, fault: Fault) -> None:
        self.school.allow(observations=False)
        self.wait(fault.seconds)
        self.school.allow(observations=True)

    def _during(self, conditions: Conditions, fault: Fault) -> None:
        self.school.proxy.become(conditions)
        if conditions.refuses:
            self.school.proxy.reset()
        self.wait(fault.seconds)
        self.school.proxy.become(CALM)
