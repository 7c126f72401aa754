"""Profiles of students, and those who were erased."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "students",
        sa.Column("student_id", sa.String(63), nullable=False),
        sa.Column("display_name", sa.String(100), nullable=False),
        sa.Column("group_name", sa.String(64)),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("consent_reference", sa.String(200), nullable=False),
        sa.Column("consent_expires", sa.Date, comment="the last day; null: none was agreed"),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("sort_name", sa.Text, nullable=False),
        sa.Column("searched", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("student_id", name="pk_students"),
    )
    op.create_table(
        "tombstones",
        sa.Column("id_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("receipt", sa.Uuid, nullable=False),
        sa.Column("erased_by", sa.String(63), nullable=False),
        sa.Column("student_id", sa.String(63), comment="until everything else of the student is deleted"),
        sa.Column("tally", sa.JSON, nullable=False, comment="what was deleted so far: central.store.erasure.Tally"),
        sa.Column("erased_at", sa.BigInteger, comment="null: not everything is deleted"),
        sa.Column("written_anew", sa.Boolean, nullable=False, comment="the file holds no copies either"),
        sa.PrimaryKeyConstraint("id_hash", name="pk_tombstones"),
    )
    state = op.create_table(
        "people_state",
        sa.Column("id", sa.Integer, nullable=False, comment="1: there is one row"),
        sa.Column("hash_key", sa.LargeBinary(32), nullable=False),
        sa.Column(
            "changes", sa.BigInteger, nullable=False, comment="of the two tables above: what is remembered is old"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_people_state"),
    )
    op.bulk_insert(state, [{"id": 1, "hash_key": secrets.token_bytes(32), "changes": 0}])
