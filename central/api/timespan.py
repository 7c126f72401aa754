"""Which span of time a timeline is asked for, and how finely."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import get_args

from central.api.models.base import Resolution
from central.store.history import Span

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything was observed; the calendar's own ends cannot be turned into another zone."""
MOST_BUCKETS = 2000
_ENOUGH_BUCKETS = 400
"""A chart has hardly more pixels for them."""
_LENGTHS: dict[Resolution, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


class SpanError(ValueError):
    """No timeline of that: the text says what to ask for instead."""

    def __init__(self, parameter: str, reason: str) -> None:
        """parameter: of the query, the one to change."""
        super().__init__(reason)
        self.parameter, self.reason = parameter, reason


def span(
    start: datetime | None, end: datetime | None, resolution: Resolution | None, now: datetime, zone: tzinfo
) -> Span:
    """What is meant by parameters of which any may be left out: today until now, in buckets that a chart can show.

    zone: the school's; its days are meant. An end in the future becomes now. Raises SpanError.
    """
    if start is not None and start < EARLIEST:
        raise SpanError("start", f"choose a start from {EARLIEST.year} on")
    if start is not None and start >= now:
        raise SpanError("start", "it lies in the future; nothing is observed there yet")
    if end is not None and end <= (start or EARLIEST):
        raise SpanError("end", "it must come after start")
    end = min(end or now, now).astimezone(UTC)
    start = (start or _midnight(end, zone)).astimezone(UTC)
    if resolution is None:
        resolution = _coarse_enough(end - start)
    if (end - start) / _LENGTHS[resolution] > MOST_BUCKETS:
        raise SpanError("resolution", f"more than {MOST_BUCKETS} of them; ask for a shorter span, or a coarser one")
    return Span(start, end, resolution)


def _midnight(moment: datetime, zone: tzinfo) -> datetime:
    """The beginning of the day that ends with moment, or has it within."""
    day = (moment - timedelta(microseconds=1)).astimezone(zone).date()
    return datetime.combine(day, time(), zone)


def _coarse_enough(length: timedelta) -> Resolution:
    resolutions: tuple[Resolution, ...] = get_args(Resolution)
    return next((one for one in resolutions if length / _LENGTHS[one] <= _ENOUGH_BUCKETS), "day")
