"""The SQLite file behind the store, and everything that another database would do otherwise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from central.errors import StoreError

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
    f"busy_timeout = {_BUSY_MILLISECONDS}",
)
READS = "central_reads"
"""The execution option of a connection that writes nothing, and waits for no writer."""


def open_engine(path: Path) -> sa.Engine:
    """An engine on the file at path, which is made, for its owner only, where there is none. Raises StoreError."""
    try:
        # SQLite gives its side files the permissions of the file itself.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(
            f"{path}: the database cannot be opened: {error.strerror}; is its folder there, and the service's own?"
        ) from error
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    # The driver's own transactions begin late, and never for DDL: `_begin` does instead
    # (docs.sqlalchemy.org, "Enabling Non-Legacy SQLite Transactional Modes").
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # IMMEDIATE: a transaction that begins by reading could not wait for another writer later.
    reads = connection.get_execution_options().get(READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
