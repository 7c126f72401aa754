"""A dashboard's server side on a real database, and people who are logged in to it.

    def test_a_technician_sees_no_labels(dashboard: Dashboard) -> None:
        assert dashboard.client("technician").get("/api/overview").status_code == 403

`dashboard` is a fixture of tests/central/conftest.py. What the server knows is behind `dashboard.services`; its clock
stands still until a test moves `dashboard.now`. A client is Starlette's `TestClient`: it has the cookie of its session,
and sends the CSRF token and the Origin with everything.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from central.accounts.audit import SYSTEM, Audit, append
from central.accounts.passwords import Passwords
from central.accounts.sessions import Role
from central.api.app import create_app
from central.api.metrics import Metrics, Sources
from central.api.origins import allowed_origins
from central.api.services import Reception, Services
from central.api.socket import LiveConnections
from central.certificate_dates import CertificateDates
from central.config import MqttSettings, SchoolSettings, Settings, StoreSettings, WebSettings
from central.live import LivePicture
from central.store.erasure import Erasure
from central.store.history import History
from central.store.records import Records
from central.store.store import Store
from central.store.students import Students
from tests.central.stored import NOW

PASSWORD = "correct horse battery staple"


def quick_passwords() -> Passwords:
    """Argon2id all the same, but without the work that is to slow guessers down."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Dashboard:
    """The app, and how to come in."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.now = NOW
        self.broker_connected = True
        self.services = services_over(store, settings, lambda: self.now, lambda: self.broker_connected)
        self.app = create_app(self.services)
        self.origin = min(self.services.origins)
        """Where browsers have it open."""

    def but(self, **changes: Any) -> Dashboard:
        """The same, with some of the services others."""
        other = copy.copy(self)
        other.services = replace(self.services, **changes)
        other.app = create_app(other.services)
        return other

    def stranger(self, address: str = "192.0.2.7") -> TestClient:
        """A browser without a session, with the dashboard open. address: of its machine."""
        return TestClient(self.app, base_url=self.origin, headers={"Origin": self.origin}, client=(address, 50000))

    def client(
        self, role: Role, *, groups: Iterable[str] = (), name: str | None = None, note: bool = True
    ) -> TestClient:
        """Somebody who is logged in. name: default is the role; note: they have accepted the legal note."""
        account = name or role
        accounts = self.services.reception.accounts
        invitation = accounts.create(SYSTEM, account, role, groups, self.now)
        client = self.stranger()
        answer = client.post("/api/invitation", json={"token": invitation.token, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        if note:
            assert client.post("/api/session/legal-note").status_code == 200
        return client


@contextmanager
def open_dashboard(
    folder: Path, *, school: SchoolSettings | None = None, web: WebSettings | None = None
) -> Iterator[Dashboard]:
    """One on a new database in folder."""
    settings = Settings(
        MqttSettings(host="127.0.0.1", tls=False),
        StoreSettings(folder / "central.db"),
        web=web or WebSettings(),
        school=school or SchoolSettings(),
    )
    if not settings.store.path.exists():
        settings.store.path.write_bytes(_new_database())
    with Store(settings.store.path, settings.school.zone) as store:
        yield Dashboard(store, settings)


@cache
def _new_database() -> bytes:
    """An empty one, whose tables are made only once: that takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        Store(path).__exit__(None, None, None)
        return path.read_bytes()


def services_over(
    store: Store, settings: Settings, clock: Callable[[], datetime], broker_connected: Callable[[], bool]
) -> Services:
    """As `serve` makes them, but for passwords that are quick to hash, and a broker that is never asked."""
    live, connections = LivePicture(settings.school.present, clock), LiveConnections()
    return Services(
        settings=settings,
        store=store,
        clock=clock,
        origins=allowed_origins(settings.web),
        reception=Reception.of(store, settings.school.name, quick_passwords()),
        audit=Audit(store),
        live=live,
        history=History(store, settings.school.zone),
        records=Records(store),
        students=Students(store),
        erasure=Erasure(store, clock, note=append, hide=live.erase, retained=lambda _: None),
        certificates=CertificateDates(settings.school.certificate_register),
        metrics=Metrics(Sources.of(store, broker_connected, lambda: connections.count)),
        broker_connected=broker_connected,
        ingest_alive=lambda: True,
        live_connections=connections,
    )
