"""Who is logged in. Every answer comes from the database: what an admin takes away is gone at the next request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from central.accounts.tokens import new_token, token_hash
from central.errors import StoreBusyError
from central.store.account_tables import account_groups, accounts, sessions
from central.store.store import Store

Role = Literal["admin", "teacher", "technician"]

IDLE = timedelta(hours=12)
"""Without a request for so long, a session ends: by the next school day."""
LONGEST = timedelta(days=7)
"""So long a session lasts, however busy."""
_TOUCHED_EVERY = timedelta(minutes=5)
"""That it was used is written so often at most: the database has one writer, and a school is waiting for it."""


@dataclass(frozen=True)
class CurrentUser:
    """Whoever is logged in, as their account is now."""

    account: str
    role: Role
    groups: frozenset[str]
    """Whose students a teacher sees; empty for the others."""
    legal_note_accepted: bool
    expires_at: datetime
    """Unless they go on using it, and at the latest after `LONGEST`."""

    def sees(self, group: str | None) -> bool:
        """Whether they may know of the students of a group. None: of students who are in none, or have no profile."""
        return self.role == "admin" or (self.role == "teacher" and group in self.groups)


class Sessions:
    """The sessions of all accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, token: str, now: datetime, *, touch: bool = True) -> CurrentUser | None:
        """Who has this token; None: nobody, or no longer. touch: it counts as used. Raises StoreError."""
        digest = token_hash(token)
        with self._store.reading() as connection:
            row = connection.execute(
                sa.select(sessions, accounts.c.role, accounts.c.legal_note_at)
                .join(accounts)
                .where(sessions.c.token_hash == digest, ~accounts.c.locked)
            ).first()
            if row is None or _ends(row) <= now:
                return None
            groups = connection.scalars(sa.select(account_groups.c.group_name).filter_by(account=row.account))
            user = CurrentUser(row.account, row.role, frozenset(groups), row.legal_note_at is not None, _ends(row))
        if touch and now - row.used_at >= _TOUCHED_EVERY:
            self._touch(digest, now)
        return user

    def _touch(self, digest: bytes, now: datetime) -> None:
        try:
            with self._store.writing() as connection:
                connection.execute(sa.update(sessions).filter_by(token_hash=digest).values(used_at=now))
        except StoreBusyError:
            pass  # The next request will do.

    def end(self, token: str) -> None:
        """Nobody has it any more. Raises StoreError."""
        with self._store.writing() as connection:
            connection.execute(sa.delete(sessions).filter_by(token_hash=token_hash(token)))


def begin_session(connection: sa.Connection, account: str, now: datetime) -> str:
    """Within the caller's transaction; returns the token. Sessions that have ended, of anybody, are cleared away."""
    connection.execute(
        sa.delete(sessions).where((sessions.c.used_at <= now - IDLE) | (sessions.c.began_at <= now - LONGEST))
    )
    token = new_token()
    row = {"token_hash": token_hash(token), "account": account, "began_at": now, "used_at": now}
    connection.execute(sa.insert(sessions), row)
    return token


def end_sessions(connection: sa.Connection, account: str) -> None:
    """All of an account, within the caller's transaction."""
    connection.execute(sa.delete(sessions).filter_by(account=account))


def _ends(row: sa.Row[tuple[object, ...]]) -> datetime:
    idle: datetime = row.used_at + IDLE
    longest: datetime = row.began_at + LONGEST
    return min(idle, longest)
