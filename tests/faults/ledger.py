"""What was committed to the spool, written down by SQLite itself.

A trigger copies every row in the transaction that commits it: the ledger holds exactly what the spool's file has
ever held, whatever the daemon thinks of it and wherever it was killed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.config import SpoolSettings
from edge.spool import Spool

_TRIGGER = """
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY, stream TEXT, sequence INTEGER, student_id TEXT, emotion TEXT, observed_ms INTEGER,
    committed_ms INTEGER
) STRICT;
CREATE TRIGGER keep_account AFTER INSERT ON observation BEGIN
    INSERT INTO ledger (stream, sequence, student_id, emotion, observed_ms, committed_ms) VALUES (
        (SELECT uuid FROM stream WHERE first_sequence <= NEW.sequence ORDER BY first_sequence DESC LIMIT 1),
        NEW.sequence, NEW.student_id, NEW.emotion, NEW.observed_ms,
        CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
END;
"""

Identity = tuple[str, int]
"""Stream and sequence of an observation."""


@dataclass(frozen=True)
class Entry:
    """One row that was committed."""

    stream: str
    sequence: int
    student_id: str
    emotion: str
    observed_at: float
    """Seconds since 1970, as the daemon says."""
    committed_at: float
    """Seconds since 1970, as SQLite says."""

    @property
    def identity(self) -> Identity:
        return self.stream, self.sequence


class Ledger:
    """Follows the ledger of one spool."""

    def __init__(self, spool: Path) -> None:
        """Begin the spool, with a ledger in it."""
        self._path = spool
        with Spool(SpoolSettings(path=spool)) as begun:
            assert begun.flush(20.0)
        with closing(sqlite3.connect(spool)) as connection:
            connection.executescript(_TRIGGER)
        self.entries: list[Entry] = []
        """Read so far, in the order of the commits."""
        self._last = 0

    def follow(self) -> list[Entry]:
        """The entries since the last call."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=20.0)) as connection:
            rows = connection.execute(
                "SELECT id, stream, sequence, student_id, emotion, observed_ms, committed_ms FROM ledger "
                "WHERE id > ? ORDER BY id",
                (self._last,),
            ).fetchall()
        fresh = [
            Entry(stream, sequence, student, emotion, observed / 1000, committed / 1000)
            for _, stream, sequence, student, emotion, observed, committed in rows
        ]
        self._last = rows[-1][0] if rows else self._last
        self.entries += fresh
        return fresh
