"""Observations one by one, and who was seen where. It only reads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from central.store.people_tables import students
from central.store.rollup_tables import sightings
from central.store.store import Store
from central.store.tables import EPOCH, Moment, observations, streams

_AT_ONCE = 2000
"""Rows of one reading: a long one would keep the journal from being emptied."""
_ORDER = (observations.c.observed_at, observations.c.stream_id, observations.c.sequence)
"""Of a student's observations: by time, and without two alike."""


@dataclass(frozen=True)
class Observed:
    """An observation as it came."""

    student_id: str
    classroom: str
    label: str
    observed_at: datetime
    late: bool


@dataclass(frozen=True)
class ObservedPage:
    """Some of a student's observations, the newest first."""

    items: tuple[Observed, ...]
    total: int
    """Of all pages."""
    next: str | None
    """Where the next page begins; None: this is the last."""


@dataclass(frozen=True)
class Sighting:
    """A student by what was observed alone, from the first observation on that is not forgotten."""

    student_id: str
    classrooms: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    observations: int
    """Those since deleted included."""


class Records:
    """Answers about single observations. Everything raises StoreBusyError, StoreError; any thread may ask."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, student_id: str, after: str | None, limit: int) -> ObservedPage:
        """A student's observations. after: `next` of the page before. Raises ValueError when it is none."""
        mine = observations.c.student_id == student_id
        found = _observed(mine).order_by(*(column.desc() for column in _ORDER)).limit(limit + 1)
        if after is not None:
            found = found.where(sa.tuple_(*_ORDER) < _place(after))
        with self._store.reading() as connection:
            rows = connection.execute(found).all()
            total = connection.scalar(sa.select(sa.func.count()).select_from(observations).where(mine)) or 0
        return ObservedPage(tuple(map(_read, rows[:limit])), total, _name(rows[limit - 1]) if rows[limit:] else None)

    def each(self, student_id: str, start: datetime | None = None, end: datetime | None = None) -> Iterator[Observed]:
        """All of a student's observations from start up to end, the oldest first; read a few at a time."""
        chosen = [observations.c.student_id == student_id]
        if start is not None:
            chosen.append(observations.c.observed_at >= start)
        if end is not None:
            chosen.append(observations.c.observed_at < end)
        found = _observed(*chosen).order_by(*_ORDER).limit(_AT_ONCE)
        rest = found
        while True:
            with self._store.reading() as connection:
                rows = connection.execute(rest).all()
            yield from map(_read, rows)
            if len(rows) < _AT_ONCE:
                return
            rest = found.where(sa.tuple_(*_ORDER) > _place(_name(rows[-1])))

    def live_since(self, moment: datetime) -> list[Observed]:
        """What was seen from moment on and arrived at once, the oldest first."""
        found = _observed(observations.c.observed_at >= moment, ~observations.c.late).order_by(*_ORDER)
        with self._store.reading() as connection:
            return list(map(_read, connection.execute(found)))

    def last_seen(self, student_ids: Collection[str]) -> dict[str, datetime]:
        """When they were last seen; without those of whom nothing is known."""
        student_id, newest = sightings.c.student_id, sa.func.max(sightings.c.last_at).label("last_at")
        found = sa.select(student_id, newest).where(student_id.in_(student_ids)).group_by(student_id)
        with self._store.reading() as connection:
            return {row.student_id: row.last_at for row in connection.execute(found)}

    def unknown(self, most: int = 1000) -> list[Sighting]:
        """Students without a profile, those seen last first. most: how many at most."""
        newest = sa.func.max(sightings.c.last_at)
        chosen = (
            sa.select(sightings.c.student_id)
            .where(~sa.exists().where(students.c.student_id == sightings.c.student_id))
            .group_by(sightings.c.student_id)
            .order_by(newest.desc(), sightings.c.student_id)
            .limit(most)
        )
        rows: defaultdict[str, list[Any]] = defaultdict(list)
        with self._store.reading() as connection:
            for row in connection.execute(sa.select(sightings).where(sightings.c.student_id.in_(chosen))):
                rows[row.student_id].append(row)
        found = [_sighting(student_id, rooms) for student_id, rooms in rows.items()]
        return sorted(found, key=lambda one: (EPOCH - one.last_seen, one.student_id))


def _observed(*chosen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(observations, streams.c.classroom)
        .join_from(observations, streams, streams.c.id == observations.c.stream_id)
        .where(*chosen)
    )


def _read(row: Any) -> Observed:
    return Observed(row.student_id, row.classroom, row.emotion, row.observed_at, row.late)


def _name(row: Any) -> str:
    """Where a row stands among those of its student, for `_place`."""
    return f"{(row.observed_at - EPOCH) // timedelta(milliseconds=1)}.{row.stream_id}.{row.sequence}"


def _place(name: str) -> sa.Tuple:
    # With 15 digits it could lie after the year 9999, where the calendar ends.
    parts = re.fullmatch(r"(\d{1,14})\.(\d{1,18})\.(\d{1,18})", name, re.ASCII)
    if parts is None:
        raise ValueError("`after` is none of a page's `next`")
    milliseconds, stream_id, sequence = map(int, parts.groups())
    return sa.tuple_(
        sa.literal(EPOCH + timedelta(milliseconds=milliseconds), Moment), sa.literal(stream_id), sa.literal(sequence)
    )


def _sighting(student_id: str, rows: Collection[Any]) -> Sighting:
    return Sighting(
        student_id,
        tuple(sorted(row.classroom for row in rows)),
        min(row.first_at for row in rows),
        max(row.last_at for row in rows),
        sum(row.observations for row in rows),
    )
