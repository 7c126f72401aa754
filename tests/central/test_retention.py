"""What is deleted when, and what a clock that is wrong does to that."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.retention import Retention
from central.store.expiry import Expiry
from central.store.kinds import KeptKind
from central.store.store import Store
from tests.central.stored import KEEP, NOW, rows, seen

OBSERVATIONS: dict[KeptKind, timedelta] = {"observation": timedelta(days=30)}
"""Nothing else is deleted."""
ROLLUPS = {"minutes", "hours", "days"}


def test_old_observations_are_deleted_in_small_batches_and_are_not_missing_afterwards(store: Store, path: Path) -> None:
    old = NOW - timedelta(days=91)
    store.save([seen(number, at=old) for number in range(1, 3001)] + [seen(3001)], NOW)
    retention = Retention(store, {"observation": timedelta(days=90)})
    retention.step(NOW)
    assert rows(path, "SELECT count(*) FROM observations") == [(1001,)]
    retention.step(NOW)
    assert rows(path, "SELECT sequence FROM observations") == [(3001,)]
    assert store.totals().missing == 0


def test_a_clock_that_jumps_ahead_deletes_nothing_says_so_once_and_goes_on_when_it_is_right(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.save([seen(1, at=NOW - timedelta(days=29)), seen(2)], NOW)
    uptime = [0.0]
    retention = Retention(store, OBSERVATIONS, lambda: uptime[0])
    for _ in range(3):
        retention.step(NOW + timedelta(days=40))
        uptime[0] += 3600
    assert Expiry(store).newest("observation") == NOW
    assert [record.getMessage().count("2026-04-11 by this machine's clock") for record in caplog.records] == [1]
    retention.step(NOW + timedelta(days=2))  # set right again
    assert Expiry(store).newest("observation") == NOW
    assert Expiry(store).delete_before("observation", NOW, 10) == 0  # the old one went


def test_a_clock_that_falls_back_deletes_nothing_and_does_not_stop_the_deleting_afterwards(store: Store) -> None:
    store.save([seen(1, at=NOW - timedelta(days=31)), seen(2)], NOW)
    uptime = [0.0]
    retention = Retention(store, OBSERVATIONS, lambda: uptime[0])
    retention.step(NOW - timedelta(days=100))
    uptime[0] += 600
    retention.step(NOW)
    assert Expiry(store).delete_before("observation", NOW, 10) == 0


def test_the_last_observations_of_a_term_go_when_they_are_due(store: Store) -> None:
    store.save([seen(1), seen(2, at=NOW + timedelta(minutes=5))], NOW)
    uptime = [0.0]
    retention = Retention(store, OBSERVATIONS, lambda: uptime[0])
    for minutes in range(0, 20, 10):
        retention.step(NOW + timedelta(days=30, minutes=minutes))
        uptime[0] += 600
    assert Expiry(store).newest("observation") is None


class Uptime:
    """A process's clock, from its start on."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_doubt_about_the_date_keeps_nothing_for_longer_than_a_week_of_running(store: Store) -> None:
    store.save([seen(1)], NOW)
    for day in range(14):  # switched on again after the holidays, and off every night
        assert Expiry(store).newest("observation") == NOW
        uptime = Uptime()
        retention = Retention(store, OBSERVATIONS, uptime)
        for hours in (0, 4, 12):
            uptime.seconds = hours * 3600.0
            retention.step(NOW + timedelta(days=50 + day, hours=hours))
    assert Expiry(store).newest("observation") is None


def test_a_doubt_that_was_settled_does_not_count_for_the_next_one(store: Store) -> None:
    store.save([seen(1)], NOW)
    for jump in (50, 10, 50):  # days; the clock is set right in between
        uptime = Uptime()
        retention = Retention(store, OBSERVATIONS, uptime)
        for day in range(6):
            uptime.seconds = day * 86_400.0
            retention.step(NOW + timedelta(days=jump + day))
    assert Expiry(store).newest("observation") == NOW


def finish(retention: Retention, uptime: Uptime, now: datetime) -> None:
    """All that it does within an hour."""
    for _ in range(60):
        uptime.seconds += 60
        retention.step(now)


@pytest.mark.parametrize(
    ("days", "left"),
    [
        pytest.param(29.9, {"observations", "minutes", "hours", "days", "sightings"}, id="a month: all"),
        pytest.param(31, {"hours", "days", "sightings"}, id="a year: hours and days"),
        pytest.param(399, {"hours", "days", "sightings"}, id="the end of that"),
        pytest.param(401, {"days", "sightings"}, id="ten years: days"),
        pytest.param(3652, set(), id="nothing"),
    ],
)
def test_each_resolution_is_kept_for_its_own_time(store: Store, path: Path, days: float, left: set[str]) -> None:
    later = NOW + timedelta(days=days)
    store.save([seen(1), seen(2, at=later, classroom="room-102")], NOW)  # the newer one tells that the date is right
    uptime = Uptime()
    finish(Retention(store, KEEP, uptime), uptime, later)
    tables = {"observations": "observations", "sightings": "sightings"}
    tables |= {name: f"student_{name}" for name in ("minutes", "hours", "days")}
    of_student = "SELECT count(*) FROM {} WHERE student_id = 's-001'"
    assert {name for name, table in tables.items() if rows(path, of_student.format(table)) != [(0,)]} == left
    of_room = "SELECT count(*) FROM classroom_{} WHERE classroom = 'room-101'"
    assert {name for name in ROLLUPS if rows(path, of_room.format(name)) != [(0,)]} == left & ROLLUPS
    of_school = "SELECT count(*) FROM classroom_{} WHERE classroom = ''"
    assert [rows(path, of_school.format(name)) == [(2,)] for name in ROLLUPS] == [name in left for name in ROLLUPS]


def test_many_rows_of_all_kinds_go_a_little_at_a_time(store: Store, path: Path) -> None:
    store.save([seen(number, at=NOW - timedelta(days=4000)) for number in range(1, 3001)], NOW)
    store.save([seen(3001)], NOW)
    uptime, most = Uptime(), 0
    retention = Retention(store, KEEP, uptime)
    count = "SELECT (SELECT count(*) FROM observations) + (SELECT count(*) FROM student_minutes)"
    count += " + (SELECT count(*) FROM student_hours) + (SELECT count(*) FROM student_days)"
    before = 4 * 3001
    while before > 4:
        retention.step(NOW)
        ((now,),) = rows(path, count)
        most, before = max(most, before - int(str(now))), int(str(now))
    assert most == 2000
    assert store.totals().missing == 0


def test_a_doubt_about_one_kind_is_none_about_another(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.save([seen(1)], NOW)
    uptime = Uptime()
    finish(Retention(store, KEEP, uptime), uptime, NOW + timedelta(days=50))
    assert ["by the minute" in record.getMessage() for record in caplog.records] == [False, True]
    uptime = Uptime()
    retention = Retention(store, KEEP, uptime)
    for _ in range(8):  # after a week the finer ones go; of the hours nothing was doubted meanwhile
        uptime.seconds += 86_400
        finish(retention, uptime, NOW + timedelta(days=50))
    expiry = Expiry(store)
    assert (expiry.newest("observation"), expiry.newest("minute")) == (None, None)
    finish(retention, uptime, NOW + timedelta(days=500))
    assert expiry.newest("hour") is not None
    assert "count by the hour" in caplog.records[-1].getMessage()
