"""What a timeline's parameters mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.api.models.base import Resolution
from central.api.timespan import EARLIEST, MOST_BUCKETS, SpanError, span
from central.store.history import Span

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def of(start: datetime | None = None, end: datetime | None = None, resolution: Resolution | None = None) -> Span:
    return span(start, end, resolution, NOW, BERLIN)


def test_nothing_given_is_today_until_now_by_the_schools_midnight() -> None:
    assert of() == Span(datetime(2026, 3, 1, 23, tzinfo=UTC), NOW, "hour")


def test_end_alone_means_the_day_up_to_it() -> None:
    end = datetime(2026, 2, 20, 23, tzinfo=UTC)  # midnight in Berlin: the day that ends then, not one of no length
    assert of(end=end).start == end - timedelta(days=1)


@pytest.mark.parametrize(
    ("length", "resolution"),
    [
        (timedelta(minutes=400), "minute"),
        (timedelta(minutes=401), "hour"),
        (timedelta(hours=400), "hour"),
        (timedelta(days=365), "day"),
    ],
)
def test_buckets_are_as_fine_as_a_chart_can_show(length: timedelta, resolution: Resolution) -> None:
    assert of(NOW - length).resolution == resolution


def test_finer_buckets_are_given_to_whoever_asks_for_them() -> None:
    assert of(NOW - timedelta(hours=24), resolution="minute").resolution == "minute"


@pytest.mark.parametrize(
    ("start", "end", "resolution", "parameter"),
    [
        (NOW, None, None, "start"),  # in the future
        (NOW - timedelta(hours=1), NOW - timedelta(hours=2), None, "end"),  # reversed
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1), None, "end"),  # of no length
        (NOW - timedelta(minutes=MOST_BUCKETS + 1), None, "minute", "resolution"),  # too fine
        (NOW - timedelta(days=MOST_BUCKETS + 1), None, None, "resolution"),  # too long, however coarse
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), None, None, "start"),
        (None, datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), None, "end"),
    ],
)
def test_span_that_makes_no_sense_is_refused_and_the_parameter_named(
    start: datetime | None, end: datetime | None, resolution: Resolution | None, parameter: str
) -> None:
    with pytest.raises(SpanError) as refusal:
        of(start, end, resolution)
    assert refusal.value.parameter == parameter


def test_end_in_the_future_is_now() -> None:
    far = datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))
    assert of(NOW - timedelta(hours=1), far) == Span(NOW - timedelta(hours=1), NOW, "minute")


_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_MOMENTS = st.none() | st.datetimes(timezones=_ZONES)


@given(_MOMENTS, _MOMENTS, st.sampled_from([None, "minute", "hour", "day"]))
def test_whatever_is_asked_for_is_refused_or_a_span_of_the_past(
    start: datetime | None, end: datetime | None, resolution: Resolution | None
) -> None:
    try:
        found = of(start, end, resolution)
    except SpanError:
        return
    assert EARLIEST - timedelta(days=1) <= found.start < found.end <= NOW
