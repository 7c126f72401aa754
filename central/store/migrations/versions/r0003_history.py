"""Roll-ups by the minute, hour and day, filled from the observations that are there; doubts by what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LABELS = ("angry", "happy", "neutral", "sad", "tired")
_SCHOOL = ""
_MINUTE = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    _make_tables()
    connection, zone = op.get_bind(), context.config.attributes["zone"]
    # One classroom after the other: what is grouped is sorted, and of a year that is many gigabytes.
    for (classroom,) in connection.execute(sa.select(_streams.c.classroom).distinct()).all():
        _roll_up_minutes(connection, classroom)
    begins = _make_begins(connection, zone)
    for name in ("hours", "days"):
        _roll_up(connection, name, begins.c[name])
    op.drop_table(begins.name)


def _make_tables() -> None:
    op.create_index("ix_observations_student_id_observed_at", "observations", ["student_id", "observed_at"])
    _make_students("minutes")
    _make_classrooms("minutes")
    for name in ("hours", "days"):
        _make_students(name, "minutes")
        _make_classrooms(name, "minutes", "student_minutes")
    op.create_table(
        "sightings",
        sa.Column("student_id", sa.String(63), nullable=False),
        sa.Column("classroom", sa.String(63), nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("observations", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("student_id", "classroom", name="pk_sightings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "kept",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_kept"),
    )
    op.drop_table("doubts")  # a doubt begins anew
    op.create_table(
        "doubts",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("newest_at", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_doubts"),
    )


def _make_students(name: str, *more: str) -> None:
    op.create_table(
        f"student_{name}",
        sa.Column("student_id", sa.String(63), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("classroom", sa.String(63), nullable=False),
        *(sa.Column(column, sa.Integer, nullable=False) for column in (*_LABELS, *more)),
        sa.PrimaryKeyConstraint("student_id", "at", "classroom", name=f"pk_student_{name}"),
        sqlite_with_rowid=False,
    )


def _make_classrooms(name: str, *more: str) -> None:
    op.create_table(
        f"classroom_{name}",
        sa.Column("classroom", sa.String(63), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(column, sa.Integer, nullable=False) for column in (*_LABELS, "students", *more)),
        sa.PrimaryKeyConstraint("classroom", "at", name=f"pk_classroom_{name}"),
        sqlite_with_rowid=False,
    )


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns))


_streams = _table("streams", "id", "classroom")
_observations = _table("observations", "stream_id", "student_id", "emotion", "observed_at")
_sightings = _table("sightings", "student_id", "classroom", "first_at", "last_at", "observations")
_student_minutes = _table("student_minutes", "student_id", "at", "classroom", *_LABELS)
_classroom_minutes = _table("classroom_minutes", "classroom", "at", *_LABELS, "students")


def _fill(connection: sa.Connection, table: sa.TableClause, found: sa.Select[Any]) -> None:
    connection.execute(sa.insert(table).from_select([column.name for column in table.columns], found))


def _sums(table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    return [sa.func.sum(table.c[label]) for label in _LABELS]


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal(value, sa.String)


def _roll_up_minutes(connection: sa.Connection, classroom: str) -> None:
    """The observations of a classroom, by the minute."""
    student, observed = _observations.c.student_id, _observations.c.observed_at
    here = sa.select(_streams.c.id).where(_streams.c.classroom == classroom)
    minute = (observed - observed % _MINUTE).label("at")
    counts = [sa.func.sum(sa.case((_observations.c.emotion == label, 1), else_=0)) for label in _LABELS]
    of_here = _observations.c.stream_id.in_(here)
    _fill(connection, _student_minutes,
          sa.select(student, minute, _text(classroom), *counts).where(of_here).group_by(student, minute))  # fmt: skip
    ends = (sa.func.min(observed), sa.func.max(observed), sa.func.count())
    _fill(connection, _sightings,
          sa.select(student, _text(classroom), *ends).where(of_here).group_by(student))  # fmt: skip


def _make_begins(connection: sa.Connection, zone: tzinfo) -> sa.TableClause:
    """A table of where the hour and day of each minute with an observation begin; and the sums of those minutes."""
    minutes = _student_minutes
    _fill(connection, _classroom_minutes,
          sa.select(minutes.c.classroom, minutes.c.at, *_sums(minutes), sa.func.count())
          .group_by(minutes.c.classroom, minutes.c.at))  # fmt: skip
    _fill(connection, _classroom_minutes,
          sa.select(_text(_SCHOOL), minutes.c.at, *_sums(minutes), sa.func.count(minutes.c.student_id.distinct()))
          .group_by(minutes.c.at))  # fmt: skip
    op.create_table(
        "begins",
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hours", sa.BigInteger, nullable=False),
        sa.Column("days", sa.BigInteger, nullable=False),
    )
    begins = _table("begins", "at", "hours", "days")
    of_school = _classroom_minutes.c.classroom == _SCHOOL
    found: Sequence[int] = connection.scalars(sa.select(_classroom_minutes.c.at).where(of_school)).all()
    if found:
        connection.execute(sa.insert(begins), [{"at": at} | _begins(at, zone) for at in found])
    return begins


def _begins(at: int, zone: tzinfo) -> dict[str, int]:
    """As `central.store.calendar` has them when this was written."""
    moment = _EPOCH + timedelta(milliseconds=at)
    local = moment.astimezone(zone)
    hour = moment - timedelta(minutes=local.minute, seconds=local.second)
    while hour.astimezone(zone).utcoffset() != local.utcoffset():
        hour += timedelta(minutes=1)
    day = datetime.combine(local.date(), time(), zone)
    return {"hours": _milliseconds(hour), "days": _milliseconds(day)}


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _roll_up(connection: sa.Connection, name: str, begin: sa.ColumnElement[Any]) -> None:
    """The minutes into hours or days. begin: the column that has their beginning."""
    students = _table(f"student_{name}", "student_id", "at", "classroom", *_LABELS, "minutes")
    classrooms = _table(f"classroom_{name}", "classroom", "at", *_LABELS, "students", "minutes", "student_minutes")
    minutes, places, begins = _student_minutes, _classroom_minutes, begin.table
    key = (minutes.c.student_id, begin, minutes.c.classroom)
    _fill(connection, students,
          sa.select(*key, *_sums(minutes), sa.func.count())
          .join_from(minutes, begins, begins.c.at == minutes.c.at).group_by(*key))  # fmt: skip
    rooms = places.c.classroom != _SCHOOL
    sums = (*_sums(places), sa.literal(0), sa.func.count(places.c.at.distinct()), sa.func.sum(places.c.students))
    different = sa.func.count(students.c.student_id.distinct())
    for of_school in (False, True):
        place, home = (_text(_SCHOOL),) * 2 if of_school else (places.c.classroom, students.c.classroom)
        found = sa.select(place, begin, *sums).join_from(places, begins, begins.c.at == places.c.at).where(rooms)
        counted = sa.select(home, students.c.at, different)
        _fill(connection, classrooms, found.group_by(begin, *(() if of_school else (place,))))
        # By key, one after the other: a join of what is grouped would have no index.
        rows = connection.execute(counted.group_by(students.c.at, *(() if of_school else (home,)))).all()
        here = sa.and_(classrooms.c.classroom == sa.bindparam("place"), classrooms.c.at == sa.bindparam("begin"))
        if rows:
            values = [dict(zip(("place", "begin", "count"), row, strict=True)) for row in rows]
            connection.execute(sa.update(classrooms).where(here).values(students=sa.bindparam("count")), values)
