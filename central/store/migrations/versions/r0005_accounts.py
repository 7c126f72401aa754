"""Accounts, their sessions and invitations, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(255), comment="argon2id, in its own text form; null until one is chosen"),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("legal_note_at", sa.BigInteger, comment="when it was accepted"),
        sa.Column("last_login_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_accounts"),
    )
    op.create_table(
        "account_groups",
        sa.Column("account", sa.String(63), nullable=False),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("account", "group_name", name="pk_account_groups"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_account_groups_account_accounts", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("account", sa.String(63), nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False, comment="to a few minutes"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_sessions_account_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    op.create_table(
        "invitations",
        sa.Column("account", sa.String(63), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_invitations"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_invitations_account_accounts", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(63), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="of this entry and the digest before"),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    for column in ("account", "subject", "action"):
        op.create_index(f"ix_audit_{column}_number", "audit", [column, "number"])
    if op.get_bind().dialect.name == "sqlite":
        # Only what writes past the program, or a mistake in it, would try; elsewhere the database's own grants
        # (REVOKE UPDATE, DELETE) say it.
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever appended to'); END"
            )
