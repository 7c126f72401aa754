"""Observations, the streams that they came on, devices, and what was rejected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("classroom", sa.String(63), nullable=False),
        sa.Column("stream", sa.Uuid, nullable=False, comment="the classroom's spool"),
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False, comment="different ones"),
        sa.PrimaryKeyConstraint("id", name="pk_streams"),
        sa.UniqueConstraint("classroom", "stream", name="uq_streams_classroom_stream"),
    )
    op.create_table(
        "observations",
        sa.Column("stream_id", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("student_id", sa.String(63), nullable=False),
        sa.Column("emotion", sa.String(16), nullable=False),
        sa.Column("observed_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False, comment="changes history, never what is seen now"),
        sa.PrimaryKeyConstraint("stream_id", "sequence", name="pk_observations"),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name="fk_observations_stream_id_streams"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_observations_observed_at", "observations", ["observed_at"])
    op.create_table(
        "devices",
        sa.Column("classroom", sa.String(63), nullable=False),
        sa.Column("online", sa.Boolean),
        sa.Column("status_since", sa.BigInteger, comment="when central learnt of it"),
        sa.Column("health", sa.JSON, comment="the last message, as edge.wire.decode_health gives it"),
        sa.Column("health_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("classroom", name="pk_devices"),
    )
    op.create_table(
        "rejections",
        sa.Column("classroom", sa.String(63), nullable=False, comment="empty where the topic names none"),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("classroom", "reason", name="pk_rejections"),
    )
