"""Sides take turns on the same frames, and are compared within each round.

A shared machine's speed drifts: milliseconds of different minutes cannot be compared, ratios within a round can.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.process import SideProcess, Turn
from tests.benchmarks.sides import SIDES

TURN_SECONDS = 1.0
"""Aimed-at length of a turn."""
MOST_FRAMES = 30
"""In a turn."""
PAUSE_SECONDS = 0.25
"""Between turns: OpenMP and XNNPACK keep threads spinning for more work, and those must not cost the next side."""


@dataclass(frozen=True)
class Row:
    """What one side did with one room's frames."""

    side: str
    threads: int
    """0: all."""
    faces: int
    """In each frame."""
    width: int
    height: int
    turn_seconds: list[float]
    """Wall time of a frame, mean of each turn: the rounds to compare."""
    frames: int
    """Timed."""
    p50: float
    p95: float
    p99: float
    """Milliseconds from when a frame is taken up to when everything that follows from it is known."""
    cpu_milliseconds: float
    """Processor time of a frame, all threads, median of the turns' means."""
    found: float
    """Faces a frame."""
    readings_per_second: float
    """Of the camera's time, all faces."""
    searches_per_second: float
    peak_memory: int
    """Of the side's process so far, resident, bytes."""

    @property
    def seconds(self) -> float:
        """Wall time of a frame: the median of the turns' means."""
        return float(np.median(self.turn_seconds))


@dataclass(frozen=True)
class Ratio:
    """How many times as long one side takes for a frame as another, over the rounds."""

    median: float
    low: float
    high: float
    """The lowest and the highest round."""


def ratio(slower: Row, faster: Row) -> Ratio:
    """By wall time, round by round: both rows must come from one call of `take_turns`, or from equally many rounds."""
    rounds = [a / b for a, b in zip(slower.turn_seconds, faster.turn_seconds, strict=True)]
    return Ratio(float(np.median(rounds)), min(rounds), max(rounds))


def take_turns(
    sides: Sequence[SideProcess], frames: Sequence[str], rounds: int, *, faces: int, size: tuple[int, int]
) -> list[Row]:
    """Each side looks at the same frames, in a loop, `rounds` times in turn.

    faces, size: how many there are in a frame, and its width and height. Raises SideError when one fails.
    """
    lengths = []
    for side in sides:
        side.look([frames[i % len(frames)] for i in range(SIDES[side.name].warm_frames)])
        lengths.append(max(1, min(MOST_FRAMES, round(TURN_SECONDS / side.look(frames[:1]).mean))))
    turns: list[list[Turn]] = [[] for _ in sides]
    for number in range(rounds):
        # Whoever comes second finds caches and clock rate as the first left them: begin with another each time.
        for i in np.roll(np.arange(len(sides)), -number).tolist():
            chosen = [frames[(number + k) % len(frames)] for k in range(lengths[i])]
            time.sleep(PAUSE_SECONDS)
            turns[i].append(sides[i].look(chosen))
    return [_row(side, done, faces, size) for side, done in zip(sides, turns, strict=True)]


def _row(side: SideProcess, turns: list[Turn], faces: int, size: tuple[int, int]) -> Row:
    seconds = [second for turn in turns for second in turn.seconds]
    seen = [each for turn in turns for each in turn.seen]
    clock = sum(turn.clock for turn in turns)
    p50, p95, p99 = (float(value) * 1e3 for value in np.percentile(seconds, (50, 95, 99)))
    return Row(
        side.name,
        side.threads,
        faces,
        *size,
        turn_seconds=[turn.mean for turn in turns],
        frames=len(seconds),
        p50=p50,
        p95=p95,
        p99=p99,
        cpu_milliseconds=float(np.median([np.mean(turn.cpu) for turn in turns])) * 1e3,
        found=float(np.mean([each.faces for each in seen])),
        readings_per_second=sum(each.readings for each in seen) / clock,
        searches_per_second=sum(each.searches for each in seen) / clock,
        peak_memory=side.peak_memory,
    )
