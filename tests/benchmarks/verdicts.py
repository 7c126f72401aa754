"""What must hold, and whether it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.ours import FULL_ROOM
from tests.benchmarks.pipelines import FOUR
from tests.benchmarks.realtime import Run
from tests.benchmarks.rounds import Ratio, Row, ratio
from tests.benchmarks.sides import (
    EVERY_FACE,
    FACENET,
    MTCNN,
    ORIGINAL_CALL,
    ORIGINAL_PREDICT,
    OURS,
    SAME_MODELS,
    SCHEDULED,
    SCHEDULED_THIRD,
)

VGA = (640, 480)


@dataclass(frozen=True)
class Verdict:
    """One demand."""

    demand: str
    wanted: str
    measured: str
    holds: bool


def of_detectors(rows: Sequence[Row]) -> Iterator[Verdict]:
    """640x480, the same smallest face and as many threads on both sides."""
    for threads, said in ((1, "1 thread"), (0, "all threads")):
        at = {row.side: row for row in rows if (row.width, row.height, row.threads) == (*VGA, threads)}
        for peer, least in ((MTCNN, 8.0), (FACENET, 2.0)):
            if peer in at:
                yield _times(f"detector against {peer}, 640x480, {said}", ratio(at[peer], at[OURS]), least)


def of_pipelines(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Against the original system by wall time, and 30 faces against 4."""
    at = {row.side: row for row in rows if (row.faces, row.width, row.height) == (FOUR.faces, FOUR.width, FOUR.height)}
    for ours, least in ((EVERY_FACE, 30.0), (SAME_MODELS, 5.0), (SCHEDULED, 100.0), (SCHEDULED_THIRD, 100.0)):
        for original in (ORIGINAL_CALL, ORIGINAL_PREDICT):
            if ours in at and original in at:
                yield _times(f"{ours}, against {original}, {FOUR}", ratio(at[original], at[ours]), least)
    full = {row.side: row for row in rows if row.faces == FULL_ROOM.faces}
    for side in (SCHEDULED, SCHEDULED_THIRD):
        if side in at and side in full:
            times = full[side].seconds / at[side].seconds
            yield Verdict(f"{side}: 30 faces against 4, a frame", "at most 2", f"{times:.2f}", times <= 2)


def of_full_room(run: Run) -> Iterator[Verdict]:
    """30 faces at 1280x720, in real time."""
    where = f"{FULL_ROOM} in real time, every = {run.every}"
    readings = 10 * run.readings_per_second / FULL_ROOM.faces
    rate = run.frames / run.seconds
    # The camera gives 15 a second, no more: as many as it gave, to the rounding of the time they took.
    yield Verdict(f"{where}: frames a second", "15", f"{rate:.1f}", rate >= 14.9)
    searches = run.searches_per_second
    yield Verdict(f"{where}: detections a second", "at least 5", f"{searches:.1f}", round(searches, 1) >= 5)
    yield Verdict(f"{where}: readings a student in 10 s", "at least 3", f"{readings:.1f}", readings >= 3)


def _times(demand: str, found: Ratio, least: float) -> Verdict:
    measured = f"{found.median:.1f} ({found.low:.1f} to {found.high:.1f})"
    return Verdict(demand, f"at least {least:g} times faster", measured, found.median >= least)
