"""Who looked at whom, and who changed what: appended to, never changed.

Each entry has the SHA-256 of itself and of the digest before, so that no entry can be changed, added between or taken
out without all that follow being written anew. Whoever can do that, with the file and this program in hand, is found
out only by a digest that was noted elsewhere: `classpulse-central audit verify` prints the newest one, and compares
with one from a note.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from central.store.account_tables import audit
from central.store.store import Store
from central.store.tables import EPOCH

SYSTEM = "system"
"""The account of what central does by itself, or what its machine's owner does at a terminal."""
VIEW = "student.view"
_VIEW_EVERY = timedelta(hours=1)
_AT_ONE_TIME = timedelta(minutes=1)
"""So far apart may be what is asked for at once, in whatever order it is noted."""
_BEGINNING = bytes(32)
"""What stands before the first entry."""
_AT_ONCE = 1000


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    number: int
    """From 1, without a gap."""
    at: datetime
    account: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Filter:
    """Which entries; None: all."""

    account: str | None = None
    subject: str | None = None
    action: str | None = None

    def clauses(self) -> list[sa.ColumnElement[bool]]:
        wanted = {audit.c.account: self.account, audit.c.subject: self.subject, audit.c.action: self.action}
        return [column == value for column, value in wanted.items() if value is not None]


@dataclass(frozen=True)
class Verdict:
    """What checking the chain has shown."""

    entries: int
    """That are as they were written."""
    digest: bytes
    """Of the newest one of them."""
    broken: int | None
    """The number of the first that was changed, or that is missing; None: all is well."""


class Audit:
    """The log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, now: datetime, account: str, action: str, subject: str = "", detail: str = "") -> None:
        """An entry in a transaction of its own. Raises StoreError: what cannot be noted must not happen."""
        with self._store.writing() as connection:
            append(connection, now, account, action, subject, detail)

    def viewed(self, now: datetime, account: str, subject: str, action: str = VIEW) -> None:
        """Note that account looked at a student, or at whatever action says, once an hour. Raises like `note`."""
        recent = sa.exists().where(
            audit.c.account == account,
            audit.c.subject == subject,
            audit.c.action == action,
            # Not any later one: after the clock was set back, nothing would be noted until it gets there again.
            audit.c.at.between(now - _VIEW_EVERY, now + _AT_ONE_TIME),
        )
        with self._store.reading() as connection:
            if connection.scalar(sa.select(recent)):
                return
        with self._store.writing() as connection:
            # Asked again: a page asks for several things of a student at once.
            if not connection.scalar(sa.select(recent)):
                append(connection, now, account, action, subject)

    def page(self, wanted: Filter, *, before: int | None, limit: int) -> tuple[list[Entry], int]:
        """The newest entries, those with a number below `before`; and how many there are in all. Raises StoreError."""
        counted = sa.select(sa.func.count()).select_from(audit).where(*wanted.clauses())
        with self._store.reading() as connection:
            return _newest(connection, wanted, before, limit), connection.scalar(counted) or 0

    def entries(self, wanted: Filter, at_once: int = _AT_ONCE) -> Iterator[Entry]:
        """All, the newest first, in transactions of so many: nobody waits for a slow reader. Raises StoreError."""
        before: int | None = None
        while True:
            with self._store.reading() as connection:
                found = _newest(connection, wanted, before, at_once)
            yield from found
            if len(found) < at_once:
                return
            before = found[-1].number

    def verify(self) -> Verdict:
        """Compute the chain anew. Raises StoreError."""
        number, digest = 0, _BEGINNING
        with self._store.reading() as connection:
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(
                sa.select(*_columns(), audit.c.digest).order_by(audit.c.number)
            )
            for *columns, stored in rows:
                entry = Entry(*columns)
                if entry.number != number + 1 or _digest(digest, entry) != stored:
                    return Verdict(number, digest, number + 1)
                number, digest = entry.number, stored
        return Verdict(number, digest, None)

    def digest(self, number: int) -> bytes | None:
        """Of one entry; None: there is none. Raises StoreError."""
        with self._store.reading() as connection:
            found: bytes | None = connection.scalar(sa.select(audit.c.digest).filter_by(number=number))
            return found


def append(
    connection: sa.Connection, now: datetime, account: str, action: str, subject: str = "", detail: str = ""
) -> None:
    """An entry within the caller's transaction: what is noted has happened, and what has happened is noted."""
    # On a database with several writers two might see the same newest entry: the number then refuses the second one.
    last = connection.execute(
        sa.select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1)
    ).first()
    number, digest = (last.number + 1, last.digest) if last else (1, _BEGINNING)
    entry = Entry(number, now, account, action, subject, detail)
    connection.execute(sa.insert(audit), vars(entry) | {"digest": _digest(digest, entry)})


def _newest(connection: sa.Connection, wanted: Filter, before: int | None, limit: int) -> list[Entry]:
    newest = sa.select(*_columns()).where(*wanted.clauses()).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        newest = newest.where(audit.c.number < before)
    return [Entry(*row) for row in connection.execute(newest)]


def _columns() -> list[sa.Column[object]]:
    return [audit.c[name] for name in Entry.__dataclass_fields__]


def _digest(before: bytes, entry: Entry) -> bytes:
    milliseconds = (entry.at - EPOCH) // timedelta(milliseconds=1)
    said = [entry.number, milliseconds, entry.account, entry.action, entry.subject, entry.detail]
    return hashlib.sha256(before + json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).digest()
