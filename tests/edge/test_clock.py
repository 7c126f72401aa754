"""When the system clock is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.clock import SystemClock, kernel_max_error


@pytest.mark.parametrize(
    ("max_error", "flag", "synchronised"),
    [
        pytest.param(16_000_000, False, False, id="nobody disciplines the kernel's clock"),
        pytest.param(15_999_999, False, True, id="ntpd or chrony does"),
        pytest.param(16_000_000, True, True, id="systemd-timesyncd has set it"),
        pytest.param(None, False, False, id="the kernel does not say"),
    ],
)
def test_the_clock_is_synchronised_once_a_time_server_was_heard(
    tmp_path: Path, max_error: int | None, flag: bool, synchronised: bool
) -> None:
    if flag:
        (tmp_path / "synchronized").touch()
    clock = SystemClock("required", flag=tmp_path / "synchronized", max_error=lambda: max_error)
    assert clock.synchronised() is synchronised


def test_an_outage_of_the_time_server_does_not_take_it_back(tmp_path: Path) -> None:
    errors = iter([16_000_000, 20_000, 16_000_000])
    clock = SystemClock("required", flag=tmp_path / "none", max_error=lambda: next(errors))
    assert [clock.synchronised() for _ in range(3)] == [False, True, True]


def test_a_clock_that_is_assumed_right_is_not_asked_for(tmp_path: Path) -> None:
    clock = SystemClock("assumed", flag=tmp_path / "none", max_error=lambda: 16_000_000)
    assert clock.synchronised()


def test_this_kernel_tells() -> None:
    error = kernel_max_error()
    assert error is None or error >= 0
