"""A day without a broker in fast motion: a full spool is drained while the room is seen."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.config import SpoolSettings
from edge.records import LABELS, Observation
from edge.spool import Spool
from tests.faults.classroom import STUDENTS, student_id
from tests.faults.school import School
from tests.faults.verdict import payload
from tests.faults.witnesses import Arrival, Plain

MOST_MEGABYTES = 100.0
LEAST_RATE = 2000.0
"""Observations a second."""
LIVE_SECONDS = 2.0
"""From being seen to being received, while the backlog drains: of 95 in 100, for what else runs on the machine may hold
up a few."""
JUDGED_FROM = 500_000
"""Observations that a drain is judged by its speed from: a day's; a short one says more of the start."""
_BATCH = 3000
_PATIENCE_SECONDS = 60.0
"""Without one more arrival."""


@dataclass(frozen=True)
class Outage:
    """What the drain comes to."""

    observations: int
    megabytes: float
    """Of the spool's file and its journal."""
    seconds: float
    """From the first late arrival to the last."""
    rate: float
    """Late observations a second."""
    live: int
    """Observations seen in that time, and received by a subscriber of `observation`."""
    live_p50_seconds: float
    live_p95_seconds: float
    live_longest_seconds: float
    both_p95_seconds: float
    """The same observations at the recorder, which takes the backlog on the same connection: behind what the broker
    holds for it while it is slower than the daemon."""
    doubled: int
    daemon_seconds: float
    """Of processor time, start included."""
    load: float
    """Load average of the machine at the end: what else ran there counts."""
    live_in_all: int = 0
    """Observations of the whole run that came live: a short backlog is gone before anything is reported."""
    failures: list[str] = field(default_factory=list)
    """What got lost or out of order, and of a drain that is `judged` what was too slow or too large."""

    @property
    def judged(self) -> bool:
        """Whether speed and size count, not only what arrived."""
        return self.observations >= JUDGED_FROM

    @property
    def small_enough(self) -> bool:
        return self.megabytes < MOST_MEGABYTES

    @property
    def fast_enough(self) -> bool:
        return self.rate >= LEAST_RATE

    @property
    def live_enough(self) -> bool:
        """False too where nothing live was received."""
        return self.live_p95_seconds <= LIVE_SECONDS

    def shortfalls(self) -> Iterator[str]:
        """What a drain that is judged missed."""
        if not self.judged:
            return
        if not self.small_enough:
            yield f"the spool took {self.megabytes:.1f} MB; wanted are less than {MOST_MEGABYTES:.0f}"
        if not self.fast_enough:
            yield f"the backlog drained at {self.rate:.0f} a second; wanted are {LEAST_RATE:.0f}"
        if not self.live_enough:
            yield f"live observations took {self.live_p95_seconds:.2f} s (p95); wanted are {LIVE_SECONDS:.0f} s"


def outage(folder: Path, seed: int, count: int) -> Outage:
    """Fill a spool with count observations of the last day, and let the daemon drain it to a real broker."""
    school = School(folder, seed, direct=True)
    _fill(school.spool, count)
    megabytes = sum(path.stat().st_size for path in folder.glob("spool.db*")) / 1e6
    with school:
        school.classroom.start()
        _wait_for_all(school, count)
        used = school.classroom.processor_seconds()
        school.classroom.stop()
        _wait_for_the_last(school)
        arrivals = list(school.recorder.arrivals)
    late = [arrival for arrival in arrivals if not arrival.live]
    seconds = late[-1].at - late[0].at
    # Nothing breaks here: both subscribers get the same observations in the same order.
    live = [arrival for arrival in arrivals if arrival.live]
    seen = [arrival.observed_at for arrival in live if arrival.at <= late[-1].at]
    waits = [got.at - at for got, at in zip(school.plain.arrivals, seen, strict=False)]
    cuts = _twentieths(waits)
    both = _twentieths([arrival.at - arrival.observed_at for arrival in live[: len(seen)]])
    distinct = {arrival.identity for arrival in arrivals}
    drained = Outage(
        count, megabytes, seconds, len(late) / seconds, len(waits), cuts[9], cuts[18], max(waits, default=math.nan),
        both[18], len(arrivals) - len(distinct), used, os.getloadavg()[0],
        len(live), list(_failures(arrivals, school.plain.arrivals, count)),
    )  # fmt: skip
    return replace(drained, failures=[*drained.failures, *drained.shortfalls()])


def _twentieths(waits: list[float]) -> list[float]:
    return statistics.quantiles(waits, n=20, method="inclusive") if len(waits) > 1 else [math.nan] * 19


def _fill(path: Path, count: int) -> None:
    began = datetime.now(UTC) - timedelta(days=1)
    step = timedelta(days=1) / count
    with Spool(SpoolSettings(path=path)) as spool:
        for first in range(0, count, _BATCH):
            spool.put(
                Observation(student_id(number % STUDENTS), LABELS[number % len(LABELS)], began + number * step)
                for number in range(first, min(first + _BATCH, count))
            )
            assert spool.flush(_PATIENCE_SECONDS), "the disk does not answer"


def _wait_for_all(school: School, count: int) -> None:
    """Until the backlog and something live have arrived, or nothing has for long."""
    seen, since = 0, time.monotonic()
    while time.monotonic() - since < _PATIENCE_SECONDS:
        arrivals = school.recorder.arrivals
        if len(arrivals) > count and count <= sum(not arrival.live for arrival in arrivals) < len(arrivals):
            return
        if len(arrivals) > seen:
            seen, since = len(arrivals), time.monotonic()
        time.sleep(0.2)


def _wait_for_the_last(school: School) -> None:
    """Until both subscribers have what the broker still had for them when the daemon had gone."""
    school.recorder.offline.wait(_PATIENCE_SECONDS)
    until = time.monotonic() + _PATIENCE_SECONDS
    live = sum(arrival.live for arrival in school.recorder.arrivals)
    while len(school.plain.arrivals) < live and time.monotonic() < until:
        time.sleep(0.1)


def _failures(arrivals: list[Arrival], plain: list[Plain], count: int) -> Iterator[str]:
    live = [payload(arrival.student_id, arrival.emotion) for arrival in arrivals if arrival.live]
    if [got.payload for got in plain] != live:
        yield "the two subscribers did not get the same live observations"
    sequences = [arrival.sequence for arrival in arrivals if not arrival.live and arrival.sequence <= count]
    if missing := count - len(set(sequences)):
        yield f"{missing} of {count} observations of the outage did not arrive"
    if sorted(set(sequences)) != list(dict.fromkeys(sequences)):
        yield "the backlog did not arrive in order"
