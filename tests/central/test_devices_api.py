"""The classrooms' devices, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from central import authority
from central.arrivals import Rejection
from central.authority import opened
from central.certificate_dates import CertificateDates
from tests.central.lessons import Lessons
from tests.central.stored import NOW
from tests.central.web_clients import Dashboard


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    return Lessons(dashboard)


def test_technician_sees_how_a_device_is_and_what_is_wrong_with_it(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.status("room-101", True)
    lessons.health("room-101", version="0.1.0", camera="failed", spool_depth=4)
    lessons.observe("s-001")
    lessons.lose("room-101", 3)
    lessons.observe("s-001")
    dashboard.services.store.save([Rejection("room-101", "payload", "")], NOW)
    (device,) = dashboard.client("technician").get("/api/devices").json()
    assert (device["classroom"], device["online"], device["simulated"]) == ("room-101", True, False)
    assert device["health"] == {"version": "0.1.0", "camera": "failed", "spool_depth": 4}
    assert (device["received"], device["missing"], device["rejected"]) == (2, 3, {"payload": 1})
    assert device["health_at"] == "2026-03-02T09:15:31Z"
    assert any("camera" in complaint for complaint in device["complaints"])
    assert device["certificate_expires"] is None


def test_device_that_is_well_has_nothing_to_be_looked_at(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.status("simulated-1", True)
    lessons.health("simulated-1", camera="working")
    (device,) = dashboard.client("admin").get("/api/devices").json()
    assert (device["simulated"], device["complaints"]) == (True, [])


def test_certificate_that_ends_soon_is_shown_where_the_register_lies_here(tmp_path: Path, dashboard: Dashboard) -> None:
    authority.create(tmp_path / "pki", "Example School", None, NOW)
    with opened(tmp_path / "pki", None, NOW) as ca:
        ca.issue("room-101", "classroom", days=20)
    certificates = CertificateDates(tmp_path / "pki" / "registry.json")
    knowing = dashboard.but(certificates=certificates)
    Lessons(knowing).status("room-101", True)
    (device,) = knowing.client("technician").get("/api/devices").json()
    assert device["certificate_expires"] == f"{NOW + timedelta(days=20):%Y-%m-%d}"
    assert any("certificate expires in 20 days" in complaint for complaint in device["complaints"])
