"""One student over time, beside their own past."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from central.api import shown
from central.api.access import Context
from central.api.models.base import FieldProblem, Page
from central.api.models.observed import Baseline, ObservationRow, PatternCell, StudentPattern, Timeline
from central.api.problems import ProblemError
from central.api.viewing import Asked, VisibleStudent

router = APIRouter(prefix="/api/students/{student_id}", tags=["history"])

_RECENT = timedelta(days=7)
"""What is compared with the time before: a week has each weekday once."""


@router.get("/timeline")
def student_timeline(student_id: VisibleStudent, span: Asked, services: Context) -> Timeline:
    """What was observed of a student, wherever that was."""
    return shown.timeline(services.history.student(student_id, span))


@router.get("/pattern")
def student_pattern(
    student_id: VisibleStudent, services: Context, weeks: Annotated[int, Query(ge=2, le=52)] = 8
) -> StudentPattern:
    """By weekday and hour over so many weeks, and the last of them beside those before."""
    history, now, zone = services.history, services.clock(), services.settings.school.zone
    today = now.astimezone(zone).date()

    def midnight(before: timedelta) -> datetime:
        return datetime.combine(today - before, time(), zone)

    start, recent = midnight(timedelta(weeks=weeks)), midnight(_RECENT)
    return StudentPattern(
        start=start,
        end=now,
        cells=[
            PatternCell(weekday=cell.weekday, hour=cell.hour, shares=shown.shares(cell.counts))
            for cell in history.pattern(student_id, start, now)
        ],
        baseline=Baseline(
            recent_start=recent,
            recent=shown.shares(history.counts(student_id, recent, now)),
            before_start=start,
            before=shown.shares(history.counts(student_id, start, recent)),
        ),
    )


@router.get("/observations")
def student_observations(
    student_id: VisibleStudent,
    services: Context,
    after: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[ObservationRow]:
    """One by one, the newest first; those that are older than what is kept are gone."""
    try:
        page = services.records.page(student_id, after, limit)
    except ValueError as error:
        wrong = FieldProblem(where="after", reason="take the `next` of the page before")
        raise ProblemError(422, "after: take the `next` of the page before", errors=[wrong]) from error
    items = [ObservationRow.model_validate(one, from_attributes=True) for one in page.items]
    return Page(items=items, total=page.total, next=page.next)
