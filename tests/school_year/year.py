"""When there was school, and who went there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
LAST_DAY = date(2026, 7, 3)
"""A Friday."""
KEEP_DAYS = 30
"""So long observations and their counts by the minute are kept."""
_BEGINS = time(8, 0)
_HOLIDAYS = {8, 22, 23, 35, 36, 43, *range(46, 52)}
"""Weeks before that of the last day in which there was no school."""


@dataclass(frozen=True)
class Year:
    """A school, and how often each student is observed."""

    classrooms: int = 10
    students: int = 30
    """Of each classroom, which is a group."""
    interval: int = 10
    """Seconds; an hour is a multiple of it."""
    weeks: int = 52
    hours: int = 6
    """Of each school day."""

    @property
    def now(self) -> datetime:
        """The last minute of the last lesson."""
        begins = datetime.combine(LAST_DAY, _BEGINS, ZONE)
        return (begins + timedelta(hours=self.hours, seconds=-5)).astimezone(UTC)

    def days(self) -> list[date]:
        """Those with school, the oldest first."""
        last_monday = LAST_DAY - timedelta(days=LAST_DAY.weekday())
        before = (back for back in reversed(range(self.weeks)) if back not in _HOLIDAYS)
        mondays = (last_monday - timedelta(weeks=back) for back in before)
        return [monday + timedelta(days=day) for monday in mondays for day in range(5)]

    def lessons(self) -> Iterator[Lesson]:
        """The hours of those days."""
        kept = self.now - timedelta(days=KEEP_DAYS)
        for day in self.days():
            midnight, begins = (datetime.combine(day, moment, ZONE).astimezone(UTC) for moment in (time(), _BEGINS))
            for hour in range(self.hours):
                yield Lesson(midnight, begins + timedelta(hours=hour), midnight >= kept)

    def pupils(self) -> Iterator[Pupil]:
        """Everybody."""
        for room in range(self.classrooms):
            for seat in range(self.students):
                yield Pupil(f"s-{room:03d}-{seat:02d}", f"room-{room:03d}", room + 1, seat)

    def group(self, classroom: str) -> str:
        """That has its lessons in a classroom."""
        return f"group {classroom.removeprefix('room-')}"


@dataclass(frozen=True)
class Lesson:
    """An hour of a school day."""

    day: datetime
    """Its midnight, in UTC."""
    at: datetime
    kept: bool
    """Its observations are still there."""


@dataclass(frozen=True)
class Pupil:
    """A student in a classroom."""

    student_id: str
    classroom: str
    stream_id: int
    seat: int
