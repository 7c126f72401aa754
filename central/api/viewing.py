"""Of whom somebody may know, and of which span of time they ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from central.accounts.sessions import CurrentUser
from central.api.access import Context, EmotionViewer
from central.api.models.base import FieldProblem, Resolution, StudentId
from central.api.problems import ProblemError, not_found
from central.api.services import Services
from central.api.timespan import SpanError, span
from central.live import PresentStudent
from central.store.history import Span


def students_of(user: CurrentUser, services: Services) -> Collection[str] | None:
    """The students whose history user may see; None: everybody's, those without a profile included."""
    if user.role == "admin":
        return None
    return {person.student_id for person in services.students.directory().values() if user.sees(person.group)}


def seen_by(user: CurrentUser, students: Iterable[PresentStudent]) -> list[PresentStudent]:
    """Those of them that user may know of."""
    return [student for student in students if user.sees(student.group)]


def _asked(
    services: Context,
    start: Annotated[AwareDatetime | None, Query(description="Midnight by the school's clock, if left out")] = None,
    end: Annotated[AwareDatetime | None, Query(description="Now, if left out or later than that")] = None,
    resolution: Annotated[Resolution | None, Query(description="As a chart can show it, if left out")] = None,
) -> Span:
    try:
        return span(start, end, resolution, services.clock(), services.settings.school.zone)
    except SpanError as error:
        wrong = FieldProblem(where=error.parameter, reason=error.reason)
        raise ProblemError(422, f"{error.parameter}: {error.reason}", errors=[wrong]) from error


Asked = Annotated[Span, Depends(_asked)]
"""The span of a timeline, by the parameters of the query."""


def _visible(student_id: StudentId, user: EmotionViewer, services: Context) -> str:
    person = services.students.directory().get(student_id)
    if person is None or not user.sees(person.group):
        raise not_found("student with this ID")
    services.audit.viewed(services.clock(), user.account, student_id)
    return student_id


VisibleStudent = Annotated[str, Depends(_visible)]
"""The student of the path, whom the user may see and is noted to have looked at."""
