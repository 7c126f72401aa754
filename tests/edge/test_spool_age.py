"""What is too old, on clocks that are right, jump, or are off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.spool import Spool
from edge.spool_age import Moment, begin
from tests.edge.spooling import SECONDS, observations, students

DAY = 86_400.0
NOON = 1_800_000_000.0


class Device:
    """A spool on a device whose clocks and plug the test has in hand."""

    def __init__(self, path: Path) -> None:
        self.moment = Moment("boot-1", 100.0, NOON)
        self._path = path

    def spool(self) -> Spool:
        return Spool(SpoolSettings(path=self._path, max_age_days=1), now=lambda: self.moment)

    def run(self, seconds: float) -> None:
        wall = self.moment.wall + seconds if self.moment.wall is not None else None
        self.moment = replace(self.moment, uptime=self.moment.uptime + seconds, wall=wall)

    def step(self, seconds: float) -> None:
        """The system clock jumps."""
        assert self.moment.wall is not None
        self.moment = replace(self.moment, wall=self.moment.wall + seconds)

    def off_for(self, seconds: float) -> None:
        assert self.moment.wall is not None
        self.moment = Moment(self.moment.boot + "-next", 30.0, self.moment.wall + seconds + 30.0)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path / "spool.db")


def put(spool: Spool, number: int) -> None:
    spool.put(observations(1, first=number))
    assert spool.flush(SECONDS)


def test_what_waits_longer_than_the_bound_is_dropped_and_counted(device: Device) -> None:
    with device.spool() as spool:
        put(spool, 0)
        device.run(0.5 * DAY)
        put(spool, 1)
        device.run(0.5 * DAY - 60)
        put(spool, 2)
        assert students(spool) == ["s-000000", "s-000001", "s-000002"]
        assert spool.status().oldest_seconds == pytest.approx(DAY - 60, abs=15)
        device.run(120)
        put(spool, 3)
        assert students(spool) == ["s-000001", "s-000002", "s-000003"]
        assert spool.status().dropped == 1


@pytest.mark.parametrize("jump", [DAY, -DAY, 400 * DAY, -400 * DAY])
def test_a_clock_that_jumps_drops_nothing_and_keeps_nothing_longer(device: Device, jump: float) -> None:
    with device.spool() as spool:
        put(spool, 0)
        device.step(jump)
        put(spool, 1)
        device.run(0.9 * DAY)
        put(spool, 2)
        assert (students(spool), spool.status().dropped) == (["s-000000", "s-000001", "s-000002"], 0)
        device.run(0.2 * DAY)
        put(spool, 3)
        assert (students(spool), spool.status().dropped) == (["s-000002", "s-000003"], 2)


@pytest.mark.parametrize("jump", [DAY, -DAY, 400 * DAY])
def test_a_restart_of_the_daemon_believes_the_uptime_and_not_a_clock_that_jumped(device: Device, jump: float) -> None:
    with device.spool() as spool:
        put(spool, 0)
    device.step(jump)
    device.run(0.9 * DAY)
    with device.spool() as spool:
        put(spool, 1)
        assert len(students(spool)) == 2
        device.run(0.2 * DAY)
        put(spool, 2)
        assert students(spool) == ["s-000001", "s-000002"]


def test_time_switched_off_counts_but_leaves_a_backlog_hours_to_be_sent(device: Device) -> None:
    with device.spool() as spool:
        put(spool, 0)
    device.off_for(10 * DAY)
    with device.spool() as spool:
        put(spool, 1)
        assert len(students(spool)) == 2
        device.run(1800)
        put(spool, 2)
        assert len(students(spool)) == 3
        device.run(1800)
        put(spool, 3)
        assert students(spool)[0] == "s-000001"


def test_time_switched_off_is_not_forgotten_when_the_clock_comes_late_or_the_daemon_restarts(device: Device) -> None:
    with device.spool() as spool:
        put(spool, 0)
    device.off_for(2 * DAY)
    right, device.moment = device.moment, replace(device.moment, wall=None)
    with device.spool():
        device.run(600)
    device.moment = replace(right, uptime=right.uptime + 600, wall=(right.wall or 0) + 600)
    with device.spool() as spool:
        put(spool, 2)
        assert len(students(spool)) == 2
        device.run(3600)
        put(spool, 3)
        assert students(spool) == ["s-000002", "s-000003"]


def test_an_empty_hour_drops_what_is_too_old_as_well(device: Device) -> None:
    with device.spool() as spool:
        put(spool, 0)
        device.run(2 * DAY)
    with device.spool() as spool:
        put(spool, 1)
        assert students(spool) == ["s-000001"]


def test_age_only_grows() -> None:
    age = begin(Moment("a", 5.0, NOON))
    later = age.at(Moment("a", 3.0, NOON - DAY))  # no clock should, but nothing gets younger if one does
    assert later.seconds == age.seconds
    assert later.at(Moment("b", 1.0, NOON - 2 * DAY)).behind == 0.0
