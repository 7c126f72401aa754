"""A student's observations taken out of the spool, without a trace: what `forget` does there.

It may be done beside a running daemon, from another process: SQLite keeps the two apart.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.errors import SpoolError
from edge.spool_damage import TextErrors, is_damage

ERASED = "CREATE TABLE IF NOT EXISTS erased (count INTEGER NOT NULL) STRICT"
_NO_END = 2**63 - 1
_WAIT_SECONDS = 30.0
"""For the daemon, which writes once per report interval and is done in a moment."""


@dataclass(frozen=True)
class Erased:
    """What was found and is gone."""

    observations: int
    damaged_files: tuple[Path, ...]
    """Spools that were set aside as damaged and named the student; whole files, for nothing in them is orderly."""


def erase(spool: Path, student_id: str) -> Erased:
    """Erase all observations of a student from the spool at that path, and from what was set aside beside it.

    Their sequence numbers are not given out again: the gap is counted in the table `erased`, and in health. Raises
    SpoolError when something may be left.
    """
    try:
        aside = [path for path in spool.parent.glob(f"{spool.name}.damaged-*") if _names(path, student_id)]
        for path in aside:
            path.unlink()
        count = _erase_rows(spool, student_id) if spool.exists() else 0
    except (OSError, sqlite3.Error) as error:
        remedy = (
            "restart the daemon, which sets the file aside, and forget the student again; or stop it and delete the "
            "file"
            if is_damage(error)
            else "mend that, and forget the student again"
        )
        raise SpoolError(f"{spool}: observations of {student_id} may still lie there: {error}; {remedy}") from error
    return Erased(count, tuple(aside))


@TextErrors()
def _erase_rows(spool: Path, student_id: str) -> int:
    # Not with mode=rwc: a spool that is not there shall not be begun, perhaps for the wrong user.
    address = f"{spool.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
        count = forget_students(connection, {student_id: _NO_END})
        leave_no_copies(connection)  # though none was found now: an earlier attempt may have ended here
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("its journal is in use and still holds them")
        return count


def forget_students(connection: sqlite3.Connection, students: Mapping[str, int]) -> int:
    """One commit: delete and count the observations of students up to the sequence beside each.

    Returns how many there were.
    """
    connection.execute(ERASED)
    connection.execute("BEGIN IMMEDIATE")
    try:
        count = connection.executemany(
            "DELETE FROM observation WHERE student_id = ? AND sequence <= ?", students.items()
        ).rowcount
        count = max(count, 0)
        before = erased(connection)
        connection.execute("DELETE FROM erased")
        connection.execute("INSERT INTO erased VALUES (?)", (before + count,))
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return count


def leave_no_copies(connection: sqlite3.Connection) -> None:
    """Write every page anew: where rows had moved between pages, secure_delete leaves copies in the gaps.

    The journal holds the pages as they were until a checkpoint empties it.
    """
    connection.execute("VACUUM")


def erased(connection: sqlite3.Connection) -> int:
    """How many observations were erased over the life of the spool."""
    (count,) = connection.execute("SELECT coalesce(sum(count), 0) FROM erased").fetchone()
    return int(count)


def _names(path: Path, student_id: str) -> bool:
    return student_id.encode() in path.read_bytes()
