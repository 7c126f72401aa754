"""What is set in the config, so that people know: for everybody who is logged in."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter

from central.api.access import Context, Viewer
from central.api.models.accounts import School
from central.api.models.machines import SettingsView, StoreFigures
from edge.version import installed_version

router = APIRouter(prefix="/api", tags=["settings"])


@router.get("/settings")
def show_settings(user: Viewer, services: Context) -> SettingsView:
    """Figures about the school's service, and nothing about people."""
    school, broker = services.settings.school, services.settings.mqtt.live()
    totals = services.store.totals()
    days = {kind: kept / timedelta(days=1) for kind, kept in services.settings.store.keeps.items()}
    return SettingsView(
        school=School(
            name=school.name,
            timezone=school.timezone,
            smallest_group=school.smallest_group,
            present_seconds=school.present_seconds,
        ),
        store=StoreFigures(
            observations=totals.received,
            missing=totals.missing,
            rejected=totals.rejected,
            bytes=services.store.bytes(),
            keep_days=days["observation"],
            keep_minutes_days=days["minute"],
            keep_hours_days=days["hour"],
            keep_days_days=days["day"],
        ),
        version=installed_version(),
        broker=broker.where,
        broker_connected=services.broker_connected(),
    )
