"""Heat and slowness in, less work out; and back."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import Settings
from edge.load_shedding import HIGHEST_LEVEL, LoadShedding, Thermometer
from edge.reporter import RUN_GAP


class Pi:
    """The files of a Raspberry Pi's kernel that tell of heat."""

    def __init__(self, root: Path) -> None:
        self.temperature = root / "sys/class/thermal/thermal_zone0/temp"
        self.throttled = root / "sys/devices/platform/soc/soc:firmware/get_throttled"
        for path in (self.temperature, self.throttled):
            path.parent.mkdir(parents=True)
        self.set(50, 0)
        self.thermometer = Thermometer(root)

    def set(self, celsius: float, flags: int) -> None:
        self.temperature.write_text(f"{celsius * 1000:.0f}\n")
        self.throttled.write_text(f"{flags:x}\n")


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def levels(shedding: LoadShedding, begin: float, seconds: float, duration: float = 0.05) -> list[int]:
    """The level every two seconds while each frame takes `duration` seconds."""
    found = []
    for step in range(int(seconds / 2)):
        now = begin + 2 * step
        for _ in range(20):
            shedding.worked(now, now + duration)
        found.append(shedding.check(now))
    return found


@pytest.mark.parametrize(
    ("celsius", "flags"),
    [
        pytest.param(81, 0, id="hot"),
        pytest.param(60, 0b0100, id="throttled"),
        pytest.param(60, 0b1000, id="soft temperature limit"),
    ],
)
def test_heat_halves_the_work_and_halves_it_again_and_is_said_once(
    settings: Settings, pi: Pi, caplog: pytest.LogCaptureFixture, celsius: float, flags: int
) -> None:
    shedding = LoadShedding(settings, pi.thermometer)
    assert set(levels(shedding, 0, 30)) == {0}
    pi.set(celsius, flags)
    with caplog.at_level(logging.INFO):
        hot = levels(shedding, 30, 60)
        assert (hot[0], hot[-1]) == (0, HIGHEST_LEVEL)
        pi.set(55, flags << 16)  # it has been, and is no more
        assert levels(shedding, 90, 200)[-1] == 0
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_what_has_been_and_low_voltage_are_not_heat(settings: Settings, pi: Pi) -> None:
    pi.set(60, 0xF0001)
    shedding = LoadShedding(settings, pi.thermometer)
    assert set(levels(shedding, 0, 60)) == {0}
    assert pi.thermometer.undervoltage()


def test_a_temperature_around_the_limit_does_not_flap(settings: Settings, pi: Pi) -> None:
    shedding = LoadShedding(settings, pi.thermometer)
    seen = []
    for minute in range(10):
        pi.set(81 if minute % 2 == 0 else 78, 0)
        seen += levels(shedding, 60 * minute, 60)
    assert seen == sorted(seen)


def test_frames_slower_than_a_reading_may_wait_are_made_cheaper(settings: Settings, pi: Pi) -> None:
    shedding = LoadShedding(settings, pi.thermometer)
    assert levels(shedding, 0, 60, duration=0.7)[-1] == HIGHEST_LEVEL
    assert levels(shedding, 60, 100, duration=0.4)[-1] == HIGHEST_LEVEL  # with all of it, it would be too slow again
    assert levels(shedding, 160, 200, duration=0.1)[-1] == 0
    assert not shedding.resting(160.2)  # slow is not hot: there is nothing to cool


def test_a_hot_processor_rests_after_each_frame_but_a_student_is_still_read_often_enough(
    settings: Settings, pi: Pi
) -> None:
    pi.set(85, 0)
    shedding = LoadShedding(settings, pi.thermometer)
    levels(shedding, 0, 60)
    shedding.worked(100.0, 100.1)
    assert shedding.resting(100.35)
    assert not shedding.resting(100.45)
    shedding.worked(200.0, 200.6)
    assert not shedding.resting(200.0 + RUN_GAP / 2)
    often = replace(settings, report=replace(settings.report, interval_seconds=2.0, minimum_readings=4))
    shedding.use_settings(often)
    shedding.worked(300.0, 300.2)
    assert not shedding.resting(300.4)


def test_a_machine_that_tells_nothing_is_not_hot(settings: Settings, tmp_path: Path) -> None:
    thermometer = Thermometer(tmp_path / "nothing")
    assert (thermometer.celsius(), thermometer.throttled(), thermometer.undervoltage()) == (None, False, False)
    assert set(levels(LoadShedding(settings, thermometer), 0, 60)) == {0}
