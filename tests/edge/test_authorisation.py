from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from edge.authorisation import Permission, days_left, require
from edge.config import AuthorisationSettings
from edge.errors import AuthorisationError

AUTHORISATION = AuthorisationSettings("safety", "A. Smith, head of school", "DPIA 2026-014", date(2026, 7, 31))


@pytest.fixture(autouse=True)
def in_auckland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Pacific/Auckland")  # UTC+12 in July
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("now", "left"),
    [
        pytest.param(datetime(2026, 7, 1, 0, 0, tzinfo=UTC), 30, id="a month before"),
        pytest.param(datetime(2026, 7, 30, 11, 59, tzinfo=UTC), 1, id="late on the day before"),
        pytest.param(datetime(2026, 7, 30, 12, 0, tzinfo=UTC), 0, id="the last day begins at local midnight"),
        pytest.param(datetime(2026, 7, 31, 11, 59, tzinfo=UTC), 0, id="and ends at the next"),
    ],
)
def test_observing_is_authorised_until_the_end_of_the_last_day(now: datetime, left: int) -> None:
    require(AUTHORISATION, now)
    assert days_left(AUTHORISATION, now) == left


def test_the_day_after_observing_is_refused_with_the_date_and_the_remedy() -> None:
    now = datetime(2026, 7, 31, 12, 0, tzinfo=UTC)
    assert days_left(AUTHORISATION, now) == -1
    with pytest.raises(AuthorisationError, match=r"expired on 2026-07-31, 1 day ago.*\[authorisation\]") as caught:
        require(AUTHORISATION, now)
    assert caught.value.exit_code == 77


class Given:
    """A clock that the test sets."""

    def __init__(self, now: datetime, *, synchronised: bool = True) -> None:
        self.moment, self.is_synchronised = now, synchronised

    def now(self) -> datetime:
        return self.moment

    def synchronised(self) -> bool:
        return self.is_synchronised


NOON = datetime(2026, 7, 31, 0, 0, tzinfo=UTC)  # of the last day, in Auckland


def test_it_expires_while_the_daemon_runs_and_is_renewed(caplog: pytest.LogCaptureFixture) -> None:
    clock = Given(NOON)
    permission = Permission(AUTHORISATION, clock)
    assert permission.check() is None
    caplog.clear()
    clock.moment += timedelta(days=1)
    with caplog.at_level(logging.INFO):
        assert [permission.check() for _ in range(3)] == ["authorisation"] * 3
        permission.use_settings(replace(AUTHORISATION, expires=date(2027, 7, 31)))
        assert permission.check() is None
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "expired on 2026-07-31, 1 day ago" in caplog.text


def test_nobody_is_observed_until_the_clock_is_synchronised_even_if_it_shows_a_day_after_the_last() -> None:
    clock = Given(NOON + timedelta(days=400), synchronised=False)
    permission = Permission(AUTHORISATION, clock)  # no error: nobody knows what day it is
    assert (permission.check(), permission.days_left) == ("clock", None)
    clock.moment, clock.is_synchronised = NOON, True
    assert (permission.check(), permission.days_left) == (None, 0)


def test_an_authorisation_that_has_expired_for_certain_ends_the_start() -> None:
    with pytest.raises(AuthorisationError):
        Permission(AUTHORISATION, Given(NOON + timedelta(days=1)))


def test_the_end_is_said_once_a_day_from_thirty_days_before(caplog: pytest.LogCaptureFixture) -> None:
    clock = Given(NOON - timedelta(days=31))
    permission = Permission(AUTHORISATION, clock)
    said = []
    for _ in range(4 * 3):
        permission.check()
        said.append(len(caplog.records))
        clock.moment += timedelta(hours=8)
    assert said == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]
    assert "in 30 days" in caplog.messages[0]
