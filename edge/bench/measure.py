"""Runs the pipeline on a room as the daemon would, and takes the figures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.bench.room import Room
from edge.bench.stages import STAGES, Stages
from edge.config import Settings
from edge.errors import ClassPulseError
from edge.loading import Parts
from edge.pipeline import Identifies, Pipeline

NAMING_SECONDS = 2.0
"""From the first frame on in which readings are not counted: nobody is named yet."""


@dataclass(frozen=True)
class Figures:
    """What was measured of one room."""

    room: str
    faces: int
    """Shown."""
    found: float | None
    """By a search for faces, on average; None where no search was needed."""
    frames: int
    frame_ms: tuple[float, float, float]
    """Time of a frame: median, 95th and 99th percentile."""
    frames_per_second: float
    """That this device can hold."""
    cpu_seconds: float
    """Of all cores, for a frame on average."""
    stage_ms: dict[str, float]
    """Median of one call: a search for faces, one embedding, one reading. What was never called is left out."""
    stage_share: dict[str, float]
    """Of a frame's time on average, 0..1."""
    readings: float | None
    """Of the expression of each face shown, in 10 seconds; None without faces."""


@dataclass(frozen=True)
class Look:
    """One frame that was looked at."""

    at: float
    """Seconds on the room's clock."""
    seconds: float
    """That it took."""
    cpu_seconds: float
    readings: int


def measure(
    settings: Settings,
    parts: Parts,
    search: Identifies,
    room: Room,
    tell: Callable[[float], None],
    timer: Callable[[], float] = time.perf_counter,
) -> Figures:
    """Play the room to the daemon's pipeline.

    tell: called with the room's seconds played so far. timer: the clock that work is timed by, seconds. Raises
    ClassPulseError when too few frames could be looked at.
    """
    stages = Stages(parts, search, room.seats, timer)
    pipeline = Pipeline(settings, stages, stages, stages, parts.threshold)
    pipeline.use_gallery(stages)
    looks: list[Look] = []
    for look in _looks(pipeline, stages, room, timer):
        looks.append(look)
        tell(look.at - looks[0].at)
    if len(looks) < 2:
        raise ClassPulseError(f"{room.name}: fewer than two frames could be looked at in time; give more --seconds")
    durations = [look.seconds for look in looks]
    named = [look for look in looks if look.at - looks[0].at >= NAMING_SECONDS]
    readings = None
    if named and room.faces:
        until = named[-1].at + max(room.step, named[-1].seconds)
        readings = 10 * sum(look.readings for look in named) / (until - named[0].at) / room.faces
    return Figures(
        room.name,
        room.faces,
        statistics.fmean(stages.found) if stages.found else None,
        len(looks),
        _percentiles(durations),
        len(looks) / sum(durations),
        statistics.fmean(look.cpu_seconds for look in looks),
        {stage: statistics.median(stages.seconds[stage]) * 1000 for stage in STAGES if stages.seconds[stage]},
        {stage: sum(stages.seconds[stage]) / sum(durations) for stage in STAGES},
        readings,
    )


def _looks(pipeline: Pipeline, stages: Stages, room: Room, timer: Callable[[], float]) -> Iterator[Look]:
    """Look at the newest frame there is whenever the last one is done, as the daemon does."""
    free_at: float | None = None
    for frame in room.frames:
        now = frame.monotonic
        if free_at is None:
            free_at = now
            stages.allocate(frame)
        if now + room.step <= free_at:  # there is a newer one already
            continue
        read, cpu, began = len(stages.seconds["read"]), time.process_time(), timer()
        pipeline.process(frame)
        seconds = timer() - began
        free_at = max(now, free_at) + seconds
        yield Look(now, seconds, time.process_time() - cpu, len(stages.seconds["read"]) - read)


def _percentiles(seconds: list[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000


def peak_memory(process: Path = Path("/proc/self")) -> int | None:
    """Bytes of memory that this process had at most; None where the system does not tell. See proc(5), VmHWM."""
    try:
        lines = (process / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
