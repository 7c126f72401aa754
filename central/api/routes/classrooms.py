"""One classroom: who is in view, and what was."""

from __future__ import annotations

from fastapi import APIRouter

from central.api import shown
from central.api.access import Context, EmotionViewer
from central.api.models.base import Classroom
from central.api.models.observed import ClassroomView, Timeline
from central.api.problems import not_found
from central.api.services import Services
from central.api.viewing import Asked, seen_by, students_of
from central.live import LiveRoom

router = APIRouter(prefix="/api/classrooms", tags=["live"])

_VIEW = "classroom.view"


@router.get("/{classroom}")
def classroom(classroom: Classroom, user: EmotionViewer, services: Context) -> ClassroomView:
    """The students present there; a teacher's own only."""
    room = known(classroom, services)
    services.audit.viewed(services.clock(), user.account, classroom, _VIEW)
    students = services.live.snapshot().students
    seen = [student for student in seen_by(user, students) if student.classroom == classroom]
    glance = shown.at_a_glance(room, seen, user)
    return ClassroomView(**dict(glance), present=[shown.present(student) for student in seen])


@router.get("/{classroom}/timeline")
def classroom_timeline(classroom: Classroom, span: Asked, user: EmotionViewer, services: Context) -> Timeline:
    """What was observed there; of a teacher's own students only."""
    known(classroom, services)
    return shown.timeline(services.history.classroom(classroom, span, students_of(user, services)))


def known(classroom: str, services: Services) -> LiveRoom:
    """The classroom. Raises ProblemError where nothing was ever heard of it."""
    room = services.live.room(classroom)
    if room is None:
        raise not_found("classroom of this name")
    return room
