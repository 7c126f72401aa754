"""What a technician is told of a device."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central.complaints import complaints
from central.store.device_records import DeviceRecord, Rejected

NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
WELL: dict[str, Any] = {
    "camera": "working", "spool_storage": "disk", "spool_depth": 3, "spool_oldest_seconds": 1.0,
    "temperature_celsius": 61.0, "throttled_bits": 0, "disk_free_bytes": 20e9, "memory_available_bytes": 2e9,
    "authorisation_days_left": 200, "load_shed_level": 0, "hangs_last_day": 0,
}  # fmt: skip


def record(
    figures: dict[str, Any] | None = None,
    *,
    online: bool | None = True,
    health_at: datetime = NOW,
    missing: int = 0,
    rejected: dict[str, Rejected] | None = None,
) -> DeviceRecord:
    """A device in which all is well, but for what is given."""
    return DeviceRecord(
        "room-101", online, NOW - timedelta(hours=1), WELL | (figures or {}), health_at, 1000, missing, rejected or {}
    )


def told(found: DeviceRecord, certificate_expires: date | None = None) -> list[str]:
    return complaints(found, certificate_expires, NOW, ZoneInfo("Europe/Berlin"))


def test_device_in_which_all_is_well_is_not_complained_of() -> None:
    assert told(record(), date(2026, 12, 1)) == []


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"camera": "failed"}, "camera does not work"),
        ({"paused": "clock"}, "clock is not synchronised"),
        ({"paused": "authorisation"}, "authorisation has expired"),
        ({"authorisation_days_left": 30}, "authorisation ends in 30 days"),
        ({"authorisation_days_left": 0}, "authorisation ends today"),
        ({"hangs_last_day": 1}, "hung and was restarted once"),
        ({"spool_storage": "memory"}, "in memory only"),
        ({"spool_depth": 5000, "spool_oldest_seconds": 1800.0}, "5000 observations wait, the first for 30 minutes"),
        ({"temperature_celsius": 82.4}, "too hot (82 °C)"),
        ({"throttled_bits": 0b0100}, "too hot"),
        ({"throttled_bits": 0b0001}, "supply voltage"),
        ({"load_shed_level": 1}, "too slow"),
        ({"disk_free_bytes": 120e6}, "only 120 MB of disk"),
        ({"memory_available_bytes": 30e6}, "only 30 MB of memory"),
    ],
)
def test_a_figure_that_is_wrong_is_said_in_words(figures: dict[str, Any], words: str) -> None:
    (complaint,) = told(record(figures))
    assert words in complaint


@pytest.mark.parametrize(
    "figures",
    [
        {"authorisation_days_left": 31},
        {"camera": "closed", "load_shed_level": 0},
        {"spool_depth": 5000, "spool_oldest_seconds": 20.0},  # a full class a moment after the broker came back
        {"throttled_bits": 0b1111 << 16},  # since the boot, and no more
    ],
)
def test_what_passes_by_itself_is_not_complained_of(figures: dict[str, Any]) -> None:
    assert told(record(figures)) == []


def test_device_that_tells_nothing_of_its_temperature_is_not_hot() -> None:
    silent = DeviceRecord("room-101", True, NOW, {"version": "0.1.0"}, NOW, 0, 0, {})
    assert told(silent) == []


def test_offline_device_is_only_said_to_be_offline_in_the_schools_time() -> None:
    (complaint,) = told(record({"camera": "failed"}, online=False))
    assert "offline since 2026-03-02 09:15" in complaint


def test_device_that_is_online_and_says_nothing_more_is_named() -> None:
    (complaint,) = told(record(health_at=NOW - timedelta(hours=3)))
    assert "silent since 2026-03-02 07:15" in complaint


def test_device_whose_status_was_never_heard_is_named() -> None:
    (complaint,) = told(record(online=None))
    assert "never heard" in complaint


def test_erased_student_who_still_arrives_is_to_be_forgotten_there() -> None:
    lately = {"erased": Rejected(3, NOW - timedelta(hours=1))}
    (complaint,) = told(record(rejected=lately))
    assert "classpulse-edge forget" in complaint


def test_messages_that_were_rejected_days_ago_are_past() -> None:
    assert told(record(rejected={"payload": Rejected(9, NOW - timedelta(days=2))})) == []


@pytest.mark.parametrize(("missing", "complained"), [(9, 0), (90, 1)])
def test_missing_observations_are_named_once_they_are_more_than_a_few(missing: int, complained: int) -> None:
    assert len(told(record(missing=missing))) == complained


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        (date(2026, 3, 1), "expired on 2026-03-01"),
        (date(2026, 3, 2), "expires today"),
        (date(2026, 3, 3), "expires tomorrow"),
        (date(2026, 4, 1), "expires in 30 days"),
    ],
)
def test_certificate_that_ends_soon_is_named_in_time(expires: date, words: str) -> None:
    (complaint,) = told(record(), expires)
    assert words in complaint
    assert told(record(), date(2026, 4, 2)) == []


def test_certificate_ends_whether_or_not_the_device_is_there() -> None:
    assert len(told(record(online=False), date(2026, 3, 1))) == 2
