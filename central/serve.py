"""`classpulse-central serve`: what the classrooms publish, into the database."""

from __future__ import annotations

import logging
import signal
import threading
import time
from pathlib import Path

from central.config import Settings
from central.errors import StoreBusyError
from central.ingest import Ingest
from central.link import Link
from central.store.store import Store
from edge.clock import SystemClock
from edge.config import ServiceEnvironment
from edge.connection import Backoff
from edge.notify import Notifier
from edge.watchdog import Heartbeat, Watchdog

_log = logging.getLogger(__name__)

_LONGEST_STEP = 90.0
"""Seconds. A name server that does not answer holds a connection up for thirty; what takes longer hangs."""
_STATUS_SECONDS = 10.0


def serve(settings: Settings, surroundings: ServiceEnvironment) -> None:
    """Until SIGTERM or SIGINT; to be called on the main thread. Raises StoreError when the database is unusable."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Notifier(surroundings.notify_socket) as notifier:
        watchdog = Watchdog(notifier, surroundings.watchdog_seconds)
        heartbeat = watchdog.heartbeat("ingest", _LONGEST_STEP)
        with watchdog:
            store = _open(settings.store.path, stop, notifier)
            if store is None:
                notifier.stopping()
                return
            with store:
                _run(settings, stop, notifier, store, heartbeat)


def _open(path: Path, stop: threading.Event, notifier: Notifier) -> Store | None:
    """The store, once it can be opened; None when stop came first. Raises StoreError when waiting is of no use."""
    backoff, said = Backoff(0.5, 5.0), False
    while not stop.is_set():
        try:
            store = Store(path)
        except StoreBusyError as error:
            # Ready to wait: a failed start would be counted, and after some of them there would be no more.
            notifier.ready()
            notifier.status(f"broker not connected; {error}")
            if not said:
                said = True
                _log.error("%s; the broker keeps what comes; trying again", error)
            stop.wait(backoff.next())
        else:
            if said:
                _log.warning("the database can be used again")
            return store
    return None


def _run(settings: Settings, stop: threading.Event, notifier: Notifier, store: Store, heartbeat: Heartbeat) -> None:
    link = Link(settings.mqtt.broker(), expected=store.used)
    ingest = Ingest(link, store, settings.store.keep, heartbeat, SystemClock(settings.clock.synchronised))
    status = _StatusLine(notifier, link, ingest, store)
    _log.info("serving; the database is %s", settings.store.path)
    notifier.ready()
    try:
        ingest.run(stop, status.update)
    finally:
        notifier.stopping()
        link.close()
    _log.info("stopped; %d observations stored", ingest.observations)


class _StatusLine:
    """Tells systemd how it goes: at once when the broker or the database comes or goes, else every ten seconds."""

    def __init__(self, notifier: Notifier, link: Link, ingest: Ingest, store: Store) -> None:
        self._notifier, self._link, self._ingest, self._store = notifier, link, ingest, store
        self._told: tuple[bool, bool] | None = None
        self._told_at, self._told_observations = time.monotonic(), 0

    def update(self) -> None:
        now = time.monotonic()
        state = (self._link.connected, self._ingest.failure is None)
        if state == self._told and now - self._told_at < _STATUS_SECONDS:
            return
        stored = self._ingest.observations
        rate = (stored - self._told_observations) / max(now - self._told_at, 1e-3)
        self._told, self._told_at, self._told_observations = state, now, stored
        broker = "broker connected" if self._link.connected else "broker not connected"
        self._notifier.status(f"{broker}; {self._ingest.failure or self._figures(rate)}")

    def _figures(self, rate: float) -> str:
        try:
            totals = self._store.totals()
        except StoreBusyError as error:
            return str(error)
        return (
            f"{rate:.1f} observations/s; {totals.received} received, {totals.missing} missing, "
            f"{totals.rejected} messages rejected"
        )
