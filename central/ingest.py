"""The one loop: messages become batches, a batch becomes a transaction, and only then is it acknowledged.

What is seen now goes first. What comes late is taken in small batches between: neither waits for the other's end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from central.arrivals import Arrival, Rejection, Status, read
from central.errors import StoreBusyError
from central.link import Link
from central.links import Links
from central.live import LivePicture
from central.retention import Retention
from central.store.kinds import KeptKind
from central.store.store import Store
from central.store.writer import Saved
from edge.clock import Clock
from edge.connection import Backoff
from edge.watchdog import Heartbeat

_log = logging.getLogger(__name__)

BATCH = 2000
"""Messages in a transaction at most."""
LATE_BATCH = 250
"""And of those that come late: the live picture waits so long behind a backlog."""
_IDLE_SECONDS = 0.2
_QUIET_SECONDS = 0.02
"""A batch is committed when nothing has come for so long: a lone message is not kept waiting."""
_LONGEST_SECONDS = 0.05
"""And nothing is waited for so long after its first message."""
_MOST_TOLD = 1000
"""Kinds of rejected messages that are logged: whoever may write to every topic could fill the journal."""


class Ingest:
    """Moves messages from the broker into the store, and keeps nothing of its own."""

    def __init__(
        self,
        links: Links,
        store: Store,
        live: LivePicture,
        keep: Mapping[KeptKind, timedelta],
        heartbeat: Heartbeat,
        clock: Clock,
        *,
        backoff: Backoff | None = None,
        most_told: int = _MOST_TOLD,
    ) -> None:
        """live: is fed with what was stored; keep: for how long what is stored is kept.

        backoff: of a store that cannot be written, 0.5 s to 5 s by default; most_told: kinds of rejected messages that
        are logged.
        """
        self._links, self._store, self._live, self._keep = links, store, live, keep
        self._heartbeat, self._clock = heartbeat, clock
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
                self._step(stop, each)
                self._retention.step(self._clock.now())
            else:
                self._links.idle(_IDLE_SECONDS)
            each()

    def _step(self, stop: threading.Event, each: Callable[[], None]) -> None:
        links = self._links
        live = self._gather(links.live, BATCH, _QUIET_SECONDS)
        self._save(live, links.live, stop, each)
        # Without waiting for more; and while there is no broker, one of the two says so.
        late = self._gather(links.late, LATE_BATCH, 0.0) if links.live.connected else []
        self._save(late, links.late, stop, each)
        links.part()
        if not live and not late:
            links.wait(_IDLE_SECONDS)

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

    def _gather(self, link: Link, most: int, quiet: float) -> list[Arrival]:
        """What is there, and what comes with pauses of quiet seconds at most; empty when there is nothing."""
        arrivals: list[Arrival] = []
        until = time.monotonic() + _LONGEST_SECONDS
        while len(arrivals) < most:
            message = link.receive(0.0)
            if message is None and arrivals and time.monotonic() < until:
                message = link.receive(quiet)
            if message is None:
                break
            arrival = read(message, self._clock.now(), self._keep["observation"])
            if isinstance(arrival, Rejection):
                self._tell(arrival)
            arrivals.append(arrival)
        return arrivals

    def _save(self, arrivals: list[Arrival], link: Link, stop: threading.Event, each: Callable[[], None]) -> None:
        """Commit and acknowledge; as long as the store refuses, the broker keeps what came."""
        if not arrivals:
            return
        while (saved := self._try_to_save(arrivals)) is None:
            each()
            self._links.idle(self._backoff.next())
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
        link.acknowledge()

    def _try_to_save(self, arrivals: list[Arrival]) -> Saved | None:
        """Commit, and show what is new; None when that is not possible now, and `failure` says why."""
        status = [arrival for arrival in arrivals if isinstance(arrival, Status)]
        with self._live.feeding:
            try:
                saved = self._store.save(arrivals, self._clock.now())
            except StoreBusyError as error:
                if self.failure is None:
                    _log.error("%s; nothing is acknowledged, the broker keeps what comes; trying again", error)
                self.failure = str(error)
                return None
            self._live.feed(saved.stored, status)
            return saved

    def _tell(self, rejection: Rejection) -> None:
        """Once for each reason and classroom; the store counts them all."""
        key = f"{rejection.classroom} {rejection.reason}"
        if key not in self._told and len(self._told) < self._most_told:
            self._told.add(key)
            _log.warning(
                "%s: %s; rejected, as more of this kind (%s) will be",
                rejection.classroom or "a message", rejection.text, rejection.reason,
            )  # fmt: skip
