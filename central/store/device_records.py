"""What is known of each classroom's device, and of how much of what it sent arrived: reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from central.store.losses import losses_by_classroom
from central.store.tables import devices, rejections


@dataclass(frozen=True)
class Rejected:
    """Messages of a classroom that were not stored, for one reason."""

    count: int
    last_at: datetime


@dataclass(frozen=True)
class DeviceRecord:
    """A classroom's device, as central knows it."""

    classroom: str
    online: bool | None
    """None: its status was never heard."""
    since: datetime | None
    health: dict[str, Any] | None
    """As `edge.wire.decode_health` gave it."""
    health_at: datetime | None
    received: int
    missing: int
    """As `Totals` has them."""
    rejected: Mapping[str, Rejected]
    """By reason (`central.arrivals.Reason`)."""


def device_records(connection: sa.Connection) -> list[DeviceRecord]:
    """One of each classroom that was ever heard of, by name."""
    known = {row.classroom: row for row in connection.execute(sa.select(devices))}
    counted = {row.classroom: row for row in connection.execute(losses_by_classroom())}
    rejected: defaultdict[str, dict[str, Rejected]] = defaultdict(dict)
    columns = (rejections.c.classroom, rejections.c.reason, rejections.c.count, rejections.c.last_at)
    for classroom, reason, count, last_at in connection.execute(sa.select(*columns)):
        if classroom:  # else its topic named none
            rejected[classroom][reason] = Rejected(count, last_at)
    return [
        _record(classroom, known.get(classroom), counted.get(classroom), rejected.get(classroom, {}))
        for classroom in sorted(known.keys() | counted.keys() | rejected.keys())
    ]


def _record(classroom: str, known: Any, counted: Any, rejected: Mapping[str, Rejected]) -> DeviceRecord:
    return DeviceRecord(
        classroom=classroom,
        online=known.online if known else None,
        since=known.status_since if known else None,
        health=known.health if known else None,
        health_at=known.health_at if known else None,
        received=int(counted.received) if counted else 0,
        missing=int(counted.missing) if counted else 0,
        rejected=rejected,
    )
