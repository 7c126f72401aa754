"""Every classroom at a glance."""

from __future__ import annotations

from collections import defaultdict

from fastapi import APIRouter

from central.api import shown
from central.api.access import Context, EmotionViewer
from central.api.models.observed import Overview, OverviewClassroom
from central.api.viewing import seen_by, students_of
from central.live import PresentStudent

router = APIRouter(prefix="/api", tags=["live"])

_BUCKETS = 12
_NOTHING = (0, 0, 0, 0, 0)


@router.get("/overview")
def overview(user: EmotionViewer, services: Context) -> Overview:
    """Each classroom with the students present by label, and the last hour of it; a teacher's own students only."""
    snapshot = services.live.snapshot()
    trends = services.history.trends(snapshot.at, students_of(user, services))
    seen: defaultdict[str, list[PresentStudent]] = defaultdict(list)
    for student in seen_by(user, snapshot.students):
        seen[student.classroom].append(student)
    return Overview(
        at=snapshot.at,
        classrooms=[
            OverviewClassroom(
                **dict(shown.at_a_glance(room, seen[room.classroom], user)),
                trend=[shown.shares(counts) for counts in trends.get(room.classroom, (_NOTHING,) * _BUCKETS)],
            )
            for room in snapshot.rooms
        ],
    )
