"""Profiles of students, their import, and what an erasure erased."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from central.api.models.base import LINE, LINES, AccountName, Classroom, FieldProblem, Group, Model, StudentId, Tag
from central.api.models.observed import Present


class Profile(Model):
    """What an admin may write of a student."""

    display_name: str = Field(min_length=1, max_length=100, pattern=LINE)
    group: Group | None = None
    tags: list[Tag] = Field(default=[], max_length=16)
    notes: str = Field(default="", max_length=2000, pattern=LINES)
    consent_reference: str = Field(min_length=1, max_length=200, pattern=LINE)
    consent_expires: date | None = None


class NewStudent(Profile):
    student_id: StudentId


class ProfileChange(Model):
    """Only what is given is changed; null takes the group or the end of the consent away, and is nothing elsewhere."""

    display_name: str | None = Field(default=None, min_length=1, max_length=100, pattern=LINE)
    group: Group | None = None
    tags: list[Tag] | None = Field(default=None, max_length=16)
    notes: str | None = Field(default=None, max_length=2000, pattern=LINES)
    consent_reference: str | None = Field(default=None, min_length=1, max_length=200, pattern=LINE)
    consent_expires: date | None = None
    archived: bool | None = None


class StudentView(Profile):
    student_id: StudentId
    archived: bool
    consent_expired: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime
    last_seen: AwareDatetime | None
    present: Present | None
    """Where, if in view now."""


class UnknownStudent(Model):
    """An ID that devices send and no profile has."""

    student_id: StudentId
    classrooms: list[Classroom]
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    observations: int


class ImportRow(Model):
    line: int
    student_id: str
    action: Literal["add", "change", "same"]


class ImportResult(Model):
    """What a CSV file would do, or did: with a mistake in any line nothing is done."""

    applied: bool
    rows: list[ImportRow]
    errors: list[FieldProblem]


class ErasureRequest(Model):
    confirm: str = Field(max_length=63)
    """The student's ID once more: what is erased does not come back."""


class ErasedClassroom(Model):
    classroom: Classroom
    observations: int


class Receipt(Model):
    """What the erasure of a student erased. To be kept by whoever asked for it."""

    receipt: str
    """A number of its own, which the audit log has too."""
    student_id: StudentId
    erased_at: AwareDatetime
    erased_by: AccountName
    profile: bool
    observations: int
    classrooms: list[ErasedClassroom]
    aggregates: int
    """Rows of minutes, hours and days."""
    retained_messages: int | None
    """Found at the broker with this ID, though observations are never retained; None: the broker could not be asked."""
    left_to_do: list[str]
    """What a person has to do elsewhere: `forget` on each device that knows the student, backups."""
