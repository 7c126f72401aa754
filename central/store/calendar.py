"""Where minutes, hours and days begin by the school's clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from central.store.rollup_tables import Resolution


class Calendar:
    """Spans of time in a zone. A day has 23 or 25 hours where the clocks change, and none of them is counted twice."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def begin(self, moment: datetime, resolution: Resolution) -> datetime:
        """When the span began that has moment within; in UTC, in which no hour comes twice."""
        if resolution == "minute":
            return moment.astimezone(UTC).replace(second=0, microsecond=0)
        local = moment.astimezone(self._zone)
        if resolution == "hour":
            # Backwards in UTC: a zone may lie half an hour beside it, and an hour of the change would be ambiguous.
            into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            begin = moment.astimezone(UTC) - into
            # Where clocks change by half an hour, an hour ends with the change: none may begin within another.
            while begin.astimezone(self._zone).utcoffset() != local.utcoffset():
                begin += timedelta(minutes=1)
            return begin
        return datetime.combine(local.date(), time(), self._zone).astimezone(UTC)

    def weekday_and_hour(self, moment: datetime) -> tuple[int, int]:
        """By the school's clock; 0: Monday."""
        local = moment.astimezone(self._zone)
        return local.weekday(), local.hour
