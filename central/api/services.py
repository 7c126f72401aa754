"""What a route may use: made once, by whoever starts the service, or by a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import CapacityLimiter

from central.accounts.audit import Audit
from central.accounts.directory import Accounts
from central.accounts.door import Door
from central.accounts.passwords import Passwords, owasp_hasher
from central.accounts.sessions import Sessions
from central.accounts.throttle import Throttle
from central.config import Settings
from central.store.store import Store

if TYPE_CHECKING:
    from central.api.metrics import Metrics
    from central.api.socket import LiveConnections
    from central.certificate_dates import CertificateDates
    from central.live import LivePicture
    from central.store.erasure import Erasure
    from central.store.history import History
    from central.store.records import Records
    from central.store.students import Students

DASHBOARD = Path(__file__).resolve().parent.parent / "static"
"""The dashboard as it is built."""


@dataclass(frozen=True)
class Reception:
    """Who may come in."""

    accounts: Accounts
    sessions: Sessions
    door: Door

    @classmethod
    def of(cls, store: Store, school: str, passwords: Passwords | None = None) -> Reception:
        """school: its name. passwords None: as OWASP recommends; a test may take a quicker one."""
        door = Door(store, passwords or Passwords(owasp_hasher()), Throttle(), school)
        return cls(Accounts(store), Sessions(store), door)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything behind the API."""

    settings: Settings
    store: Store
    clock: Callable[[], datetime]
    """Now: aware, UTC."""
    origins: frozenset[str]
    """Where a browser may have opened the dashboard, such as `https://classpulse.school.example`."""
    reception: Reception
    audit: Audit
    live: LivePicture
    history: History
    records: Records
    students: Students
    erasure: Erasure
    certificates: CertificateDates
    metrics: Metrics
    broker_connected: Callable[[], bool]
    ingest_alive: Callable[[], bool]
    live_connections: LiveConnections
    erasing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """Of worker threads for erasures, which take long, and go one after the other: they take none of the others'."""
    static: Path = DASHBOARD
