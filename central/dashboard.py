"""What the dashboard's server side is made of, when `serve` starts it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from central.accounts.audit import Audit, append
from central.api.metrics import Metrics, Sources
from central.api.origins import allowed_origins
from central.api.services import Reception, Services
from central.api.socket import LiveConnections
from central.certificate_dates import CertificateDates
from central.config import Settings
from central.errors import StoreError
from central.links import Links
from central.live import LivePicture, Profile
from central.retained import RetainedSearch
from central.store.device_records import device_records
from central.store.erasure import Erasure
from central.store.history import History
from central.store.records import Records
from central.store.store import Store
from central.store.students import Person, Students
from edge.clock import Clock
from edge.watchdog import Heartbeat

_log = logging.getLogger(__name__)

_NAMES_SECONDS = 1.0
_BACK = timedelta(minutes=5)
"""So far is read back, when the service starts, since when a label has been the same."""


def restored_picture(settings: Settings, store: Store, clock: Clock) -> LivePicture:
    """The live picture as it was when the service ended. Raises StoreError."""
    live = LivePicture(settings.school.present, clock.now)
    with store.reading() as connection:
        devices = [(device.classroom, device.online, device.since) for device in device_records(connection)]
    observations = Records(store).live_since(clock.now() - max(_BACK, settings.school.present))
    live.restore(observations, devices, _profiles(Students(store).directory()))
    return live


class Names:
    """Tells the live picture of profiles that another process has written, as `students import` does."""

    def __init__(self, store: Store, live: LivePicture) -> None:
        self._students, self._live = Students(store), live
        self._known: Mapping[str, Person] = {}
        self._looked_at = -math.inf

    def update(self) -> None:
        """Once a second at most; a store that cannot be read now is read later."""
        now = time.monotonic()
        if now - self._looked_at < _NAMES_SECONDS:
            return
        self._looked_at = now
        try:
            people = self._students.directory()
        except StoreError as error:
            _log.debug("no names for now: %s", error)
            return
        if people is not self._known:
            self._known = people
            self._live.put_profiles(_profiles(people))


def _profiles(people: Mapping[str, Person]) -> Iterator[Profile]:
    return ((person.student_id, person.display_name, person.group) for person in people.values())


def make_services(
    settings: Settings, store: Store, live: LivePicture, clock: Clock, links: Links, ingest: Heartbeat
) -> Services:
    """ingest: whether that is alive is told to whoever asks. Raises StoreError, WebError."""
    connections = LiveConnections()
    everything = replace(settings.mqtt.live(), below="#")

    def broker_connected() -> bool:
        return links.connected

    return Services(
        settings=settings,
        store=store,
        clock=clock.now,
        origins=allowed_origins(settings.web),
        reception=Reception.of(store, settings.school.name),
        audit=Audit(store),
        live=live,
        history=History(store, settings.school.zone),
        records=Records(store),
        students=Students(store),
        erasure=Erasure(store, clock.now, note=append, hide=live.erase, retained=RetainedSearch(everything)),
        certificates=CertificateDates(settings.school.certificate_register),
        metrics=Metrics(Sources.of(store, broker_connected, lambda: connections.count)),
        broker_connected=broker_connected,
        ingest_alive=lambda: ingest.late(time.monotonic()) is None,
        live_connections=connections,
    )
