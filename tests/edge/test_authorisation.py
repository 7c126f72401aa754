from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from edge.authorisation import days_left, require
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
