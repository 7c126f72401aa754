"""Judges what was published of a clip by when somebody yawned in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.yawning.spans import Span, seconds_outside
from tests.yawning.watching import Reading, Watched


@dataclass(frozen=True)
class Run:
    """Readings of one face in a row that were likeliest tired."""

    student: str
    span: Span
    count: int
    surest: float
    """The highest probability of tired among them, 0..1."""

    def __str__(self) -> str:
        return f"{self.student} {self.span} ({self.count} readings, up to {self.surest:.2f})"


@dataclass(frozen=True)
class Verdict:
    """What was published, beside what the eye saw."""

    yawns: tuple[tuple[Span, bool], ...]
    """Each yawn, and whether an interval that was published as tired touches it."""
    seconds_tired: float
    """Of the intervals published as tired."""
    seconds_outside: float
    """Of those, in which nobody yawned: an interval is longer than what it stands for."""
    false_reports: int
    """Intervals published as tired in which nobody yawned at all."""

    @property
    def passed(self) -> bool:
        """Every yawn was reported, and nothing else was."""
        return self.false_reports == 0 and all(said for _, said in self.yawns)


def judge(watched: Watched, yawns: Sequence[Span]) -> Verdict:
    """yawns: what the eye saw, in order and apart from each other."""
    tired = [report.span for report in watched.tired_reports]
    return Verdict(
        tuple((yawn, any(span.shared(yawn) > 0 for span in tired)) for yawn in yawns),
        math.fsum(span.seconds for span in tired),
        seconds_outside(tired, yawns),
        sum(not any(span.shared(yawn) > 0 for yawn in yawns) for span in tired),
    )


def tired_runs(readings: Sequence[Reading]) -> list[Run]:
    """The runs among readings, which are in order of time."""
    runs = []
    for student in sorted({reading.student for reading in readings}):
        run: list[Reading] = []
        for reading in [*(each for each in readings if each.student == student), None]:
            if reading is not None and reading.called_tired():
                run.append(reading)
            elif run:
                runs.append(Run(student, Span(run[0].at, run[-1].at), len(run), max(each.tired for each in run)))
                run = []
    return runs


def unreported(watched: Watched) -> list[Reading]:
    """The readings, taken and likeliest tired, of intervals that were not published as tired."""
    return [
        reading
        for reading in watched.taken
        if reading.called_tired()
        and not any(
            report.student == reading.student and report.span.begin < reading.at <= report.span.end
            for report in watched.tired_reports
        )
    ]
