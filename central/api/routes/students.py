"""Profiles of students: who they are, never what was observed of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Annotated, Any

import anyio.to_thread
import sqlalchemy as sa
from fastapi import APIRouter, Body, Query
from fastapi.responses import StreamingResponse

from central.accounts import audit
from central.api import shown
from central.api.access import Admin, Context, EmotionViewer
from central.api.csv_text import CSV_ANSWER, csv_response
from central.api.models.base import FieldProblem, Group, Page, StudentId
from central.api.models.profiles import (
    ErasedClassroom,
    ErasureRequest,
    ImportResult,
    ImportRow,
    NewStudent,
    ProfileChange,
    Receipt,
    StudentView,
    UnknownStudent,
)
from central.api.problems import ProblemError
from central.api.services import Services
from central.api.student_csv import COLUMNS, cells
from central.api.student_import import import_students as import_csv
from central.api.viewing import VisibleStudent
from central.left_to_do import left_to_do
from central.live import PresentStudent
from central.store.student_changes import change, create
from central.store.students import Profile, Student, StudentFilter, find

router = APIRouter(tags=["students"])

_NULLABLE = ("group", "consent_expires")


@router.get("/api/students")
def list_students(
    user: EmotionViewer,
    services: Context,
    query: Annotated[str, Query(max_length=100, description="Words in the ID, name, group or tags")] = "",
    group: Group | None = None,
    archived: bool = False,
    after: StudentId | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[StudentView]:
    """By name; those of a teacher's groups only."""
    visible = None if user.role == "admin" else user.groups
    page = services.students.page(StudentFilter(query, group, archived, visible), after=after, limit=limit)
    present = {student.student_id: student for student in services.live.snapshot().students}
    return Page(items=_views(services, page.students, present), total=page.total, next=page.next)


@router.post("/api/students", status_code=201)
def create_student(new: NewStudent, admin: Admin, services: Context) -> StudentView:
    """A new profile. One who was erased and comes back is observed again from now on."""
    values = new.model_dump() | {"tags": _tags(new.tags)}
    now = services.clock()
    with services.store.writing() as connection:
        student = create(connection, Profile(**values), now)
        audit.append(connection, now, admin.account, "student.create", student.student_id)
    return _written(services, student)


@router.get("/api/students/{student_id}")
def show_student(student_id: VisibleStudent, services: Context) -> StudentView:
    """A profile."""
    return _view(services, services.students.get(student_id))


@router.patch("/api/students/{student_id}")
def change_student(student_id: StudentId, asked: ProfileChange, admin: Admin, services: Context) -> StudentView:
    """Write some of a profile, archive it, or bring it back."""
    given = asked.model_dump(exclude_unset=True).items()
    values: dict[str, Any] = {name: value for name, value in given if value is not None or name in _NULLABLE}
    if "tags" in values:
        values["tags"] = _tags(values["tags"])
    now = services.clock()
    with services.store.writing() as connection:
        before = find(connection, student_id)
        student = change(connection, student_id, values, now)
        changed = [one.name for one in fields(Profile) if getattr(before, one.name) != getattr(student, one.name)]
        _note_changes(connection, services, admin.account, student, changed)
    return _written(services, student)


@router.delete("/api/students/{student_id}")
async def erase_student(student_id: StudentId, request: ErasureRequest, admin: Admin, services: Context) -> Receipt:
    """Erase all of a student. Whatever interrupts it: asked for again, it goes on, and gives the same receipt."""
    if request.confirm != student_id:
        wrong = FieldProblem(where="confirm", reason="is not the ID of the student to be erased")
        raise ProblemError(422, "repeat the student's ID in `confirm`", errors=[wrong])
    erased = await anyio.to_thread.run_sync(services.erasure.erase, student_id, admin.account, limiter=services.erasing)
    rooms = erased.tally.classrooms
    return Receipt(
        receipt=str(erased.receipt),
        student_id=student_id,
        erased_at=erased.erased_at,
        erased_by=erased.erased_by,
        profile=erased.tally.profile,
        observations=sum(rooms.values()),
        classrooms=[ErasedClassroom(classroom=room, observations=count) for room, count in rooms.items()],
        aggregates=erased.tally.aggregates,
        retained_messages=None if erased.tally.retained is None else len(erased.tally.retained),
        left_to_do=left_to_do(erased),
    )


@router.get("/api/unknown-students")
def unknown_students(admin: Admin, services: Context) -> list[UnknownStudent]:
    """IDs that devices send and no profile has, those seen last first."""
    return [
        UnknownStudent(
            student_id=one.student_id,
            classrooms=list(one.classrooms),
            first_seen=one.first_seen,
            last_seen=one.last_seen,
            observations=one.observations,
        )
        for one in services.records.unknown()
    ]


@router.get("/api/students.csv", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_students(admin: Admin, services: Context) -> StreamingResponse:
    """All profiles, archived ones too, with the columns that an import takes."""
    students = services.students.all(StudentFilter(archived=None))
    detail = f"{len(students)} profiles"
    services.audit.note(services.clock(), admin.account, "student.export", detail=detail)
    return csv_response("students.csv", COLUMNS, map(cells, students))


@router.post("/api/student-imports")
def import_students(
    admin: Admin,
    services: Context,
    file: Annotated[bytes, Body(media_type="text/csv")] = b"",
    apply: Annotated[bool, Query(description="False: only say what would be done")] = False,
) -> ImportResult:
    """Add and change profiles by a CSV file; with a mistake in any line nothing is done."""
    imported = import_csv(services.store, file, services.clock(), admin.account, apply=apply)
    if imported.applied:
        for _, step in imported.steps:
            services.live.put_profile(step.student_id, step.profile.display_name, step.profile.group)
    return ImportResult(
        applied=imported.applied,
        rows=[ImportRow(line=line, student_id=step.student_id, action=step.action) for line, step in imported.steps],
        errors=[FieldProblem(where=f"line {mistake.line}", reason=mistake.reason) for mistake in imported.mistakes],
    )


def _note_changes(
    connection: sa.Connection, services: Services, account: str, student: Student, changed: list[str]
) -> None:
    """Which fields, and not what they held: the log outlasts the profile."""
    now = services.clock()
    if "archived" in changed:
        detail = "archived" if student.archived else "brought back"
        audit.append(connection, now, account, "student.archive", student.student_id, detail)
    others = [name for name in changed if name != "archived"]
    if others:
        audit.append(connection, now, account, "student.change", student.student_id, ", ".join(others))


def _written(services: Services, student: Student) -> StudentView:
    services.live.put_profile(student.student_id, student.display_name, student.group)
    return _view(services, student)


def _view(services: Services, student: Student) -> StudentView:
    present = services.live.student(student.student_id)
    (view,) = _views(services, [student], {} if present is None else {student.student_id: present})
    return view


def _views(services: Services, students: list[Student], present: dict[str, PresentStudent]) -> list[StudentView]:
    last_seen = services.records.last_seen([student.student_id for student in students])
    today = services.clock().astimezone(services.settings.school.zone).date()
    views = []
    for student in students:
        seen = present.get(student.student_id)
        profile = asdict(student) | {"tags": list(student.tags)}
        views.append(
            StudentView(
                **profile,
                consent_expired=student.consent_expired(today),
                last_seen=last_seen.get(student.student_id),
                present=None if seen is None else shown.present(seen),
            )
        )
    return views


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))
