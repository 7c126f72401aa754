"""The same as CSV. That somebody took it with them is noted each time."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from central.api.access import Context, EmotionViewer
from central.api.csv_text import CSV_ANSWER, csv_response
from central.api.models.base import Classroom, Group
from central.api.routes.classrooms import known
from central.api.routes.groups import members_of
from central.api.viewing import Asked, VisibleStudent, students_of
from central.store.history import Timeline
from edge.records import LABELS

router = APIRouter(prefix="/api", tags=["exports"], default_response_class=StreamingResponse)

_TIMELINE = ("at", *LABELS, "observations", "students", "coverage")
_OBSERVATIONS = ("observed_at", "student_id", "classroom", "label", "late")


@router.get("/classrooms/{classroom}/timeline.csv", responses=CSV_ANSWER)
def export_classroom_timeline(
    classroom: Classroom, span: Asked, user: EmotionViewer, services: Context
) -> StreamingResponse:
    """What was observed in a classroom; of a teacher's own students only."""
    known(classroom, services)
    services.audit.note(services.clock(), user.account, "classroom.export", classroom)
    found = services.history.classroom(classroom, span, students_of(user, services))
    return _timeline(classroom, found, services.settings.school.zone)


@router.get("/groups/{group:path}/timeline.csv", responses=CSV_ANSWER)
def export_group_timeline(group: Group, span: Asked, user: EmotionViewer, services: Context) -> StreamingResponse:
    """What was observed of those who are in the group now."""
    students = members_of(group, user, services)
    services.audit.note(services.clock(), user.account, "group.export", group)
    school = services.settings.school
    return _timeline(group, services.history.group(students, span, school.smallest_group), school.zone)


@router.get("/students/{student_id}/timeline.csv", responses=CSV_ANSWER)
def export_student_timeline(
    student_id: VisibleStudent, span: Asked, user: EmotionViewer, services: Context
) -> StreamingResponse:
    """What was observed of a student."""
    services.audit.note(services.clock(), user.account, "student.export", student_id, "timeline")
    return _timeline(student_id, services.history.student(student_id, span), services.settings.school.zone)


@router.get("/students/{student_id}/observations.csv", responses=CSV_ANSWER)
def export_student_observations(
    student_id: VisibleStudent,
    user: EmotionViewer,
    services: Context,
    start: Annotated[AwareDatetime | None, Query(description="The first kept, if left out")] = None,
    end: Annotated[AwareDatetime | None, Query(description="The last one, if left out")] = None,
) -> StreamingResponse:
    """A student's observations one by one, the oldest first."""
    services.audit.note(services.clock(), user.account, "student.export", student_id, "observations")
    zone = services.settings.school.zone
    rows = (
        (
            one.observed_at.astimezone(zone).isoformat(),
            student_id,
            one.classroom,
            one.label,
            "yes" if one.late else "no",
        )
        for one in services.records.each(student_id, start, end)
    )
    return csv_response(f"{student_id}-observations.csv", _OBSERVATIONS, rows)


def _timeline(name: str, found: Timeline, zone: tzinfo) -> StreamingResponse:
    rows = (
        (
            bucket.at.astimezone(zone).isoformat(), *bucket.counts, bucket.observations, bucket.students,
            None if bucket.coverage is None else round(bucket.coverage, 4),
        )
        for bucket in found.buckets
    )  # fmt: skip
    return csv_response(f"{name}-by-{found.resolution}.csv", _TIMELINE, rows)
