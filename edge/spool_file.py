"""The spool's file: SQLite in WAL mode, one writer, one reader, no threads of its own.

Every method that touches the disk may raise sqlite3.Error or OSError; `edge.spool` decides what
that means.
"""

from __future__ import annotations

import os
import re
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.records import LABELS, Observation
from edge.spool_age import Age, Moment, begin
from edge.spool_bounds import ARRIVAL, arrival_of_first, drop_aged, drop_excess, note_arrival
from edge.spool_damage import TextErrors, is_damage
from edge.spool_erasure import ERASED, erased, forget_students, leave_no_copies
from edge.wire import ID_PATTERN

_FORMAT = 1
_SCHEMA = """
CREATE TABLE observation (
    sequence INTEGER PRIMARY KEY, student_id TEXT NOT NULL, emotion TEXT NOT NULL, observed_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE stream (first_sequence INTEGER PRIMARY KEY, uuid TEXT NOT NULL) STRICT;
CREATE TABLE counter (next_sequence INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
"""
_LATER = (
    ARRIVAL,
    ERASED,
    "CREATE TABLE IF NOT EXISTS age (seconds REAL NOT NULL, behind REAL NOT NULL, boot TEXT NOT NULL, "
    "uptime REAL NOT NULL, wall REAL, wall_boot TEXT NOT NULL, ran REAL NOT NULL) STRICT",
)
"""Tables that a spool of the first release has not: it gets them when it is opened, and stays readable there."""
_BUSY_SECONDS = 20.0
"""`forget` rewrites the file from another process, which may take seconds on a card."""
_SIDE_FILES = ("", "-wal", "-shm")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 2**47  # the year 6429: a date that datetime can hold
_STUDENT_ID = re.compile(ID_PATTERN)


class DamagedError(Exception):
    """The file is not a whole spool."""


@dataclass(frozen=True)
class Spooled:
    """An observation on its way to the broker."""

    sequence: int
    """Counts up over the spool's life; never used twice within a stream."""
    stream: uuid.UUID
    observation: Observation


