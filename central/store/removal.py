"""Takes a student out of the roll-ups again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from central.store.rollup_tables import DAYS, HOURS, MINUTES, SCHOOL, Rollup
from central.store.upserts import sum_of_labels
from edge.records import LABELS


def take_out(connection: sa.Connection, student_id: str, most: int) -> int:
    """Delete rows of a student, and subtract them from those of the classrooms and of the school.

    most: minutes, hours or days at once, of which each has a row for each classroom that the student was in then.
    Returns how many rows were deleted; 0: none were left.
    """
    # Minutes first: as long as they are there, it is known for how many an hour and a day still has anybody.
    for rollup in (MINUTES, HOURS, DAYS):
        table = rollup.students
        mine = table.c.student_id == student_id
        begins = connection.scalars(sa.select(table.c.at).where(mine).distinct().order_by(table.c.at).limit(most)).all()
        if begins:
            chosen = sa.and_(mine, table.c.at <= begins[-1])
            rows = connection.execute(sa.select(table).where(chosen)).all()
            connection.execute(sa.delete(table).where(chosen))
            _subtract(connection, rollup, rows)
            return len(rows)
    return 0


def _subtract(connection: sa.Connection, rollup: Rollup, rows: Iterable[Any]) -> None:
    """Rows of one student, all of those at one time together."""
    places = rollup.classrooms
    has_minutes = rollup is not MINUTES
    columns = [*LABELS, "students", *(["student_minutes"] if has_minutes else [])]
    less: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in rows:
        for classroom in (row.classroom, SCHOOL):
            fresh = dict.fromkeys(columns, 0) | {"students": 1, "classroom": classroom, "at": row.at}
            one = less.setdefault((classroom, row.at), fresh)
            for label in LABELS:
                one[label] += getattr(row, label)
            if has_minutes:
                one["student_minutes"] += row.minutes
    connection.execute(
        sa.update(places)
        .where(*(column == _parameter(column) for column in places.primary_key))
        .values({name: places.c[name] - _parameter(places.c[name]) for name in columns}),
        [{f"less_{name}": value for name, value in one.items()} for one in less.values()],
    )
    classrooms, begins = {classroom for classroom, _ in less}, [at for _, at in less]
    near = sa.and_(places.c.classroom.in_(classrooms), places.c.at.between(min(begins), max(begins)))
    empty = sa.and_(near, sum_of_labels(places) == 0)
    vanished = connection.execute(sa.select(*places.primary_key).where(empty)).all()
    connection.execute(sa.delete(places).where(empty))
    if vanished and not has_minutes:
        minutes = [{"less_classroom": classroom, "less_at": at} for classroom, at in vanished]
        for coarser in (HOURS, DAYS):
            connection.execute(_one_minute_less(coarser.classrooms), minutes)


def _parameter(column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(f"less_{column.name}", type_=column.type)


def _one_minute_less(places: sa.Table) -> sa.Update:
    """Of the hour or day of a classroom that a minute lies in."""
    classroom, minute = map(_parameter, places.primary_key)
    others = places.alias()
    begun = sa.select(sa.func.max(others.c.at)).where(others.c.classroom == classroom, others.c.at <= minute)
    return (
        sa.update(places)
        .where(places.c.classroom == classroom, places.c.at == begun.scalar_subquery())
        .values(minutes=places.c.minutes - 1)
    )
