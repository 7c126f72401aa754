"""What SQLite and PostgreSQL both have, with the same meaning, and standard SQL does not: ON CONFLICT, RETURNING."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from central.store.rollup_tables import sightings
from central.store.tables import observations
from edge.records import LABELS


def insert_new(dialect: str) -> ReturningInsert[tuple[int, int]]:
    """Insert what is no repeat, and give the numbers of that. dialect: "sqlite" or "postgresql"."""
    insert = _insert(observations, dialect).on_conflict_do_nothing()
    return insert.returning(observations.c.stream_id, observations.c.sequence)


def add_up(table: sa.Table, dialect: str) -> ReturningInsert[tuple[object, ...]]:
    """Add to the rows of a roll-up's table; gives the key of each row, and how many observations it has now."""
    insert = _insert(table, dialect)
    sums = {column.name: column + insert.excluded[column.name] for column in table.columns if column not in _key(table)}
    added = insert.on_conflict_do_update(index_elements=_key(table), set_=sums)
    return added.returning(*_key(table), sum_of_labels(table))


def sight(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Add to what is known of a student in a classroom."""
    insert = _insert(sightings, dialect)
    first, last = sightings.c.first_at, sightings.c.last_at
    new_first, new_last = insert.excluded.first_at, insert.excluded.last_at
    return insert.on_conflict_do_update(
        index_elements=_key(sightings),
        set_={
            "first_at": sa.case((new_first < first, new_first), else_=first),
            "last_at": sa.case((new_last > last, new_last), else_=last),
            "observations": sightings.c.observations + insert.excluded.observations,
        },
    )


def sum_of_labels(table: sa.Table) -> sa.ColumnElement[int]:
    """How many observations a row of a roll-up's table stands for."""
    first, *others = (table.c[label] for label in LABELS)
    return sum(others, start=first)


def _insert(table: sa.Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _key(table: sa.Table) -> list[sa.Column[object]]:
    return list(table.primary_key)
