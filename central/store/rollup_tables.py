"""Observations counted by the minute, hour and day, as the newest migration leaves the tables.

Hours and days begin by the school's clock (`central.store.calendar`); `at` is the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from central.store.tables import Moment, metadata
from edge.records import LABELS

Resolution = Literal["minute", "hour", "day"]
SCHOOL = ""
"""In the place of a classroom, which has a name: the whole school, where whoever is in two rooms is one student."""


def _counts() -> list[sa.Column[int]]:
    """How many observations had which label."""
    return [sa.Column(label, sa.Integer, nullable=False) for label in LABELS]


def _minutes() -> sa.Column[int]:
    return sa.Column("minutes", sa.Integer, nullable=False, comment="with an observation")


def _student_table(name: str, *more: sa.Column[int]) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("student_id", sa.String(63), primary_key=True),
        sa.Column("at", Moment, primary_key=True),
        sa.Column("classroom", sa.String(63), primary_key=True),
        *_counts(),
        *more,
        sqlite_with_rowid=False,
    )


def _classroom_table(name: str, *more: sa.Column[int]) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("classroom", sa.String(63), primary_key=True, comment="empty: the school"),
        sa.Column("at", Moment, primary_key=True),
        *_counts(),
        sa.Column("students", sa.Integer, nullable=False, comment="different ones"),
        *more,
        sqlite_with_rowid=False,
    )


def _student_minutes() -> sa.Column[int]:
    return sa.Column("student_minutes", sa.Integer, nullable=False, comment="the sum of the minutes of each student")


@dataclass(frozen=True)
class Rollup:
    """What is counted at one resolution. A minute's tables need not say how many minutes it has."""

    resolution: Resolution
    students: sa.Table
    classrooms: sa.Table


MINUTES = Rollup("minute", _student_table("student_minutes"), _classroom_table("classroom_minutes"))
HOURS = Rollup(
    "hour",
    _student_table("student_hours", _minutes()),
    _classroom_table("classroom_hours", _minutes(), _student_minutes()),
)
DAYS = Rollup(
    "day",
    _student_table("student_days", _minutes()),
    _classroom_table("classroom_days", _minutes(), _student_minutes()),
)
ROLLUPS: dict[Resolution, Rollup] = {rollup.resolution: rollup for rollup in (MINUTES, HOURS, DAYS)}

sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("student_id", sa.String(63), primary_key=True),
    sa.Column("classroom", sa.String(63), primary_key=True),
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("observations", sa.BigInteger, nullable=False, comment="since then, those since deleted included"),
    sqlite_with_rowid=False,
)
