"""Devices, the audit log, the settings of the service."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime

from central.api.models.accounts import School
from central.api.models.base import Classroom, Model


class Device(Model):
    classroom: Classroom
    simulated: bool
    online: bool | None
    since: AwareDatetime | None
    health: dict[str, Any] | None
    """As `edge.wire` lists it: figures about the machine, nothing about people."""
    health_at: AwareDatetime | None
    received: int
    missing: int
    """Observations with a number that never came."""
    rejected: dict[str, int]
    """Messages, by reason."""
    certificate_expires: date | None
    """By the school's own authority, if its register lies with central."""
    complaints: list[str]
    """What a technician should look at, in words; empty: all is well."""


class AuditEntry(Model):
    number: int
    at: AwareDatetime
    account: str
    """`system` for what central does by itself."""
    action: str
    """Such as `student.view`, `student.erase`, `account.create`, `login`, `login.refused`."""
    subject: str
    """A student ID, an account, a classroom, or empty."""
    detail: str


class StoreFigures(Model):
    observations: int
    missing: int
    rejected: int
    bytes: int
    keep_days: float
    keep_minutes_days: float
    keep_hours_days: float
    keep_days_days: float


class SettingsView(Model):
    """Set in central.toml; shown so that people know."""

    school: School
    store: StoreFigures
    version: str
    broker: str
    broker_connected: bool
