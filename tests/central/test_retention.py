"""What is deleted when, and what a clock that is wrong does to that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from central.retention import Retention
from central.store.store import Store
from tests.central.stored import NOW, rows, seen


def test_old_observations_are_deleted_in_small_batches_and_are_not_missing_afterwards(store: Store, path: Path) -> None:
    old = NOW - timedelta(days=91)
    store.save([seen(number, at=old) for number in range(1, 3001)] + [seen(3001)], NOW)
    retention = Retention(store, timedelta(days=90))
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
    retention = Retention(store, timedelta(days=30), lambda: uptime[0])
    for _ in range(3):
        retention.step(NOW + timedelta(days=40))
        uptime[0] += 3600
    assert store.newest_observed() == NOW
    assert [record.getMessage().count("2026-04-11 by this machine's clock") for record in caplog.records] == [1]
    retention.step(NOW + timedelta(days=2))  # set right again
    assert store.newest_observed() == NOW
    assert store.delete_observed_before(NOW, 10) == 0  # the old one went


def test_a_clock_that_falls_back_deletes_nothing_and_does_not_stop_the_deleting_afterwards(store: Store) -> None:
    store.save([seen(1, at=NOW - timedelta(days=31)), seen(2)], NOW)
    uptime = [0.0]
    retention = Retention(store, timedelta(days=30), lambda: uptime[0])
    retention.step(NOW - timedelta(days=100))
    uptime[0] += 600
    retention.step(NOW)
    assert store.delete_observed_before(NOW, 10) == 0


def test_the_last_observations_of_a_term_go_when_they_are_due(store: Store) -> None:
    store.save([seen(1), seen(2, at=NOW + timedelta(minutes=5))], NOW)
    uptime = [0.0]
    retention = Retention(store, timedelta(days=30), lambda: uptime[0])
    for minutes in range(0, 20, 10):
        retention.step(NOW + timedelta(days=30, minutes=minutes))
        uptime[0] += 600
    assert store.newest_observed() is None


class Uptime:
    """A process's clock, from its start on."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_doubt_about_the_date_keeps_nothing_for_longer_than_a_week_of_running(store: Store) -> None:
    store.save([seen(1)], NOW)
    for day in range(14):  # switched on again after the holidays, and off every night
        assert store.newest_observed() == NOW
        uptime = Uptime()
        retention = Retention(store, timedelta(days=30), uptime)
        for hours in (0, 4, 12):
            uptime.seconds = hours * 3600.0
            retention.step(NOW + timedelta(days=50 + day, hours=hours))
    assert store.newest_observed() is None


def test_a_doubt_that_was_settled_does_not_count_for_the_next_one(store: Store) -> None:
    store.save([seen(1)], NOW)
    for jump in (50, 10, 50):  # days; the clock is set right in between
        uptime = Uptime()
        retention = Retention(store, timedelta(days=30), uptime)
        for day in range(6):
            uptime.seconds = day * 86_400.0
            retention.step(NOW + timedelta(days=jump + day))
    assert store.newest_observed() == NOW
