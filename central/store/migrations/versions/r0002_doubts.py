"""For how long the date was doubted, and deleting put off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doubts",
        sa.Column("newest_at", sa.BigInteger, nullable=False, comment="of the observations that are all due"),
        sa.Column("seconds", sa.Float, nullable=False, comment="that the service has run since, and deleted nothing"),
        sa.PrimaryKeyConstraint("newest_at", name="pk_doubts"),
    )
