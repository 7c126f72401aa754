"""Where hours and days begin, and the two days of the year on which that is not as usual."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.store.calendar import Calendar
from central.store.rollup_tables import Resolution

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "moment", "resolution", "begin"),
    [
        pytest.param(BERLIN, "2026-03-02T09:15:31.123Z", "minute", "2026-03-02T09:15Z", id="a minute"),
        pytest.param(BERLIN, "2026-03-02T09:15:31.123Z", "hour", "2026-03-02T09:00Z", id="an hour"),
        pytest.param(BERLIN, "2026-03-02T22:59:59.999Z", "day", "2026-03-01T23:00Z", id="a day by local time"),
        pytest.param(BERLIN, "2026-03-02T23:00:00Z", "day", "2026-03-02T23:00Z", id="its first moment"),
        pytest.param("Asia/Kathmandu", "2026-03-02T09:20:00Z", "hour", "2026-03-02T09:15Z", id="5:45 from UTC"),
        pytest.param(
            BERLIN, "2026-10-25T00:30:00Z", "hour", "2026-10-25T00:00Z", id="the first hour from two to three"
        ),
        pytest.param(BERLIN, "2026-10-25T01:30:00Z", "hour", "2026-10-25T01:00Z", id="the second one"),
        pytest.param(BERLIN, "2026-10-25T22:30:00Z", "day", "2026-10-24T22:00Z", id="a day of 25 hours"),
        pytest.param(BERLIN, "2026-03-29T21:30:00Z", "day", "2026-03-28T23:00Z", id="a day of 23 hours"),
        pytest.param(
            "Australia/Lord_Howe", "2026-04-04T14:45Z", "hour", "2026-04-04T14:00Z", id="the first 1:30 to two"
        ),
        pytest.param("Australia/Lord_Howe", "2026-04-04T15:15Z", "hour", "2026-04-04T15:00Z", id="another 1:30 to two"),
        pytest.param(
            "Australia/Lord_Howe", "2026-10-03T15:45Z", "hour", "2026-10-03T15:30Z", id="no half from two to 2:30"
        ),
        pytest.param("America/Santiago", "2026-09-06T12:00:00Z", "day", "2026-09-06T04:00Z", id="there is no midnight"),
    ],
)
def test_a_span_begins_by_the_schools_clock(zone: str, moment: str, resolution: Resolution, begin: str) -> None:
    assert Calendar(ZoneInfo(zone)).begin(datetime.fromisoformat(moment), resolution) == datetime.fromisoformat(begin)


def test_both_hours_of_the_clock_change_are_the_same_hour_of_the_week() -> None:
    calendar, first = Calendar(ZoneInfo(BERLIN)), datetime.fromisoformat("2026-10-25T00:30Z")
    assert calendar.weekday_and_hour(first) == calendar.weekday_and_hour(first + timedelta(hours=1)) == (6, 2)
