"""What was observed over time: of a student, a classroom, a group, the school. It only reads, and only roll-ups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from central.store.calendar import Calendar
from central.store.kinds import KeptKind
from central.store.rollup_tables import HOURS, MINUTES, ROLLUPS, SCHOOL, Resolution, sightings
from central.store.store import Store
from central.store.tables import EPOCH, kept, streams
from edge.records import LABELS

Counts = tuple[int, int, int, int, int]
"""How many observations had which label, in the order of `LABELS`."""
_TREND = timedelta(hours=1)
_TREND_STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Span:
    """From start up to end, which is not part of it; both aware."""

    start: datetime
    end: datetime
    resolution: Resolution


@dataclass(frozen=True)
class Bucket:
    """What was observed in a minute, an hour or a day."""

    at: datetime
    """Its beginning."""
    counts: Counts
    students: int
    """How many different ones."""
    coverage: float | None
    """0..1. Of the minutes in which anybody was observed where the student was, the part in which the student was; of
    several: the mean. None of a minute: it would always be 1."""

    @property
    def observations(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Timeline:
    """Buckets without an observation are left out."""

    start: datetime
    """Of the first bucket there could be: the beginning of the one that the span begins in."""
    end: datetime
    resolution: Resolution
    kept_since: datetime | None
    """Of what was before, some or all is deleted at this resolution; None: nothing was."""
    hidden: bool
    """Whether buckets of too few students were left out."""
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True)
class PatternCell:
    """One hour of one weekday by the school's clock, over all weeks."""

    weekday: int
    """0: Monday."""
    hour: int
    counts: Counts


