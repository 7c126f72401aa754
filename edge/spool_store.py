"""Observations by sequence, in the spool's file while that works and in memory while it does not.

Nothing here raises: what cannot be kept is counted and said once. One thread writes; any thread reads.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from edge.records import Observation
from edge.spool_age import Moment
from edge.spool_damage import is_damage
from edge.spool_file import DamagedError, Spooled, SpoolFile, set_aside
from edge.spool_mark import Found, Mark, Record, go_on

_log = logging.getLogger(__name__)

MAX_IN_MEMORY = 20_000
"""Observations held while there is no file: an hour of thirty students at one in five seconds."""
NO_END = 2**63 - 1
_REOPEN_SECONDS = 30.0
_ERASE_AGAIN_SECONDS = 15.0
"""Between attempts to erase who was forgotten: each writes the whole file anew, to fail at its end without room."""


class SpoolStore:
    """Numbers observations and keeps them until they are removed."""

    def __init__(
        self,
        path: Path,
        retention: timedelta,
        max_bytes: int,
        now: Callable[[], Moment],
        monotonic: Callable[[], float],
    ) -> None:
        """Nothing is opened yet: `open` may take seconds on a slow card and belongs to the writing thread.

        now: reads the machine's clocks; monotonic: the one for short waits.
        """
        self._path, self._retention, self._max_bytes = path, retention, max_bytes
        self._now, self._monotonic = now, monotonic
        self._mark = Mark(path)
        self._found: Found | None = None
        """Where the spool stood at the last commit of the run before, until that is taken into account."""
        self._reading = threading.Lock()
        """Held while the file's reader is used, and while the file or what is held in memory is exchanged. Never by
        what answers the pipeline: a disk that hangs hangs its reader too."""
        self._file: SpoolFile | None = None
        self._held: tuple[Spooled, ...] = ()
        """Not in the file; all of them numbered above what is in it."""
        self._held_since = 0.0
        self._unreadable: set[int] = set()
        """Sequences in the file whose content is damaged."""
        self._stream = uuid.uuid4()
        self._numbered_from: int | None = None
        """The first number given out before there was a file; None: there was one, or nothing was numbered."""
        self._begun = False
        """Whether stream and numbers of this run are settled."""
        self._replaced = False
        self._failure: str | None = None
        self._read_failure: str | None = None
        self._dropping = self._overflowing = False
        self._reopen_at = 0.0
        self._not_erased: str | None = None
        """Why the observations of forgotten students are still in the file; None: they are not."""
        self._erase_at = -math.inf
        self._lost = 0
        """Lost, and not yet counted in the file."""
        self.next_sequence = 1
        self.damaged = False
        """A reader met damage: the writing thread shall `replace_damaged`."""

    def open(self) -> None:
        """Open or begin the file; a damaged one is set aside, an unusable one is done without for now."""
        if not self._begun and self._found is None:
            self._found = self._mark.read()
        for _ in range(2):
            try:
                self._use(SpoolFile(self._path, self._now))
                return
            except DamagedError as error:
                if not self._set_aside(str(error)):
                    break
                self._give_up_record()
            except (OSError, sqlite3.Error) as error:
                self._fail(str(error))
                break
        self._reopen_at = self._monotonic() + _REOPEN_SECONDS
        if not self._begun:
            # Numbers above any that the file may hold, should it come back.
            known = 0 if self._found is None else self._found.record.next_sequence
            self.next_sequence = max(self.next_sequence, known + MAX_IN_MEMORY, time.time_ns() // 1_000_000)

    def _use(self, file: SpoolFile) -> None:
        if self._numbered_from is not None and file.next_sequence > self._numbered_from:
            file.close()
            raise OSError("its numbers were given out again while it was away; restart the daemon")
        if not self._begun:
            self._go_on(file)
        self.next_sequence = max(self.next_sequence, file.next_sequence)
        self._found, self._numbered_from = None, None
        with self._reading:
            self._file = file

    def _go_on(self, file: SpoolFile) -> None:
        """Settle stream and numbers of this run by what the file and the mark tell of the run before."""
        now = go_on(self._found, file.streams[-1][1], file.next_sequence, file.dropped, self._now().boot)
        self._stream, self.next_sequence, self._begun = now.stream, now.next_sequence, True
        self._lost += now.lost + now.dropped
        if now.missing:
            _log.error(
                "%s: lacks the last %d observations that were written to it; up to %d of them were not sent and are "
                "lost. Does the disk lose what it acknowledged?", self._path, now.missing, now.lost,
            )  # fmt: skip
        elif now.because:
            _log.info("%s: a fresh stream is begun: %s", self._path, now.because)

    def _give_up_record(self) -> None:
        """The file that the record tells of is gone."""
        if self._found is not None:
            record = self._found.record
            self._lost += record.depth + record.dropped
            self.next_sequence = max(self.next_sequence, record.next_sequence)
            _log.error("%s: %d observations that waited in it are lost", self._path, record.depth)
        self._found, self._begun = None, True

    def write(self, observations: Iterable[Observation], gone: Collection[int]) -> bool:
        """Number and keep observations, and remove the sequences in gone; one commit.

        False when the file could not be written: what of gone is `in_file` must be given again then.
        """
        rows = tuple(
            Spooled(sequence, self._stream, observation)
            for sequence, observation in enumerate(observations, start=self.next_sequence)
        )
        if rows and self._file is None and not self._begun:
            self._numbered_from = rows[0].sequence
            self._begun = True
        self.next_sequence += len(rows)
        if self._file is None and self._monotonic() >= self._reopen_at:
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
        self.lose(len(everything) - len(kept))
        if not held:
            self._held_since = self._monotonic()
        with self._reading:
            self._held = kept
        return False

    def in_file(self, sequence: int) -> bool:
        """Whether the file may hold it; False for what only memory ever held."""
        return self._file is not None and sequence < self._file.next_sequence

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
                self._fail(str(error))
            return False
        self._note()
        with self._reading:
            self._held = ()
            self._unreadable -= unreadable
        self._lost = 0
        if unreadable:
            _log.error("%s: %d observations were damaged and are lost", self._path, len(unreadable))
        if self._failure is not None:
            _log.warning("%s: can be written again", self._path)
            self._failure = None
        self._overflowing = False
        if bool(dropped) != self._dropping:
            self._dropping = bool(dropped)
            if dropped:
                _log.error("%s: full or too old; the oldest observations are dropped", self._path)
        return True

    def _note(self) -> None:
        """Set the mark to where the file stands.

        The stream is this run's, which the file does not name before it holds an observation of it: a run that wrote
        none must not vouch for the stream before.
        """
        if (file := self._file) is not None:
            boot = self._now().boot
            self._mark.write(Record(str(self._stream), file.next_sequence, file.depth, file.dropped, boot))

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
                    self._read_failure = None
                except sqlite3.Error as error:
                    self.damaged = self.damaged or is_damage(error)
                    if str(error) != self._read_failure:
                        self._read_failure = str(error)
                        _log.error("%s: cannot be read: %s; what is in it is not sent", self._path, error)
        looked_at = len(rows) + len(damaged)
        if looked_at >= limit:
            return rows, max([row.sequence for row in rows] + damaged)
        rows += held[: limit - looked_at]
        return rows, rows[-1].sequence if looked_at + len(held) > limit else up_to

    def holding(self) -> bool:
        """Whether observations wait in memory for the file to work again."""
        return bool(self._held)

    def on_disk(self) -> bool:
        """False while the disk cannot be written and memory holds what comes."""
        return self._failure is None

    def depth(self) -> int:
        """Rows kept."""
        file = self._file
        return len(self._held) + (file.depth if file is not None else 0)

    def dropped(self) -> int:
        """Observations lost over the life of the spool."""
        file = self._file
        return self._lost + (file.dropped if file is not None else 0)

    def erased(self) -> int:
        """Observations of forgotten students, erased over the life of the spool."""
        file = self._file
        return file.erased if file is not None else 0

    def oldest_seconds(self) -> float:
        """How long the first one kept has waited; 0 when there is none. For the writing thread: it asks the file."""
        in_memory = self._monotonic() - self._held_since if self._held else 0.0
        try:
            return max(in_memory, self._file.oldest_seconds() if self._file is not None else 0.0)
        except sqlite3.Error:  # said by the next one who reads or writes
            return in_memory

    def forget(self, students: Mapping[str, int]) -> bool:
        """Erase what there is of students up to the sequence beside each, and its traces.

        False when the file could not be changed, or was tried a moment ago.
        """
        with self._reading:
            self._held = tuple(row for row in self._held if row.sequence > students.get(row.observation.student_id, 0))
        if self._file is None or self._monotonic() < self._erase_at:
            return False
        try:
            self._file.forget(students)
            self._file.erase_traces()
        except sqlite3.Error as error:
            self._erase_at = self._monotonic() + _ERASE_AGAIN_SECONDS
            if str(error) != self._not_erased:
                self._not_erased = str(error)
                _log.error(
                    "%s: observations of forgotten students (%d) are not sent, but not erased yet: %s; make room on "
                    "the disk, or mend it", self._path, len(students), error,
                )  # fmt: skip
            return False
        self._note()
        if self._not_erased is not None:
            _log.warning("%s: the observations of forgotten students are erased now", self._path)
            self._not_erased = None
        return True

    def lose(self, count: int) -> None:
        """Count observations that found no room in memory."""
        self._lost += count
        if count and not self._overflowing:
            self._overflowing = True
            _log.error("%s: memory is full too; the oldest observations are lost until it can be written", self._path)

    def erase_traces(self) -> None:
        """Leave nothing of removed rows in the file or its journal."""
        if self._file is not None:
            try:
                self._file.erase_traces()
            except sqlite3.Error as error:
                self._fail(str(error))

    def replace_damaged(self, reason: str) -> None:
        """Set the open file aside and begin another; sequences go on in another stream."""
        self.damaged = False
        with self._reading:
            if self._file is not None:
                self._lost += self._file.depth + self._file.dropped
                _log.error("%s: %d observations that waited in it are lost", self._path, self._file.depth)
                self._file.close()
                self._file = None
            self._unreadable.clear()
        self._set_aside(reason)
        self._stream = uuid.uuid4()
        self.open()

    def _set_aside(self, reason: str) -> bool:
        try:
            target = set_aside(self._path)
        except OSError as error:
            self._fail(f"damaged ({reason}), and cannot be renamed: {error.strerror}")
            return False
        _log.error(
            "%s: damaged (%s): set aside as %s, a new spool is begun; what it held is not sent. "
            "It may hold student IDs: delete it when it is not needed",
            self._path, reason, target.name,
        )  # fmt: skip
        return True

    def _fail(self, reason: str) -> None:
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
        self._note()
        with self._reading:
            if self._file is not None:
                self._file.close()
                self._file = None
