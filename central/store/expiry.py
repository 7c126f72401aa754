"""Deletes what is old, a little at a time, and notes what was deleted and what is doubted."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from central.store.kinds import KeptKind
from central.store.rollup_tables import ROLLUPS, SCHOOL, Rollup, sightings
from central.store.store import Store
from central.store.tables import doubts, kept, observations, streams

_LENGTHS: dict[KeptKind, timedelta] = {
    "observation": timedelta(),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(hours=25),
}
"""A row is old when all that it stands for is; the longest day is that on which the clocks are set back."""


class Expiry:
    """What is to be deleted of a store. Everything raises StoreBusyError, StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self, kind: KeptKind) -> datetime | None:
        """When the newest observation was made, or the newest minute, hour or day began; None where there is none."""
        if kind == "observation":
            newest = sa.select(sa.func.max(observations.c.observed_at))
        else:
            table = ROLLUPS[kind].classrooms
            newest = sa.select(sa.func.max(table.c.at)).where(table.c.classroom == SCHOOL)
        with self._store.reading() as connection:
            found: datetime | None = connection.scalar(newest)
            return found

    def delete_before(self, kind: KeptKind, moment: datetime, most: int) -> int:
        """Delete so many rows at most of what is older than moment; returns how many.

        Streams keep their counts: what was received and is deleted is not missing.
        """
        before = moment - _LENGTHS[kind]
        with self._store.writing() as connection:
            deleted = 0
            for table, due in _due(kind, before):
                key = list(table.primary_key)
                chosen = sa.tuple_(*key).in_(sa.select(*key).where(due).limit(most - deleted))
                deleted += connection.execute(sa.delete(table).where(chosen)).rowcount
                if deleted == most:
                    break
            if deleted:
                _note(connection, kind, before)
        return deleted

    def doubt(self, kind: KeptKind, newest: datetime, seconds: float) -> float:
        """Note that the date is doubted for so many seconds more, all up to newest being due; returns how many by now.

        They outlast the process.
        """
        with self._store.writing() as connection:
            connection.execute(sa.delete(doubts).where(doubts.c.kind == kind, doubts.c.newest_at != newest))
            known = connection.scalar(sa.select(doubts.c.seconds).filter_by(kind=kind))
            if known is None:
                connection.execute(sa.insert(doubts), {"kind": kind, "newest_at": newest, "seconds": seconds})
                return seconds
            connection.execute(sa.update(doubts).filter_by(kind=kind).values(seconds=known + seconds))
            return float(known + seconds)

    def trust(self, kind: KeptKind) -> None:
        """Forget the doubt about the date."""
        with self._store.writing() as connection:
            connection.execute(sa.delete(doubts).where(doubts.c.kind == kind))


def _due(kind: KeptKind, before: datetime) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Tables, and which of their rows are to be deleted."""
    if kind == "observation":
        return [(observations, observations.c.observed_at < before)]
    rollup = ROLLUPS[kind]
    # By whom and where: the rows lie in that order, and an index by time would be written with every batch.
    students, classrooms = sa.select(sightings.c.student_id), sa.select(streams.c.classroom)
    places = sa.union(classrooms, sa.select(sa.literal(SCHOOL)))
    due = [
        (rollup.students, sa.and_(rollup.students.c.student_id.in_(students), rollup.students.c.at < before)),
        (rollup.classrooms, sa.and_(rollup.classrooms.c.classroom.in_(places), rollup.classrooms.c.at < before)),
    ]
    if kind == "day":
        due.append((sightings, sa.and_(sightings.c.last_at < before, *map(_without_rows, ROLLUPS.values()))))
    return due


def _without_rows(rollup: Rollup) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(rollup.students.c.student_id == sightings.c.student_id)


def _note(connection: sa.Connection, kind: KeptKind, before: datetime) -> None:
    """Some or all of what was before is deleted."""
    since = connection.scalar(sa.select(kept.c.since).filter_by(kind=kind))
    if since is None:
        connection.execute(sa.insert(kept), {"kind": kind, "since": before})
    elif since < before:
        connection.execute(sa.update(kept).filter_by(kind=kind).values(since=before))
