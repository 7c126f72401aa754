"""`classpulse-central serve`: what the classrooms publish, into the database and before people's eyes."""

from __future__ import annotations

import logging
import signal
import threading
import time

from central.api.app import create_app
from central.api.server import Entrance, WebServer
from central.config import Settings
from central.dashboard import Names, make_services, restored_picture
from central.errors import StoreBusyError
from central.ingest import Ingest
from central.link import Link
from central.links import Links
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
    """Until SIGTERM or SIGINT; to be called on the main thread.

    Raises StoreError when the database is unusable, WebError when the dashboard's port or certificate is.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Notifier(surroundings.notify_socket) as notifier:
        watchdog = Watchdog(notifier, surroundings.watchdog_seconds)
        heartbeats = watchdog.heartbeat("ingest", _LONGEST_STEP), watchdog.heartbeat("web", _LONGEST_STEP)
        # Before the store, which brings the tables up to date: after that the version before this one, to which an
        # upgrade that fails goes back, could not start any more.
        with watchdog, Entrance(settings.web) as entrance:
            store = _open(settings, stop, notifier)
            if store is None:
                notifier.stopping()
                return
            with store:
                _run(settings, stop, notifier, entrance, store, *heartbeats)


def _open(settings: Settings, stop: threading.Event, notifier: Notifier) -> Store | None:
    """The store, once it can be opened; None when stop came first. Raises StoreError when waiting is of no use."""
    backoff, said = Backoff(0.5, 5.0), False
    while not stop.is_set():
        try:
            store = Store(settings.store.path, settings.school.zone)
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


def _run(
    settings: Settings,
    stop: threading.Event,
    notifier: Notifier,
    entrance: Entrance,
    store: Store,
    ingesting: Heartbeat,
    web: Heartbeat,
) -> None:
    clock = SystemClock(settings.clock.synchronised)
    live = restored_picture(settings, store, clock)
    # Of the session for what comes late nothing is expected: to a database of an earlier version it is new.
    links = Links(Link(settings.mqtt.live(), expected=store.used), Link(settings.mqtt.late()))
    ingest = Ingest(links, store, live, settings.store.keeps, ingesting, clock)
    services = make_services(settings, store, live, clock, links, ingesting)
    status, names = _StatusLine(notifier, links, ingest, store), Names(store, live)

    def each_step() -> None:
        status.update()
        names.update()

    with WebServer(create_app(services), entrance, web, services.live_connections.close):
        threading.Thread(target=services.erasure.resume, name="erasure", daemon=True).start()
        _log.info("serving; the database is %s", settings.store.path)
        notifier.ready()
        try:
            ingest.run(stop, each_step)
        finally:
            notifier.stopping()
            links.close()
    _log.info("stopped; %d observations stored", ingest.observations)


class _StatusLine:
    """Tells systemd how it goes: at once when the broker or the database comes or goes, else every ten seconds."""

    def __init__(self, notifier: Notifier, links: Links, ingest: Ingest, store: Store) -> None:
        self._notifier, self._links, self._ingest, self._store = notifier, links, ingest, store
        self._told: tuple[bool, bool] | None = None
        self._told_at, self._told_observations = time.monotonic(), 0

    def update(self) -> None:
        now = time.monotonic()
        state = (self._links.connected, self._ingest.failure is None)
        if state == self._told and now - self._told_at < _STATUS_SECONDS:
            return
        stored = self._ingest.observations
        rate = (stored - self._told_observations) / max(now - self._told_at, 1e-3)
        self._told, self._told_at, self._told_observations = state, now, stored
        broker = "broker connected" if self._links.connected else "broker not connected"
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
