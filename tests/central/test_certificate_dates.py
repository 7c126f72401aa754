"""Until when certificates last, by the authority's own register."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central import authority
from central.authority import opened
from central.certificate_dates import CertificateDates

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority.create(tmp_path / "pki", "Example School", None, NOW)
    return tmp_path / "pki"


def test_a_classrooms_newest_certificate_that_is_not_revoked_counts(folder: Path) -> None:
    with opened(folder, None, NOW) as ca:
        ca.issue("room-101", "classroom", days=30)
        ca.issue("room-101", "classroom", days=60)
        ca.issue("room-102", "classroom", days=60)
        ca.revoke([ca.issue("room-102", "classroom", days=90).record.serial])
        ca.issue("broker.example", "broker", ["broker.example"])
    dates = CertificateDates(folder / "registry.json").by_classroom(UTC)
    sixty = (NOW + timedelta(days=60)).date()
    assert dates == {"room-101": sixty, "room-102": sixty}


def test_register_that_is_kept_elsewhere_tells_nothing() -> None:
    assert CertificateDates(None).by_classroom(UTC) == {}


def test_register_that_cannot_be_read_is_said_once_and_again_after_it_could(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    register = folder / "registry.json"
    content = register.read_bytes()
    dates = CertificateDates(register)
    with caplog.at_level(logging.WARNING):
        for text in (b"{", b"{", content, b"{"):
            register.write_bytes(text)
            assert dates.by_classroom(UTC) == {}
    assert [str(register) in message for message in caplog.messages] == [True, True]
