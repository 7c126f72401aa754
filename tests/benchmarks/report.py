"""The figures as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.floor import Floor
from tests.benchmarks.realtime import Run
from tests.benchmarks.rounds import Row, ratio
from tests.benchmarks.sides import OURS, SCHEDULED
from tests.benchmarks.verdicts import Verdict


@dataclass
class Results:
    """All that one run measured."""

    machine: dict[str, str]
    detectors: list[Row] = field(default_factory=list)
    pipelines: list[Row] = field(default_factory=list)
    real_time: list[Run] = field(default_factory=list)
    gemm: dict[str, dict[str, float]] = field(default_factory=dict)
    """Multiply-adds a second, see `gemm`."""
    floors: list[Floor] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Sides that could not run, and why."""


def markdown(results: Results, chart: str | None) -> str:
    """chart: the name of the picture beside the file; None: there is none."""
    machine = "; ".join(f"{key} {value}" for key, value in results.machine.items())
    parts = [f"# Benchmarks\n\nWritten by `make bench`, in one run, on {machine}."]
    parts.append(
        "Sides take turns on the same frames, each in a process of its own. A ratio is the median over the rounds, "
        "with the lowest and the highest. Milliseconds are wall time from when a frame is taken up to when everything "
        "that follows from it is known; CPU is the processor time of all threads."
    )
    if chart:
        parts.append(f"![Time a frame, by side, by faces and by frame size]({chart})")
    sections = (
        ("What must hold", _verdicts(results.verdicts)),
        ("Detectors", _detectors(results.detectors)),
        ("From a frame to readings", _pipelines(results.pipelines)),
        ("In real time", _real_time(results.real_time)),
        ("The floor", _floors(results)),
    )
    for title, lines in sections:
        body = "\n".join(lines)
        if body:
            parts.append(f"## {title}\n\n{body}")
    if results.missing:
        parts.append("Could not run here:\n\n" + "\n".join(f"- {reason}" for reason in results.missing))
    return "\n\n".join(parts) + "\n"


def _table(header: str, rows: Sequence[str]) -> Iterator[str]:
    if rows:
        yield f"| {header} |"
        yield "|" + "---|" * (header.count("|") + 1)
        yield from (f"| {row} |" for row in rows)


def _verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield from _table(
        "demand | wanted | measured | holds",
        [f"{v.demand} | {v.wanted} | {v.measured} | {'yes' if v.holds else '**no**'}" for v in verdicts],
    )


def _detectors(rows: Sequence[Row]) -> Iterator[str]:
    if rows:
        yield "Frames of the demo's clip, which shows four people; every side looks for faces from 20 px.\n"
    yield from _table(
        "frame | threads | detector | ms, p50 | p95 | CPU ms | faces found | time over ours | peak MB",
        [
            f"{row.width}x{row.height} | {row.threads or 'all'} | {row.side} | {row.p50:.1f} | {row.p95:.1f} | "
            f"{row.cpu_milliseconds:.1f} | {row.found:.1f} | {_over(row, rows, OURS)} | {row.peak_memory / 1e6:.0f}"
            for row in rows
        ],
    )


def _pipelines(rows: Sequence[Row]) -> Iterator[str]:
    if rows:
        yield (
            "Faces of 72 px, all of enrolled students. `as scheduled` is the daemon's pipeline at its defaults, and "
            "with a search for faces in every third frame; `every face` finds, identifies and reads every face of "
            "every frame, as the original system does. Readings are those of one student in 10 s, at a camera of 15 "
            "frames a second.\n"
        )
    yield from _table(
        "room | side | frames a second | ms, p50 | p95 | p99 | of frames | CPU ms | faces found | readings "
        "| time over ours | peak MB",
        [
            f"{row.faces} at {row.width}x{row.height} | {row.side} | {1 / row.seconds:.1f} | {row.p50:.1f} | "
            f"{row.p95:.1f} | {row.p99:.1f} | {row.frames} | {row.cpu_milliseconds:.1f} | "
            f"{row.found:.1f} | {_readings(row)} | {_over(row, rows, SCHEDULED)} | {row.peak_memory / 1e6:.0f}"
            for row in rows
        ],
    )


def _readings(row: Row) -> str:
    return f"{10 * row.readings_per_second / row.faces:.1f}" if row.faces else "-"


def _over(row: Row, rows: Sequence[Row], reference: str) -> str:
    """How many times as long as the reference takes, with the same frames and threads."""
    same = (row.faces, row.width, row.height, row.threads)
    ours = [r for r in rows if r.side == reference and (r.faces, r.width, r.height, r.threads) == same]
    if not ours:
        return "-"
    found = ratio(row, ours[0])
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def _real_time(runs: Sequence[Run]) -> Iterator[str]:
    if runs:
        yield (
            "A camera of 15 frames a second, capture thread, pipeline, spool; ms from capture to spool. A search looks "
            "at a share of the tracked faces: `looks` are those at each of them in a second.\n"
        )
    yield from _table(
        "faces | `detector.every` | frames a second | ms, p50 | p95 | p99 | CPU ms a frame | searches a second "
        "| looks | readings a student in 10 s | known | observations | peak MB",
        [
            f"{run.faces} | {run.every} | {run.frames / run.seconds:.1f} | {run.p50:.1f} | {run.p95:.1f} | "
            f"{run.p99:.1f} | {run.cpu_milliseconds:.1f} | {run.searches_per_second:.1f} | "
            f"{run.found_per_second / max(run.faces, 1):.1f} | "
            f"{10 * run.readings_per_second / max(run.faces, 1):.1f} | {run.named} | {run.observations} | "
            f"{run.peak_memory / 1e6:.0f}"
            for run in runs
        ],
    )


def _floors(results: Results) -> Iterator[str]:
    if results.gemm:
        said = ", ".join(
            f"{number}: {rate['1'] / 1e9:.0f} with one thread, {rate['all'] / 1e9:.0f} with all"
            for number, rate in results.gemm.items()
        )
        yield (
            f"A large matrix product in LiteRT, 10^9 multiply-adds a second: {said}. The floor is the time that a "
            "frame's multiply-adds alone would take at the better of these rates.\n"
        )
    yield from _table(
        "room | side | 10^6 multiply-adds a frame | floor, ms | times the floor",
        [
            f"{floor.faces} at {floor.width}x{floor.height} | {floor.side} | {_macs(floor.macs)} | "
            f"{floor.milliseconds:.2f} | {floor.distance:.1f}"
            for floor in results.floors
        ],
    )


def _macs(macs: dict[str, float]) -> str:
    parts = ", ".join(f"{name} {count / 1e6:.1f}" for name, count in sorted(macs.items(), key=lambda item: -item[1]))
    return f"{sum(macs.values()) / 1e6:.0f}: {parts}"
