"""The tables, as the newest migration leaves them.

An observation is a row of four dozen bytes, because a school writes a billion of them a year: what repeats in
each of them, the classroom and the spool's UUID, stands once in `streams`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored as milliseconds since 1970 in UTC: short, ordered, and the same in every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + value * _MILLISECOND


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("classroom", sa.String(63), nullable=False),
    sa.Column("stream", sa.Uuid, nullable=False, comment="the classroom's spool"),
    sa.Column("first_sequence", sa.BigInteger, nullable=False),
    sa.Column("last_sequence", sa.BigInteger, nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False, comment="different ones"),
    sa.UniqueConstraint("classroom", "stream"),
)

observations = sa.Table(
    "observations",
    metadata,
    sa.Column("stream_id", sa.ForeignKey(streams.c.id), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("student_id", sa.String(63), nullable=False),
    sa.Column("emotion", sa.String(16), nullable=False),
    sa.Column("observed_at", Moment, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False, comment="changes history, never what is seen now"),
    sa.Index(None, "observed_at"),
    sa.Index(None, "student_id", "observed_at"),
    # A hint that other databases pass over: the rows lie in the order of the primary key, without a second copy of it.
    sqlite_with_rowid=False,
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("classroom", sa.String(63), primary_key=True),
    sa.Column("online", sa.Boolean),
    sa.Column("status_since", Moment, comment="when central learnt of it"),
    sa.Column("health", sa.JSON(none_as_null=True), comment="the last message, as edge.wire.decode_health gives it"),
    sa.Column("health_at", Moment),
)

rejections = sa.Table(
    "rejections",
    metadata,
    sa.Column("classroom", sa.String(63), primary_key=True, comment="empty where the topic names none"),
    sa.Column("reason", sa.String(16), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)

doubts = sa.Table(
    "doubts",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True, comment="of what is due: observations, or a roll-up"),
    sa.Column("newest_at", Moment, nullable=False, comment="of those, which are all due"),
    sa.Column("seconds", sa.Float, nullable=False, comment="that the service has run since, and deleted nothing"),
)

kept = sa.Table(
    "kept",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True, comment="of what was deleted: observations, or a roll-up"),
    sa.Column("since", Moment, nullable=False, comment="nothing was deleted of what came from then on"),
)
