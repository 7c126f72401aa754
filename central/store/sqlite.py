"""The SQLite file behind the store, and everything that another database would do otherwise."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from central.errors import StoreBusyError, StoreError

_BUSY_MILLISECONDS = 1000
"""Whoever waits longer tries again, and meanwhile answers the broker."""
_PRAGMAS = (
    "journal_mode = WAL",
    # FULL: a message whose row is committed is acknowledged, so that a pulled plug must not take the commit back
    # (with NORMAL it may: sqlite.org/pragma.html#pragma_synchronous).
    "synchronous = FULL",
    # Deleted rows are overwritten with zeros, not only unlinked.
    "secure_delete = ON",
    "foreign_keys = ON",
    # What is sorted may be names; it is little, and shall be on no other disk.
    "temp_store = MEMORY",
    f"busy_timeout = {_BUSY_MILLISECONDS}",
)
READS = "central_reads"
"""The execution option of a connection that writes nothing, and waits for no writer."""
_THREADS = 64
"""More than there are: forty of requests, and those of ingest, of erasures and of metrics."""
_OUTSIDE = "central_outside"
"""The execution option of a connection for statements that no transaction may hold."""


def open_engine(path: Path) -> sa.Engine:
    """An engine on the file at path, which is made, for its owner only, where there is none.

    Raises StoreBusyError when the disk is full, else StoreError.
    """
    try:
        # SQLite gives its side files the permissions of the file itself.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreBusyError(f"{path}: the database cannot be begun: {error.strerror}") from error
        raise StoreError(
            f"{path}: the database cannot be opened: {error.strerror}; is its folder there, and the service's own?"
        ) from error
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), max_overflow=_THREADS, pool_timeout=_BUSY_MILLISECONDS / 1000
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def sorting_on_disk(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection of its own for what copies or sorts everything there is, which has no place in memory.

    Three million observations are 185 MB to be sorted for an index, and a school may have a hundred million.
    """
    with engine.connect() as connection:
        # Not by SQLAlchemy, which would begin a transaction: within one it cannot be changed.
        connection.connection.cursor().execute("PRAGMA temp_store = FILE")
        connection.detach()  # closed after this, and lent to nobody else
        yield connection


def write_anew(engine: sa.Engine) -> None:
    """Write the whole file anew: where rows had moved between pages, `secure_delete` leaves copies in the gaps.

    Of 180 students deleted in a trial, 28 had one. Observations wait meanwhile, ten seconds for a gigabyte.
    """
    with sorting_on_disk(engine.execution_options(**{_OUTSIDE: True})) as connection:
        connection.exec_driver_sql("VACUUM")


def empty_journal(engine: sa.Engine) -> None:
    """Leave nothing in the journal, which holds pages as they were. Raises StoreBusyError when somebody reads it."""
    with engine.execution_options(**{_OUTSIDE: True}).connect() as connection:
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if busy:
        raise StoreBusyError(f"{engine.url.database}: its journal is in use")


def is_passing(error: sa.exc.DatabaseError) -> bool:
    """Whether it is no fault of the file or of a statement: locked, full, read-only, an input or output error."""
    # SQLITE_ERROR, among operational errors: a table or a column is not there.
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return isinstance(error, sa.exc.OperationalError) and code & 0xFF != sqlite3.SQLITE_ERROR


def _prepare(connection: Any, _: Any) -> None:
    # The driver's own transactions begin late, and never for DDL: `_begin` does instead
    # (docs.sqlalchemy.org, "Enabling Non-Legacy SQLite Transactional Modes").
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_OUTSIDE, False):
        # IMMEDIATE: a transaction that begins by reading could not wait for another writer later.
        connection.exec_driver_sql("BEGIN" if options.get(READS, False) else "BEGIN IMMEDIATE")
