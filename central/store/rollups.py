"""Counts new observations into the roll-ups, in the transaction that stores them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa

from central.arrivals import Seen
from central.store.calendar import Calendar
from central.store.rollup_tables import DAYS, HOURS, MINUTES, SCHOOL, Rollup
from central.store.upserts import add_up, sight
from edge.records import LABELS

_Key = tuple[Any, ...]
"""What a row is found by: student, beginning, classroom; or classroom, beginning."""
_Rows = dict[_Key, dict[str, Any]]
"""What is to be added to the row of each key."""


class Rollups:
    """Adds batches to the minutes, hours and days of students, of classrooms and of the school."""

    def __init__(self, dialect: str, zone: tzinfo) -> None:
        """dialect: "sqlite" or "postgresql"; zone: the school's."""
        self._begin = Calendar(zone).begin
        tables = [table for rollup in (MINUTES, HOURS, DAYS) for table in (rollup.students, rollup.classrooms)]
        self._add_up = {table.name: add_up(table, dialect) for table in tables}
        self._sight = sight(dialect)

    def count(self, connection: sa.Connection, new: Sequence[Seen]) -> None:
        """Count observations, of which none was counted before."""
        if not new:
            return
        students = self._by_minute(new)
        fresh, fresh_places = self._add(connection, MINUTES, students, _places(MINUTES, students.values()))
        for rollup in (HOURS, DAYS):
            begins = {at: self._begin(at, rollup.resolution) for _, at, _ in students}
            coarse = _coarser(students, begins, fresh)
            places = _places(rollup, coarse.values())
            for classroom, at in fresh_places:
                places[classroom, begins[at]]["minutes"] += 1
            self._add(connection, rollup, coarse, places)
        connection.execute(self._sight, _sightings(new))

    def _by_minute(self, new: Iterable[Seen]) -> _Rows:
        rows: _Rows = {}
        for one in new:
            key = (one.student_id, self._begin(one.observed_at, "minute"), one.classroom)
            row = rows.get(key)
            if row is None:
                row = rows[key] = _student_row(*key)
            row[one.emotion] += 1
        return rows

    def _add(
        self, connection: sa.Connection, rollup: Rollup, students: _Rows, places: _Rows
    ) -> tuple[list[_Key], list[_Key]]:
        """Add rows of students, and with them those of places; returns the keys of either that are new."""
        fresh = self._write(connection, rollup.students, students)
        for _, at, classroom in fresh:
            places[classroom, at]["students"] += 1
        for _, at in _first_in_school(connection, rollup.students, fresh):
            places[SCHOOL, at]["students"] += 1
        return fresh, self._write(connection, rollup.classrooms, places)

    def _write(self, connection: sa.Connection, table: sa.Table, rows: _Rows) -> list[_Key]:
        """Returns the keys that were not there before."""
        written = connection.execute(self._add_up[table.name], list(rows.values()))
        return [key for *names, total in written if total == _observations(rows[key := tuple(names)])]


def _student_row(student_id: str, at: datetime, classroom: str, **more: int) -> dict[str, Any]:
    return {"student_id": student_id, "at": at, "classroom": classroom} | dict.fromkeys(LABELS, 0) | more


def _observations(row: dict[str, Any]) -> int:
    return sum(row[label] for label in LABELS)


def _add_labels(row: dict[str, Any], other: dict[str, Any]) -> None:
    for label in LABELS:
        row[label] += other[label]


def _coarser(minutes: _Rows, begins: dict[datetime, datetime], fresh: Iterable[_Key]) -> _Rows:
    """Rows of hours or days from those of minutes. begins: of each minute; fresh: those minutes that are new."""
    rows: _Rows = {}
    for (student_id, at, classroom), minute in minutes.items():
        key = (student_id, begins[at], classroom)
        row = rows.get(key)
        if row is None:
            row = rows[key] = _student_row(*key, minutes=0)
        _add_labels(row, minute)
    for student_id, at, classroom in fresh:
        rows[student_id, begins[at], classroom]["minutes"] += 1
    return rows


def _places(rollup: Rollup, students: Iterable[dict[str, Any]]) -> _Rows:
    """Rows of classrooms and of the school, which do not know yet who is new there."""
    columns = [column.name for column in rollup.classrooms.columns if not column.primary_key]
    rows: _Rows = {}
    for student in students:
        for classroom in (student["classroom"], SCHOOL):
            key = (classroom, student["at"])
            row = rows.get(key)
            if row is None:
                row = rows[key] = {"classroom": classroom, "at": student["at"]} | dict.fromkeys(columns, 0)
            _add_labels(row, student)
            if "minutes" in student:
                row["student_minutes"] += student["minutes"]
    return rows


def _first_in_school(connection: sa.Connection, table: sa.Table, fresh: Iterable[_Key]) -> list[tuple[str, datetime]]:
    """Of rows just added, the student and beginning of those that have no other row, of another classroom."""
    added: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for student_id, at, _ in fresh:
        added[at][student_id] += 1
    first: list[tuple[str, datetime]] = []
    # One after the other: for a list of pairs SQLite reads the whole table.
    for at, students in added.items():
        student_id = table.c.student_id
        mine = sa.and_(student_id.in_(students), table.c.at == at)
        present = connection.execute(sa.select(student_id, sa.func.count()).where(mine).group_by(student_id))
        first += [(student, at) for student, rows in present if rows == students[student]]
    return first


def _sightings(new: Iterable[Seen]) -> list[dict[str, Any]]:
    rows: _Rows = {}
    for one in new:
        key = (one.student_id, one.classroom)
        row = rows.get(key)
        if row is None:
            row = rows[key] = {
                "student_id": one.student_id, "classroom": one.classroom,
                "first_at": one.observed_at, "last_at": one.observed_at, "observations": 0,
            }  # fmt: skip
        row["first_at"] = min(row["first_at"], one.observed_at)
        row["last_at"] = max(row["last_at"], one.observed_at)
        row["observations"] += 1
    return list(rows.values())
