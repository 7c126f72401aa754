"""What SQLite says of a spool whose content is at fault, and not the disk, its space or its permissions."""

from __future__ import annotations

import sqlite3
from contextlib import ContextDecorator
from types import TracebackType

# SQLITE_ERROR among them: with statements as fixed as the spool's it means that a table is not there.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class UnreadableError(sqlite3.DatabaseError):
    """SQLite's own message about a damaged schema quotes bytes that are no text, and Python cannot even raise it."""


class TextErrors(ContextDecorator):
    """Turn the UnicodeDecodeError that comes instead of such a message into an UnreadableError."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, UnicodeDecodeError):
            raise UnreadableError("its schema is damaged") from error


def is_damage(error: Exception) -> bool:
    """Whether the file's content is at fault."""
    return isinstance(error, UnreadableError) or (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE
