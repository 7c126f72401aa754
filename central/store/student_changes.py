"""Profiles of students: written, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from central.store.people_errors import StudentConflictError
from central.store.people_tables import students
from central.store.students import Profile, Student, find, find_those, folded
from central.store.tombstones import Tombstones, lift, note_change

Action = Literal["add", "change", "same"]


@dataclass(frozen=True)
class Step:
    """What is to become of one student when a list is imported."""

    student_id: str
    action: Action
    profile: Profile
    """As it is afterwards."""
    created_at: datetime | None
    """None: it is added."""


@dataclass(frozen=True)
class Plan:
    """What is to become of all of them."""

    steps: list[Step]
    erased: set[str]
    """IDs of students who were erased: a list may be older than that, and does not bring them back."""


def create(connection: sa.Connection, profile: Profile, now: datetime) -> Student:
    """Add a profile; if a student of that ID was erased, it may be observed again. Raises StudentConflictError."""
    known = connection.scalar(sa.select(sa.exists().where(students.c.student_id == profile.student_id)))
    if known:
        raise StudentConflictError(f"there is a student {profile.student_id} already; choose another ID, or edit that")
    lift(connection, profile.student_id)
    connection.execute(sa.insert(students), _row(profile, now, now))
    note_change(connection)
    return find(connection, profile.student_id)


def change(connection: sa.Connection, student_id: str, values: Mapping[str, Any], now: datetime) -> Student:
    """Set what values names, fields of `Profile`; nothing is written if nothing is new. Raises UnknownStudentError."""
    known = find(connection, student_id)
    changed = replace(known, **values)
    if changed == known:
        return known
    _write(connection, [_row(changed, known.created_at, now)])
    note_change(connection)
    return find(connection, student_id)


def plan(connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> Plan:
    """What importing rows would do. rows: fields of `Profile`; one left out is not changed, or has its default."""
    listed = {str(row["student_id"]): row for row in rows}
    profiles = find_those(connection, list(listed))
    steps = []
    for student_id, row in listed.items():
        known = profiles.get(student_id)
        if known is None:
            steps.append(Step(student_id, "add", Profile(**row), None))
        else:
            profile = replace(known, **row)
            steps.append(Step(student_id, "same" if profile == known else "change", profile, known.created_at))
    added = {step.student_id for step in steps if step.action == "add"}
    return Plan(steps, Tombstones().erased(connection, added))


def carry_out(connection: sa.Connection, steps: Sequence[Step], now: datetime) -> None:
    """Do what was planned in this transaction, of which nothing is erased."""
    added = [_row(step.profile, now, now) for step in steps if step.action == "add"]
    if added:
        connection.execute(sa.insert(students), added)
    changed = [_row(step.profile, step.created_at or now, now) for step in steps if step.action == "change"]
    if changed:
        _write(connection, changed)
    note_change(connection)


def _write(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Change those who have a profile."""
    mine = students.c.student_id == sa.bindparam("known_id")
    connection.execute(sa.update(students).where(mine), [row | {"known_id": row["student_id"]} for row in rows])


def _row(profile: Profile, created_at: datetime, updated_at: datetime) -> dict[str, Any]:
    row = {field.name: getattr(profile, field.name) for field in fields(Profile)}
    group = row.pop("group")
    words = (profile.student_id, profile.display_name, group or "", *profile.tags)
    return row | {
        "group_name": group,
        "tags": list(profile.tags),
        "created_at": created_at,
        "updated_at": updated_at,
        "sort_name": folded(profile.display_name),
        "searched": folded("\n".join(words)),
    }
