"""Observations that the broker has not acknowledged yet, kept on disk.

The pipeline hands observations over and goes on; a thread of the spool's own writes them, one
commit per hand-over, so that a disk that stalls, fills up or fails never reaches the pipeline.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.clock import SystemClock
from edge.config import SpoolSettings
from edge.errors import SpoolError
from edge.records import Observation
from edge.spool_age import Moment, moments
from edge.spool_file import Spooled
from edge.spool_store import MAX_IN_MEMORY, NO_END, SpoolStore
from edge.watchdog import Heartbeat
from edge.wire import encode

__all__ = ["LIVE_SECONDS", "NO_END", "Spool", "SpoolStatus", "Spooled"]

_log = logging.getLogger(__name__)

LIVE_SECONDS = 10.0
"""An observation handed over longer ago is late: it is no longer what is seen now."""
_ERASE_SECONDS = 60.0
"""What was acknowledged is gone from the disk after this time at most; each time costs the card a few writes."""
_REMOVE_SECONDS = 15.0
"""Longer than a report interval, so that removals usually travel with the next hand-over's commit."""
_REMOVE_ROWS = 1000
_TIDY_SECONDS = 3600.0
"""Between looks for what is too old, where nothing else is written."""


@dataclass(frozen=True)
class SpoolStatus:
    """For health: how much waits."""

    depth: int
    """Observations not yet acknowledged."""
    oldest_seconds: float
    """How long the first of them has waited, to some 15 s; 0 when there is none."""
    dropped: int
    """Lost to the bounds or to damage over the life of the spool."""
    erased: int
    """Erased over the life of the spool because a student was forgotten."""
    on_disk: bool
    """False while the disk cannot be written and memory holds what comes."""


