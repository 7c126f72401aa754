"""The one loop: messages become batches, a batch becomes a transaction, and only then is it acknowledged."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from central.arrivals import Arrival, Rejection, read
from central.errors import StoreBusyError
from central.link import Link
from central.retention import Retention
from central.store.store import Store
from edge.clock import Clock
from edge.connection import Backoff
from edge.watchdog import Heartbeat

_log = logging.getLogger(__name__)

BATCH = 1000
"""Messages in a transaction at most."""
_IDLE_SECONDS = 0.2
_QUIET_SECONDS = 0.02
"""A batch is committed when nothing has come for so long: a lone message is not kept waiting."""
_LONGEST_SECONDS = 0.1
"""And so long after its first message at the latest."""
_MOST_TOLD = 1000
"""Kinds of rejected messages that are logged: whoever may write to every topic could fill the journal."""


class Ingest:
    """Moves messages from the broker into the store, and keeps nothing of its own."""

    def __init__(
        self,
        link: Link,
        store: Store,
        keep: timedelta,
        heartbeat: Heartbeat,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
        most_told: int = _MOST_TOLD,
    ) -> None:
        """keep: older observations are deleted; backoff: of a store that cannot be written, 0.5 s to 5 s by default.

        most_told: kinds of rejected messages that are logged.
        """
        self._link, self._store, self._heartbeat, self._clock = link, store, heartbeat, clock
        self._keep = keep
        self._retention = Retention(store, keep)
        self._backoff = backoff or Backoff(0.5, 5.0)
        self._told: set[str] = set()
        self._most_told = most_told
        self.observations = 0
        """Stored by this process."""
        self.repeats = 0
        self.failure: str | None = None
        """Why nothing can be stored now."""

    def run(self, stop: threading.Event, each: Callable[[], None] = lambda: None) -> None:
        """Until stop is set; each: called after every step, and after every attempt of one."""
        while not stop.is_set():
            self._heartbeat.beat()
            if self._clock_is_right():
                arrivals = self._gather()
                if arrivals:
                    self._save(arrivals, stop, each)
                self._retention.step(self._clock.now())
            else:
                self._link.idle(_IDLE_SECONDS)
            each()

    def _clock_is_right(self) -> bool:
        """Without that, what is fetched could be rejected for its date, and what is stored deleted."""
        if not self._clock.synchronised():
            if self.failure is None:
                self.failure = "the clock is not synchronised"
                _log.warning(
                    "%s, so that nothing is fetched from the broker and nothing deleted; check that a time server can "
                    'be reached (timedatectl), or write clock.synchronised = "assumed" where the clock is right '
                    "without one", self.failure,
                )  # fmt: skip
            return False
        if self.failure is not None:
            self.failure = None
            _log.info("the clock is synchronised")
        return True

    def _gather(self) -> list[Arrival]:
        """The next batch; empty when nothing came for a moment."""
        arrivals: list[Arrival] = []
        until = 0.0
        while len(arrivals) < BATCH:
            message = self._link.receive(_QUIET_SECONDS if arrivals else _IDLE_SECONDS)
            if message is None:
                break
            if not arrivals:
                until = time.monotonic() + _LONGEST_SECONDS
            arrival = read(message, self._clock.now(), self._keep)
            if isinstance(arrival, Rejection):
                self._tell(arrival)
            arrivals.append(arrival)
            if time.monotonic() >= until:
                break
        return arrivals

    def _save(self, arrivals: list[Arrival], stop: threading.Event, each: Callable[[], None]) -> None:
        """Commit and acknowledge; as long as the store refuses, the broker keeps what came."""
        while True:
            try:
                saved = self._store.save(arrivals, self._clock.now())
            except StoreBusyError as error:
                if self.failure is None:
                    _log.error("%s; nothing is acknowledged, the broker keeps what comes; trying again", error)
                self.failure = str(error)
            else:
                break
            each()
            self._link.idle(self._backoff.next())
            if stop.is_set():
                return
            self._heartbeat.beat()
        if self.failure is not None:
            self.failure = None
            self._backoff.reset()
            _log.warning("the database can be written again")
        self.observations += saved.observations
        self.repeats += saved.repeats
        for rejection in saved.refused:
            self._tell(rejection)
        self._link.acknowledge()

    def _tell(self, rejection: Rejection) -> None:
        """Once for each reason and classroom; the store counts them all."""
        key = f"{rejection.classroom} {rejection.reason}"
        if key not in self._told and len(self._told) < self._most_told:
            self._told.add(key)
            _log.warning(
                "%s: %s; rejected, as more of this kind (%s) will be",
                rejection.classroom or "a message", rejection.text, rejection.reason,
            )  # fmt: skip
