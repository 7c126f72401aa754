"""Observations by sequence, in the spool's file while that works and in memory while it does not.

Nothing here raises: what cannot be kept is counted and said once. One thread writes; any thread reads.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from edge.records import Observation
from edge.spool_file import DamagedError, Spooled, SpoolFile, is_damage, set_aside

_log = logging.getLogger(__name__)

MAX_IN_MEMORY = 20_000
"""Observations held while there is no file: an hour of thirty students at one in five seconds."""
NO_END = 2**63 - 1
_REOPEN_SECONDS = 30.0


class SpoolStore:
    """Numbers observations and keeps them until they are removed."""

    def __init__(self, path: Path, retention: timedelta, max_bytes: int) -> None:
        """Nothing is opened yet: `open` may take seconds on a slow card and belongs to the writing thread."""
        self._path, self._retention, self._max_bytes = path, retention, max_bytes
        self._reading = threading.Lock()
        """Held while the file's reader is used, and while the file or what is held in memory is exchanged."""
        self._file: SpoolFile | None = None
        self._held: tuple[Spooled, ...] = ()
        """Not in the file; all of them numbered above what is in it."""
        self._unreadable: set[int] = set()
        """Sequences in the file whose content is damaged."""
        self._stream = uuid.uuid4()
        self._replaced = False
        self._failure: str | None = None
        self._dropping = False
        self._reopen_at = 0.0
        self._lost = 0
        """Lost, and not yet counted in the file."""
        self.next_sequence = 1
        self.damaged = False
        """A reader met damage: the writing thread shall `replace_damaged`."""

    def open(self) -> None:
        """Open or begin the file; a damaged one is set aside, an unusable one is done without for now."""
        for _ in range(2):
            try:
                self._use(SpoolFile(self._path))
                return
            except DamagedError as error:
                self._set_aside(str(error))
            except (OSError, sqlite3.Error) as error:
                self._fail(error)
                break
        self._reopen_at = time.monotonic() + _REOPEN_SECONDS
        if self.next_sequence == 1:
            # Numbers above any that the file may hold, should it come back.
            self.next_sequence = time.time_ns() // 1_000_000

    def _use(self, file: SpoolFile) -> None:
        if self.next_sequence == 1:  # nothing was numbered in this process: the stream in the file goes on
            self._stream = file.streams[-1][1]
        self.next_sequence = max(self.next_sequence, file.next_sequence)
        with self._reading:
            self._file = file

    def write(self, observations: Iterable[Observation], gone: Collection[int]) -> bool:
        """Number and keep observations, and remove the sequences in gone; one commit.

        False when the file could not be written: gone must be given again then.
        """
        rows = tuple(
            Spooled(sequence, self._stream, observation)
            for sequence, observation in enumerate(observations, start=self.next_sequence)
        )
        self.next_sequence += len(rows)
        if self._file is None and time.monotonic() >= self._reopen_at:
            self.open()
        held = tuple(row for row in self._held if row.sequence not in gone)
        if self._saved(held + rows, gone) or (self._replaced and self._saved(held + rows, gone)):
            return True
        if rows and rows[0].stream == self._stream_in_file():
            # After a restart the file's stream goes on from what the file holds: another stream,
            # or these numbers would be given out twice.
            self._stream = uuid.uuid4()
            rows = tuple(replace(row, stream=self._stream) for row in rows)
        everything = held + rows
        kept = everything[-MAX_IN_MEMORY:]
        self._lost += len(everything) - len(kept)
        with self._reading:
            self._held = kept
        return False

    def _stream_in_file(self) -> uuid.UUID | None:
        return self._file.streams[-1][1] if self._file is not None else None

    def _saved(self, rows: tuple[Spooled, ...], gone: Collection[int]) -> bool:
        self._replaced = False
        if self._file is None:
            return False
        with self._reading:
            unreadable = frozenset(self._unreadable)
        lost = self._lost + len(unreadable)
        try:
            dropped = self._file.save(
                rows, unreadable.union(gone), self.next_sequence, lost, self._retention, self._max_bytes
            )
        except sqlite3.Error as error:
            if is_damage(error):
                self.replace_damaged(str(error))
                self._replaced = True
            else:
                self._fail(error)
            return False
        with self._reading:
            self._held = ()
            self._unreadable -= unreadable
        self._lost = 0
        if unreadable:
            _log.error("%s: %d observations were damaged and are lost", self._path, len(unreadable))
        if self._failure is not None:
            _log.warning("%s: can be written again", self._path)
            self._failure = None
        if bool(dropped) != self._dropping:
            self._dropping = bool(dropped)
            if dropped:
                _log.error("%s: full or too old; the oldest observations are dropped", self._path)
        return True

    def read(self, after: int, up_to: int, limit: int) -> tuple[list[Spooled], int]:
        """Up to limit rows with after < sequence <= up_to, in order, and the last sequence looked at.

        The latter is `up_to` when there is nothing more.
        """
        with self._reading:
            held = [row for row in self._held if after < row.sequence <= up_to]
            rows: list[Spooled] = []
            damaged: list[int] = []
            if self._file is not None:
                try:
                    rows, damaged = self._file.read(after, up_to, limit)
                    self._unreadable.update(damaged)
                except sqlite3.Error as error:
                    self.damaged = self.damaged or is_damage(error)
        looked_at = len(rows) + len(damaged)
        if looked_at >= limit:
            return rows, max([row.sequence for row in rows] + damaged)
        rows += held[: limit - looked_at]
        return rows, rows[-1].sequence if looked_at + len(held) > limit else up_to

    def holding(self) -> bool:
        """Whether observations wait in memory for the file to work again."""
        return bool(self._held)

    def depth(self) -> int:
        """Rows kept."""
        with self._reading:
            return len(self._held) + (self._file.depth if self._file is not None else 0)

    def dropped(self) -> int:
        """Observations lost over the life of the spool."""
        return self._lost + (self._file.dropped if self._file is not None else 0)

    def oldest(self) -> datetime | None:
        """When the first one kept was observed."""
        rows, _ = self.read(0, NO_END, 1)
        return rows[0].observation.observed_at if rows else None

    def lose(self, count: int) -> None:
        """Count observations that were lost before they came here."""
        self._lost += count

    def erase_traces(self) -> None:
        """Leave nothing of removed rows in the file or its journal."""
        if self._file is not None:
            try:
                self._file.erase_traces()
            except sqlite3.Error as error:
                self._fail(error)

    def replace_damaged(self, reason: str) -> None:
        """Set the open file aside and begin another; sequences go on in another stream."""
        self.damaged = False
        with self._reading:
            if self._file is not None:
                self._lost += self._file.depth + self._file.dropped
                self._file.close()
                self._file = None
            self._unreadable.clear()
        self._set_aside(reason)
        self._stream = uuid.uuid4()
        self.open()

    def _set_aside(self, reason: str) -> None:
        try:
            target = set_aside(self._path)
        except OSError as error:
            _log.error("%s: damaged (%s), and cannot be renamed: %s", self._path, reason, error.strerror)
            return
        _log.error(
            "%s: damaged (%s): set aside as %s, a new spool is begun; what it held is not sent. "
            "It may hold student IDs: delete it when it is not needed",
            self._path, reason, target.name,
        )  # fmt: skip

    def _fail(self, error: Exception) -> None:
        reason = str(error)
        if reason != self._failure:
            _log.error(
                "%s: cannot be written: %s; up to %d observations are kept in memory until it can",
                self._path, reason, MAX_IN_MEMORY,
            )  # fmt: skip
        self._failure = reason

    def close(self) -> None:
        """Close the file; what only memory holds is lost, and said."""
        if self._held:
            _log.error("%s: %d observations were never written and are lost", self._path, len(self._held))
        with self._reading:
            if self._file is not None:
                self._file.close()
                self._file = None
