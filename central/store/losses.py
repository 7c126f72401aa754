"""How many observations came, and how many never did."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from central.store.numbering import FURTHEST
from central.store.tables import streams

_FROM_THE_CLOCK = 10**12
"""A spool that finds no file begins above all numbers it may have given out: at the milliseconds since 1970, which
are more than this (`SpoolStore.open` on the device). What is between is a jump, and nothing that was lost."""


def losses() -> sa.Select[tuple[int, float]]:
    """One row: how many were `received`, and how many are `missing`, within streams and between them."""
    spans = _spans()
    return sa.select(*_sums(spans))


def losses_by_classroom() -> sa.Select[tuple[str, int, float]]:
    """The same, a row for each `classroom` that ever sent an observation."""
    spans = _spans()
    return sa.select(spans.c.classroom, *_sums(spans)).group_by(spans.c.classroom)


def _spans() -> sa.Subquery:
    """Each stream, and how far it is from the one before it.

    A spool that begins a fresh stream goes on counting above all numbers that it gave out, so that what it lost then
    shows between two streams. A stream of the number 1 is of a new spool, which is told from the one before.
    """
    spool = sa.func.sum(sa.case((streams.c.first_sequence == 1, 1), else_=0)).over(
        partition_by=streams.c.classroom, order_by=streams.c.id
    )
    known = sa.select(streams, spool.label("spool")).subquery()
    first, last = known.c.first_sequence, known.c.last_sequence
    before: sa.Over[Any] = sa.func.max(last).over(
        # By their numbers: after an outage the newest stream comes first.
        partition_by=(known.c.classroom, known.c.spool), order_by=(first, known.c.id), rows=(None, -1)
    )  # fmt: skip
    return sa.select(known.c.classroom, known.c.received, first, last, (first - before - 1).label("between")).subquery()


def _sums(spans: sa.Subquery) -> tuple[sa.Label[int], sa.Label[float]]:
    counted = sa.and_(spans.c.between.between(1, FURTHEST), spans.c.first_sequence < _FROM_THE_CLOCK)
    missing = spans.c.last_sequence - spans.c.first_sequence + 1 - spans.c.received
    between = sa.case((counted, spans.c.between), else_=0)
    # Float: a forged number that an older version believed must not make the sum overflow.
    total: sa.ColumnElement[float] = sa.func.sum(sa.cast(missing, sa.Float)) + sa.func.sum(between)
    return sa.func.sum(spans.c.received).label("received"), total.label("missing")
