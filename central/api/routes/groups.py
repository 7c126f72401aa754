"""Groups of students, and the school: nobody by themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from fastapi import APIRouter

from central.accounts.sessions import CurrentUser
from central.api import shown
from central.api.access import Admin, Context, EmotionViewer
from central.api.models.base import Group
from central.api.models.observed import GroupView, Timeline
from central.api.problems import not_found
from central.api.services import Services
from central.api.viewing import Asked
from central.live import PresentStudent

router = APIRouter(prefix="/api", tags=["history"])


@router.get("/groups")
def groups(user: EmotionViewer, services: Context) -> list[GroupView]:
    """Those that the user may see, by name; of one with so few present that one could tell who, nothing."""
    sizes, members = services.students.groups(), services.students.of_groups(None)
    present: defaultdict[str | None, list[PresentStudent]] = defaultdict(list)
    for student in services.live.snapshot().students:
        if student.student_id in members:
            present[student.group].append(student)
    names = sorted(group for group in sizes.keys() | user.groups if user.sees(group))
    smallest = services.settings.school.smallest_group
    return [_view(group, sizes.get(group, 0), present[group], smallest) for group in names]


@router.get("/groups/{group:path}/timeline")
def group_timeline(group: Group, span: Asked, user: EmotionViewer, services: Context) -> Timeline:
    """What was observed of those who are in the group now, wherever they were."""
    smallest = services.settings.school.smallest_group
    return shown.timeline(services.history.group(members_of(group, user, services), span, smallest))


@router.get("/school/timeline")
def school_timeline(span: Asked, _: Admin, services: Context) -> Timeline:
    """What was observed in all classrooms together."""
    return shown.timeline(services.history.school(span))


def members_of(group: str, user: CurrentUser, services: Services) -> Collection[str]:
    """IDs of the students in a group. Raises ProblemError where there is no such group for the user."""
    members = services.students.of_groups([group])
    if not user.sees(group) or not (members or group in user.groups):
        raise not_found("group of this name")
    return members


def _view(group: str, students: int, present: Sequence[PresentStudent], smallest: int) -> GroupView:
    if len(present) < smallest:
        return GroupView(group=group, students=students, present=None, mix=None)
    return GroupView(group=group, students=students, present=len(present), mix=shown.mix(present))