class Spool:
    """A durable queue of observations; a context manager."""

    def __init__(
        self,
        settings: SpoolSettings,
        monotonic: Callable[[], float] = time.monotonic,
        heartbeat: Heartbeat | None = None,
        now: Callable[[], Moment] | None = None,
    ) -> None:
        """monotonic: the clock for short waits, and for what is late.

        heartbeat: of the writing thread, for the watchdog. now: the clocks that decide what is too old; by default
        this machine's, all of them believed.
        """
        self._heartbeat = heartbeat or Heartbeat("spool", float("inf"))
        self._path = settings.path
        self._monotonic = monotonic
        self._store = SpoolStore(
            settings.path,
            timedelta(days=settings.max_age_days),
            settings.max_megabytes * 1_000_000,
            now or moments(SystemClock("assumed")),
            monotonic,
        )
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._lock_file: int | None = None
        self._listener: Callable[[], None] | None = None
        self._changed = threading.Condition()
        """Guards everything below; never held while the disk is used."""
        self._incoming: deque[tuple[Observation, float]] = deque()
        self._overflowed = 0
        self._acknowledged: set[int] = set()
        self._handed_over: deque[tuple[int, float]] = deque()
        """Last sequence and time of the calls of `put` that are not late yet."""
        self._late_up_to = NO_END
        """Until the file is open everything in it is late."""
        self._numbered_up_to = NO_END
        """The last sequence that is given out; until the file is open nobody knows."""
        self._forgetting: dict[str, int] = {}
        """Students whose rows up to that sequence are not given out any more, and not erased yet: the later ones are
        of a student who was enrolled again."""
        self._oldest: tuple[float, float] | None = None
        """How long the first one had waited, and when that was looked up; None: there was none."""
        self.erasures = 0
        """Counts the calls of `forget`: what was read before the last one is to be read again."""
        self._failed = False
        self._tidy_at = time.monotonic() + _TIDY_SECONDS
        self._writing = True
        self._closing = False

    def __enter__(self) -> Self:
        """Start. Raises SpoolError when another process uses the same spool."""
        self._lock_file = _lock(self._path)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout=10.0)
        if self._thread.is_alive():
            _log.error("%s: the disk does not answer; the last observations may be lost", self._path)
        elif self._lock_file is not None:
            os.close(self._lock_file)

    def put(self, observations: Iterable[Observation]) -> None:
        """Hand over what was observed; returns at once. One call is one commit.

        Raises WireError for an observation that may not leave, and takes none of the call then.
        """
        now = self._monotonic()
        batch = list(observations)
        for observation in batch:
            encode(observation)
        with self._changed:
            self._incoming.extend((observation, now) for observation in batch)
            while len(self._incoming) > MAX_IN_MEMORY:
                self._incoming.popleft()
                self._overflowed += 1
            self._changed.notify_all()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call listener, on the spool's thread, whenever there is something new to read."""
        self._listener = listener

    def pending(self, after: int, limit: int, up_to: int = NO_END) -> list[Spooled]:
        """Up to limit observations with after < sequence <= up_to that are not acknowledged, in order."""
        while True:
            rows, looked_at = self._store.read(after, up_to, limit)
            with self._changed:
                waiting = [
                    row
                    for row in rows
                    if row.sequence not in self._acknowledged
                    and row.sequence > self._forgetting.get(row.observation.student_id, 0)
                ]
            if waiting or looked_at >= up_to:
                return waiting
            after = looked_at

    def acknowledge(self, sequence: int) -> None:
        """The broker has it: `pending` no longer gives it, and the disk forgets it within a minute or so."""
        with self._changed:
            self._acknowledged.add(sequence)
            if len(self._acknowledged) in (1, _REMOVE_ROWS):  # the first one starts the writer's clock
                self._changed.notify_all()

    def forget(self, students: Collection[str]) -> None:
        """Give out no observation that there is of students, and erase them; returns at once."""
        with self._changed:
            self._incoming = deque(item for item in self._incoming if item[0].student_id not in students)
            self._forgetting |= dict.fromkeys(students, self._numbered_up_to)
            self.erasures += 1
            self._failed = False
            self._changed.notify_all()

    def late_up_to(self) -> int:
        """The last sequence that is late: from before this process, or handed over `LIVE_SECONDS` ago."""
        with self._changed:
            self._pass_what_is_late()
            return self._late_up_to

    def _pass_what_is_late(self) -> None:
        newest_late = self._monotonic() - LIVE_SECONDS
        while self._handed_over and self._handed_over[0][1] <= newest_late:
            self._late_up_to = self._handed_over.popleft()[0]

    def flush(self, timeout: float) -> bool:
        """Wait until everything handed over can be read, and who was forgotten is erased if the disk allows.

        False when timeout seconds were not enough.
        """
        with self._changed:
            return self._changed.wait_for(self._settled, timeout)

    def _settled(self) -> bool:
        return not (self._writing or self._incoming or (self._forgetting and not self._failed))

    def status(self) -> SpoolStatus:
        """For the pipeline too: it asks no disk, which might hang."""
        depth, dropped = self._store.depth(), self._store.dropped()
        with self._changed:
            depth += len(self._incoming) - len(self._acknowledged)
            dropped += self._overflowed
            waited, looked_up_at = self._oldest or (0.0, self._monotonic())
        return SpoolStatus(
            depth=max(0, depth),
            oldest_seconds=waited + self._monotonic() - looked_up_at if depth > 0 else 0.0,
            dropped=dropped,
            erased=self._store.erased(),
            on_disk=self._store.on_disk(),
        )

    def _run(self) -> None:
        self._heartbeat.beat()
        self._store.open()
        with self._changed:
            self._late_up_to = self._numbered_up_to = self._store.next_sequence - 1
            self._forgetting = dict.fromkeys(self._forgetting, self._numbered_up_to)
        self._look_up_oldest()
        erase_at: float | None = None
        while self._wait(erase_at):
            if self._store.damaged:
                self._store.replace_damaged("it cannot be read")
            if self._write_once() and erase_at is None:
                erase_at = time.monotonic() + _ERASE_SECONDS
            if erase_at is not None and time.monotonic() >= erase_at:
                self._store.erase_traces()
                erase_at = None
            self._look_up_oldest()
            if self._listener is not None:
                self._listener()
        self._write_once()
        self._store.erase_traces()
        self._store.close()
        self._heartbeat.rest()

    def _look_up_oldest(self) -> None:
        waited = self._store.oldest_seconds()
        with self._changed:
            self._oldest = (waited, self._monotonic()) if self._store.depth() else None

    def _wait(self, erase_at: float | None) -> bool:
        """Sleep until there is work; False when it is time to close."""
        settle_at = time.monotonic() + _REMOVE_SECONDS
        self._heartbeat.rest()
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            while not (self._closing or self._incoming or self._store.damaged):
                if self._forgetting and not self._failed:
                    break
                if len(self._acknowledged) >= _REMOVE_ROWS and not self._failed:
                    break
                due = [erase_at] if erase_at is not None else []
                if self._acknowledged or self._forgetting or self._store.holding():
                    due.append(settle_at)
                elif self._store.depth():
                    due.append(self._tidy_at)
                patience = min(due) - time.monotonic() if due else None
                if patience is not None and patience <= 0:
                    break
                self._changed.wait(patience)
            self._heartbeat.beat()
            self._writing = True
            return not self._closing

    def _write_once(self) -> bool:
        """Carry hand-overs and acknowledgements to the store; True when something was removed there."""
        with self._changed:
            batch = list(self._incoming)
            self._incoming.clear()
            overflowed, self._overflowed = self._overflowed, 0
            gone, forgetting = frozenset(self._acknowledged), dict(self._forgetting)
            self._numbered_up_to = self._store.next_sequence + len(batch) - 1
            last_of_call = {at: sequence for sequence, (_, at) in enumerate(batch, start=self._store.next_sequence)}
            self._handed_over.extend((sequence, at) for at, sequence in last_of_call.items())
            self._pass_what_is_late()  # here too: without a broker nobody asks
        self._store.lose(overflowed)
        forgot = not forgetting or self._store.forget(forgetting)
        if forgot:
            with self._changed:
                self._forgetting = {
                    student: up_to for student, up_to in self._forgetting.items() if up_to > forgetting.get(student, 0)
                }
        if not (batch or gone or self._store.holding() or time.monotonic() >= self._tidy_at):
            self._failed = not forgot
            return False
        self._tidy_at = time.monotonic() + _TIDY_SECONDS
        written = self._store.write([observation for observation, _ in batch], gone)
        self._failed = not (written and forgot)
        with self._changed:
            self._acknowledged -= (
                gone if written else {sequence for sequence in gone if not self._store.in_file(sequence)}
            )
        return written and bool(gone)


def _lock(path: Path) -> int | None:
    """Keep other processes away from the spool: two would number their observations alike.

    None where no lock file can be made: the disk is not writable, and the spool will say so.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SpoolError(
            f"{path}: another classpulse-edge uses this spool; stop it or set another spool.path"
        ) from error
    return descriptor
