"""The classrooms' devices: machines, and nobody who is seen by them."""

from __future__ import annotations

from fastapi import APIRouter

from central.api.access import Context, DeviceViewer
from central.api.models.machines import Device
from central.complaints import complaints
from central.live import SIMULATED
from central.store.device_records import device_records

router = APIRouter(prefix="/api", tags=["devices"])


@router.get("/devices")
def devices(_: DeviceViewer, services: Context) -> list[Device]:
    """Every classroom that was ever heard of, by name, and what a technician should look at there."""
    now, zone = services.clock(), services.settings.school.zone
    expiries = services.certificates.by_classroom(zone)
    with services.store.reading() as connection:
        records = device_records(connection)
    return [
        Device(
            classroom=record.classroom,
            simulated=record.classroom.startswith(SIMULATED),
            online=record.online,
            since=record.since,
            health=record.health,
            health_at=record.health_at,
            received=record.received,
            missing=record.missing,
            rejected={reason: messages.count for reason, messages in record.rejected.items()},
            certificate_expires=expiries.get(record.classroom),
            complaints=complaints(record, expiries.get(record.classroom), now, zone),
        )
        for record in records
    ]
