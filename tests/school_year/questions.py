"""Everything that the dashboard asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from urllib.parse import quote, urlencode

from central.accounts.sessions import Role
from central.store.tables import EPOCH
from tests.school_year.year import KEEP_DAYS, Year

_SPANS = {
    "six hours by the minute": (timedelta(hours=6), "minute"),
    "2000 minutes": (timedelta(minutes=1999), "minute"),
    "a week by the hour": (timedelta(days=7), "hour"),
    "2000 hours": (timedelta(hours=1999), "hour"),
    "a year by the day": (timedelta(days=365), "day"),
}
"""A span of two thousand is the longest that is answered."""


@dataclass(frozen=True)
class Question:
    """One kind of request."""

    name: str
    role: Role
    path: str
    """Below /api; {room}, {group} and {student} stand for any."""

    def path_of(self, year: Year, chance: Random) -> str:
        """One that is asked of a year."""
        pupil = chance.choice(list(year.pupils()))
        group = quote(year.group(pupil.classroom))
        return f"/api/{self.path.format(room=pupil.classroom, group=group, student=pupil.student_id)}"


def questions(year: Year) -> Iterator[Question]:
    """All of them, at the end of the year."""
    for role in ("admin", "teacher"):
        yield Question("overview", role, "overview")
        yield Question("a classroom", role, "classrooms/{room}")
        yield from _timelines(year, "a classroom", role, "classrooms/{room}")
        yield Question("groups", role, "groups")
        yield Question("students", role, "students?limit=100")
        yield Question("students by name", role, "students?query={student}")
    yield from _timelines(year, "a group", "admin", "groups/{group}")
    yield from _timelines(year, "the school", "admin", "school")
    yield Question("a student", "admin", "students/{student}")
    yield from _timelines(year, "a student", "admin", "students/{student}")
    yield Question("a student, pattern of 8 weeks", "admin", "students/{student}/pattern?weeks=8")
    yield Question("a student, pattern of 52 weeks", "admin", "students/{student}/pattern?weeks=52")
    yield Question("a student, newest observations", "admin", "students/{student}/observations?limit=100")
    half = (year.now - timedelta(days=KEEP_DAYS / 2) - EPOCH) // timedelta(milliseconds=1)
    yield Question("a student, older observations", "admin", f"students/{{student}}/observations?after={half}.0.0")
    for name in ("unknown-students", "devices", "audit", "accounts", "settings"):
        yield Question(name, "admin", name)


def _timelines(year: Year, name: str, role: Role, path: str) -> Iterator[Question]:
    for span, (length, resolution) in _SPANS.items():
        ends = {"start": (year.now - length).isoformat(), "end": year.now.isoformat(), "resolution": resolution}
        yield Question(f"{name}, {span}", role, f"{path}/timeline?{urlencode(ends)}")
