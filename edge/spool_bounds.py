"""What the spool gives up first when it grows too old or too large: the oldest.

The table `arrival` says at which of the spool's own seconds (`edge.spool_age`) which sequence came in, in steps.
"""

from __future__ import annotations

import sqlite3

ARRIVAL = "CREATE TABLE IF NOT EXISTS arrival (first_sequence INTEGER PRIMARY KEY, seconds REAL NOT NULL) STRICT"
_NO_END = 2**63 - 1
_STEP_SECONDS = 10.0
"""How exactly an arrival is known: what came within one step counts as come when the step began."""


def note_arrival(connection: sqlite3.Connection, sequence: int, seconds: float) -> None:
    """From sequence on, what is kept came at seconds."""
    (last,) = connection.execute("SELECT max(seconds) FROM arrival").fetchone()
    if last is None or seconds >= last + _STEP_SECONDS:
        connection.execute("INSERT OR REPLACE INTO arrival VALUES (?, ?)", (sequence, seconds))


def arrival_of_first(connection: sqlite3.Connection) -> float | None:
    """When the first observation came in; None when there is none."""
    (sequence,) = connection.execute("SELECT min(sequence) FROM observation").fetchone()
    if sequence is None:
        return None
    (seconds,) = connection.execute(
        "SELECT seconds FROM arrival WHERE first_sequence <= ? ORDER BY first_sequence DESC LIMIT 1", (sequence,)
    ).fetchone() or (None,)
    return None if seconds is None else float(seconds)


def drop_aged(connection: sqlite3.Connection, came_before: float) -> int:
    """Delete the observations of the steps that ended by came_before; how many those were."""
    (young,) = connection.execute(
        "SELECT first_sequence FROM arrival WHERE seconds > ? ORDER BY first_sequence LIMIT 1",
        (came_before - _STEP_SECONDS,),
    ).fetchone() or (_NO_END,)
    dropped = connection.execute("DELETE FROM observation WHERE sequence < ?", (young,)).rowcount
    _forget_steps(connection)
    return dropped


def _forget_steps(connection: sqlite3.Connection) -> None:
    """Delete the steps that no observation lies in any more, but for the last."""
    connection.execute(
        "DELETE FROM arrival WHERE first_sequence < (SELECT max(first_sequence) FROM arrival WHERE first_sequence <= "
        "coalesce((SELECT min(sequence) FROM observation), ?))",
        (_NO_END,),
    )


def drop_excess(connection: sqlite3.Connection, max_bytes: int) -> int:
    """Delete the oldest observations until the file fits in max_bytes; how many those were."""
    dropped = 0
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    while True:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        if (pages - free) * page_size <= max_bytes:
            return dropped
        (count,) = connection.execute("SELECT count(*) FROM observation").fetchone()
        if count == 0:
            return dropped
        dropped += connection.execute(
            "DELETE FROM observation WHERE sequence IN (SELECT sequence FROM observation ORDER BY sequence LIMIT ?)",
            (max(1, count // 50),),
        ).rowcount
