"""Accounts, and what they did. Tokens are kept as their SHA-256, so that a stolen copy of the file opens nothing."""

from __future__ import annotations

import sqlalchemy as sa

from central.store.tables import Moment, metadata

NAME_LENGTH = 63
DIGEST_BYTES = 32
"""SHA-256."""

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("name", sa.String(NAME_LENGTH), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.String(255), comment="argon2id, in its own text form; null until one is chosen"),
    sa.Column("locked", sa.Boolean, nullable=False),
    sa.Column("legal_note_at", Moment, comment="when it was accepted"),
    sa.Column("last_login_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

account_groups = sa.Table(
    "account_groups",
    metadata,
    sa.Column("account", sa.ForeignKey(accounts.c.name, ondelete="CASCADE"), primary_key=True),
    sa.Column("group_name", sa.String(64), primary_key=True),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(DIGEST_BYTES), primary_key=True),
    sa.Column("account", sa.ForeignKey(accounts.c.name, ondelete="CASCADE"), nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("used_at", Moment, nullable=False, comment="to a few minutes"),
    sa.Index(None, "account"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("account", sa.ForeignKey(accounts.c.name, ondelete="CASCADE"), primary_key=True),
    sa.Column("token_hash", sa.LargeBinary(DIGEST_BYTES), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.UniqueConstraint("token_hash"),
)

audit = sa.Table(
    "audit",
    metadata,
    # Given by the program: with numbers of the database's own, a chain could have a gap that is nobody's doing.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("account", sa.String(NAME_LENGTH), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary(DIGEST_BYTES), nullable=False, comment="of this entry and the digest before"),
    sa.Index(None, "account", "number"),
    sa.Index(None, "subject", "number"),
    sa.Index(None, "action", "number"),
)