class SpoolFile:
    """One open spool file; a context manager is `edge.spool.Spool`, its only user."""

    def __init__(self, path: Path, now: Callable[[], Moment]) -> None:
        """Open or begin the file; now: reads the machine's clocks.

        Raises DamagedError when it holds something else than a whole spool.
        """
        self.path, self._now = path, now
        self._copies_left = False
        """Of rows that were to be erased: there was no room to write the file anew."""
        if path.exists() and path.stat().st_size == 0:
            raise DamagedError("it is empty")
        if not path.exists():
            if path.with_name(path.name + "-wal").exists():
                raise DamagedError("only its journal is left")
            # SQLite gives its side files the permissions of the file itself.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._writer = self._connect()
        try:
            self._prepare()
            self._reader = self._connect()
        except sqlite3.Error as error:
            self._writer.close()
            if is_damage(error):
                raise DamagedError(str(error)) from error
            raise
        except DamagedError:
            self._writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # A damaged page may hold anything: what is no text fails the check of the row instead of raising here.
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        return connection

    @TextErrors()
    def _prepare(self) -> None:
        execute = self._writer.execute
        (version,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if version not in (0, _FORMAT) or (version == 0 and tables):
            raise DamagedError(f"it has the format {version}, not {_FORMAT}")
        # Deleted rows are overwritten with zeros, not only unlinked.
        execute("PRAGMA secure_delete = ON")
        execute("PRAGMA journal_mode = WAL")
        # FULL: with NORMAL a pulled plug may roll back commits whose sequences were already
        # published, and the next observations would pass for repeats (sqlite.org/pragma.html#pragma_synchronous).
        execute("PRAGMA synchronous = FULL")
        execute("PRAGMA wal_autocheckpoint = 256")
        if version == 0:
            execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";\n"):
                execute(statement)
            execute("INSERT INTO stream VALUES (1, ?)", (str(uuid.uuid4()),))
            execute("INSERT INTO counter VALUES (1, 0)")
            execute(f"PRAGMA user_version = {_FORMAT}")
            execute("COMMIT")
        elif (answer := execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise DamagedError(" ".join(answer.split()))
        for statement in _LATER:
            execute(statement)
        self.age = self._read_age()
        self.erased = erased(self._writer)
        self.streams = self._read_streams()
        counter = execute("SELECT next_sequence, dropped FROM counter").fetchall()
        (self.depth, highest) = execute("SELECT count(*), coalesce(max(sequence), 0) FROM observation").fetchone()
        if len(counter) != 1 or counter[0][0] <= highest or counter[0][0] < self.streams[-1][0]:
            raise DamagedError("its counters do not fit its rows")
        self.next_sequence, self.dropped = counter[0]

    def _read_age(self) -> Age:
        moment = self._now()
        rows = self._writer.execute("SELECT * FROM age").fetchall()
        if rows:
            return Age(*rows[0]).at(moment)
        (first,) = self._writer.execute("SELECT min(sequence) FROM observation").fetchone()
        if first is not None:  # nobody counted how long they have waited
            note_arrival(self._writer, first, 0.0)
        return begin(moment)

    def _read_streams(self) -> list[tuple[int, uuid.UUID]]:
        try:
            rows = self._writer.execute("SELECT first_sequence, uuid FROM stream ORDER BY first_sequence")
            streams = [(first, uuid.UUID(text)) for first, text in rows]
        except ValueError as error:
            raise DamagedError("a stream's UUID is none") from error
        if not streams:
            raise DamagedError("it names no stream")
        return streams

    @TextErrors()
    def save(
        self,
        rows: Iterable[Spooled],
        gone: Iterable[int],
        next_sequence: int,
        dropped: int,
        retention: timedelta,
        max_bytes: int,
    ) -> int:
        """One commit: add rows, delete the sequences in gone, keep to the bounds.

        dropped: rows lost before they came here, to be counted. Returns how many rows the bounds
        cost. Raises sqlite3.Error; nothing has changed then.
        """
        rows, gone = list(rows), list(gone)
        streams = list(self.streams)
        execute = self._writer.execute
        execute("BEGIN IMMEDIATE")
        try:
            for row in rows:
                if row.stream != streams[-1][1]:
                    streams.append((row.sequence, row.stream))
                    execute("INSERT OR REPLACE INTO stream VALUES (?, ?)", (row.sequence, str(row.stream)))
            added = self._writer.executemany(
                "INSERT OR REPLACE INTO observation VALUES (?, ?, ?, ?)",
                [
                    (row.sequence, row.observation.student_id, row.observation.emotion,
                     (row.observation.observed_at - _EPOCH) // timedelta(milliseconds=1))
                    for row in rows
                ],
            ).rowcount  # fmt: skip
            deleted = self._writer.executemany(
                "DELETE FROM observation WHERE sequence = ?", [(sequence,) for sequence in gone]
            ).rowcount
            age = self.age.at(self._now())
            if rows:
                note_arrival(self._writer, rows[0].sequence, age.whole)
            bounded = drop_aged(self._writer, age.seconds - retention.total_seconds())
            bounded += drop_excess(self._writer, max_bytes)
            execute("DELETE FROM age")
            execute("INSERT INTO age VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(age))
            erasures = erased(self._writer)
            execute(
                "UPDATE counter SET next_sequence = ?, dropped = ?", (next_sequence, self.dropped + dropped + bounded)
            )
            execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError):
            if self._writer.in_transaction:
                execute("ROLLBACK")
            raise
        self.streams, self.age, self.erased = streams, age, erasures
        self.next_sequence = next_sequence
        self.dropped += dropped + bounded
        self.depth += max(added, 0) - max(deleted, 0) - bounded
        return bounded

    @TextErrors()
    def read(self, after: int, up_to: int, limit: int) -> tuple[list[Spooled], list[int]]:
        """Up to limit rows with after < sequence <= up_to, in order, and the sequences of those found damaged."""
        rows: list[Spooled] = []
        damaged: list[int] = []
        for sequence, student_id, emotion, observed_ms in self._reader.execute(
            "SELECT sequence, student_id, emotion, observed_ms FROM observation "
            "WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
            (after, up_to, limit),
        ).fetchall():
            if not _is_whole(student_id, emotion, observed_ms):
                damaged.append(sequence)
                continue
            observed_at = _EPOCH + timedelta(milliseconds=observed_ms)
            rows.append(Spooled(sequence, self._stream_of(sequence), Observation(student_id, emotion, observed_at)))
        return rows, damaged

    def _stream_of(self, sequence: int) -> uuid.UUID:
        return next((stream for first, stream in reversed(self.streams) if first <= sequence), self.streams[0][1])

    @TextErrors()
    def oldest_seconds(self) -> float:
        """How long the first row has waited; 0 when there is none."""
        came = arrival_of_first(self._writer)
        return 0.0 if came is None else max(0.0, self.age.at(self._now()).whole - came)

    @TextErrors()
    def forget(self, students: Mapping[str, int]) -> None:
        """Delete the rows of students up to the sequence beside each; the journal holds them until `erase_traces`."""
        self._copies_left |= forget_students(self._writer, students) > 0
        # Another process may have deleted some before, uncounted here.
        (self.depth,) = self._writer.execute("SELECT count(*) FROM observation").fetchone()
        self.erased = erased(self._writer)
        if self._copies_left:
            leave_no_copies(self._writer)
            self._copies_left = False

    @TextErrors()
    def erase_traces(self) -> None:
        """Carry the deletions into the file and empty the journal beside it, which still holds the rows."""
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def _is_whole(student_id: object, emotion: object, observed_ms: object) -> bool:
    return (
        isinstance(student_id, str)
        and _STUDENT_ID.fullmatch(student_id) is not None
        and emotion in LABELS
        and isinstance(observed_ms, int)
        and 0 <= observed_ms < _LAST_MS
    )


def set_aside(path: Path) -> Path:
    """Rename a damaged spool and its side files; an earlier one set aside gives way. Returns the new name."""
    for earlier in path.parent.glob(f"{path.name}.damaged-*"):
        earlier.unlink(missing_ok=True)
    target = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for suffix in _SIDE_FILES:
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(target.with_name(target.name + suffix))
    return target