class History:
    """Answers about the past. Everything raises StoreBusyError, StoreError; any thread may ask."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        """zone: the school's."""
        self._store, self._calendar = store, Calendar(zone)

    def student(self, student_id: str, span: Span) -> Timeline:
        """A student, wherever they were."""
        table = ROLLUPS[span.resolution].students
        return self._timeline(span, _of_students(span.resolution, table.c.student_id == student_id))

    def classroom(self, classroom: str, span: Span, students: Collection[str] | None = None) -> Timeline:
        """A classroom. students: only these are counted; None: everybody."""
        if students is None:
            return self._timeline(span, _of_place(span.resolution, classroom))
        table = ROLLUPS[span.resolution].students
        # Most of a teacher's students were never in the room: their rows need not be looked at.
        been_there = sa.and_(sightings.c.student_id.in_(students), sightings.c.classroom == classroom)
        there = table.c.student_id.in_(sa.select(sightings.c.student_id).where(been_there))
        chosen = sa.and_(there, table.c.classroom == classroom)
        return self._timeline(span, _of_students(span.resolution, chosen))

    def group(self, students: Collection[str], span: Span, smallest: int) -> Timeline:
        """Students, wherever they were. smallest: buckets with fewer different ones are left out."""
        table = ROLLUPS[span.resolution].students
        return self._timeline(span, _of_students(span.resolution, table.c.student_id.in_(students)), smallest)

    def school(self, span: Span) -> Timeline:
        """Everybody; whoever was in two classrooms is one student."""
        return self._timeline(span, _of_place(span.resolution, SCHOOL))

    def trends(self, now: datetime, students: Collection[str] | None = None) -> dict[str, tuple[Counts, ...]]:
        """The last hour of each classroom in twelve buckets of five minutes, the oldest first, the last one up to now.

        students: only these are counted; None: everybody. A classroom without an observation has no entry.
        """
        end = EPOCH + ((now - EPOCH) // _TREND_STEP + 1) * _TREND_STEP
        if students is None:
            table = MINUTES.classrooms
            chosen = table.c.classroom.in_(sa.select(streams.c.classroom))
        else:
            table = MINUTES.students
            chosen = table.c.student_id.in_(students)
        # A step of the clock, counted since 1970; in the text of the statement, as it stands there twice.
        step = sa.literal_column(str(_TREND_STEP // timedelta(milliseconds=1)), sa.BigInteger)
        number = (sa.type_coerce(table.c.at, sa.BigInteger) // step).label("number")
        found = (
            sa.select(table.c.classroom, number, *_sums(table))
            .where(chosen, table.c.at >= end - _TREND, table.c.at < end)
            .group_by(table.c.classroom, number)
        )
        first = (end - _TREND - EPOCH) // _TREND_STEP
        trends: defaultdict[str, list[Counts]] = defaultdict(lambda: [(0, 0, 0, 0, 0)] * (_TREND // _TREND_STEP))
        with self._store.reading() as connection:
            for classroom, number_of_step, *counts in connection.execute(found):
                trends[classroom][number_of_step - first] = _counts(counts)
        return {classroom: tuple(trend) for classroom, trend in trends.items()}

    def pattern(self, student_id: str, start: datetime, end: datetime) -> list[PatternCell]:
        """When in the week a student had which labels, by the hours that begin from start up to end."""
        table = HOURS.students
        found = sa.select(table.c.at, *_labels(table)).where(*_begin_within(table, student_id, start, end))
        cells: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * len(LABELS))
        with self._store.reading() as connection:
            for at, *counts in connection.execute(found):
                cell = cells[self._calendar.weekday_and_hour(at)]
                cell[:] = map(int.__add__, cell, counts)
        return [PatternCell(weekday, hour, _counts(counts)) for (weekday, hour), counts in sorted(cells.items())]

    def counts(self, student_id: str, start: datetime, end: datetime) -> Counts:
        """What was observed of a student in the hours that begin from start up to end."""
        table = HOURS.students
        found = sa.select(*_sums(table)).where(*_begin_within(table, student_id, start, end))
        with self._store.reading() as connection:
            return _counts([count or 0 for count in connection.execute(found).one()])

    def kept_since(self, kind: KeptKind) -> datetime | None:
        """Of what was before, some or all is deleted; None: nothing was."""
        with self._store.reading() as connection:
            return _kept_since(connection, kind)

    def _timeline(self, span: Span, found: sa.Select[Any], smallest: int = 1) -> Timeline:
        """found: at, the sums of the labels, students, minutes that they were seen for and could have been."""
        start = self._calendar.begin(span.start, span.resolution)
        at = found.selected_columns.at
        within = found.where(at >= start, at < span.end).order_by(at)
        with self._store.reading() as connection:
            rows = connection.execute(within).all()
            since = _kept_since(connection, span.resolution)
        buckets = tuple(_bucket(row) for row in rows if row.students >= smallest)
        return Timeline(start, span.end, span.resolution, since, len(buckets) < len(rows), buckets)


def _of_students(resolution: Resolution, chosen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The rows of students, summed over all of them."""
    rollup = ROLLUPS[resolution]
    table, places = rollup.students, rollup.classrooms
    students = sa.func.count(table.c.student_id.distinct()).label("students")
    found = sa.select(table.c.at, *_sums(table), students).where(chosen).group_by(table.c.at)
    if rollup is MINUTES:
        return found.add_columns(*_no_minutes())
    together = sa.and_(places.c.classroom == table.c.classroom, places.c.at == table.c.at)
    seen, possible = sa.func.sum(table.c.minutes).label("seen"), sa.func.sum(places.c.minutes).label("possible")
    return found.add_columns(seen, possible).join_from(table, places, together)


def _of_place(resolution: Resolution, classroom: str) -> sa.Select[Any]:
    """The rows of a classroom, or of the school."""
    rollup = ROLLUPS[resolution]
    table = rollup.classrooms
    found = sa.select(table.c.at, *_labels(table), table.c.students).where(table.c.classroom == classroom)
    if rollup is MINUTES:
        return found.add_columns(*_no_minutes())
    possible = table.c.minutes * table.c.students
    return found.add_columns(table.c.student_minutes.label("seen"), possible.label("possible"))


def _no_minutes() -> tuple[sa.Label[None], sa.Label[None]]:
    return sa.null().label("seen"), sa.null().label("possible")


def _labels(table: sa.Table) -> list[sa.Column[int]]:
    return [table.c[label] for label in LABELS]


def _sums(table: sa.Table) -> list[sa.Label[int]]:
    return [sa.func.sum(table.c[label]).label(label) for label in LABELS]


def _begin_within(
    table: sa.Table, student_id: str, start: datetime, end: datetime
) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.student_id == student_id, table.c.at >= start, table.c.at < end


def _kept_since(connection: sa.Connection, kind: KeptKind) -> datetime | None:
    since: datetime | None = connection.scalar(sa.select(kept.c.since).filter_by(kind=kind))
    return since


def _counts(counts: Collection[int]) -> Counts:
    angry, happy, neutral, sad, tired = counts
    return angry, happy, neutral, sad, tired


def _bucket(row: Any) -> Bucket:
    # Whoever is in two rooms within one minute is counted in both.
    coverage = None if row.possible is None else min(1.0, row.seen / row.possible)
    return Bucket(row.at, _counts([getattr(row, label) for label in LABELS]), row.students, coverage)
