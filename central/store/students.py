"""Profiles of students: read."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from central.store.people_errors import ListChangedError, UnknownStudentError
from central.store.people_tables import people_state, students
from central.store.store import Store

_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What people write of a student."""

    student_id: str
    display_name: str
    consent_reference: str
    group: str | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""
    consent_expires: date | None = None
    """The last day of the consent; None: it has none."""
    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class Student(Profile):
    """A profile as it is stored."""

    created_at: datetime
    updated_at: datetime

    def consent_expired(self, today: date) -> bool:
        """Whether the last day is over; today: in the school's zone."""
        return self.consent_expires is not None and self.consent_expires < today


@dataclass(frozen=True)
class Person:
    """What stands beside an ID wherever one is shown."""

    student_id: str
    display_name: str
    group: str | None
    archived: bool


@dataclass(frozen=True)
class StudentFilter:
    """Which students."""

    query: str = ""
    """Words that all occur in the ID, name, group or tags."""
    group: str | None = None
    archived: bool | None = False
    """None: those who are, and those who are not."""
    visible: Collection[str] | None = None
    """The groups of a teacher; None: everybody."""


@dataclass(frozen=True)
class StudentPage:
    """Part of the list, by name."""

    students: list[Student]
    total: int
    """Of the whole list."""
    next: str | None
    """The ID after which the list goes on; None at its end."""


class Students:
    """The profiles of a school."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._directory: tuple[int, Mapping[str, Person]] = (-1, {})

    def directory(self) -> Mapping[str, Person]:
        """Everybody by ID, archived students too; as remembered, unless a profile has changed. Raises StoreError."""
        with self._store.reading() as connection:
            changes: int = connection.execute(sa.select(people_state.c.changes)).scalar_one()
            known, people = self._directory
            if known == changes:
                return people
            columns = (students.c.student_id, students.c.display_name, students.c.group_name, students.c.archived)
            people = {row[0]: Person(*row) for row in connection.execute(sa.select(*columns))}
        self._directory = (changes, people)
        return people

    def of_groups(self, groups: Collection[str] | None) -> set[str]:
        """IDs of those in one of groups, None: of all; archived students left out. Raises StoreError."""
        return {
            person.student_id
            for person in self.directory().values()
            if not person.archived and (groups is None or person.group in groups)
        }

    def groups(self) -> dict[str, int]:
        """How many students each group has, by its name; archived students left out. Raises StoreError."""
        people = self.directory().values()
        found = Counter(person.group for person in people if person.group is not None and not person.archived)
        return dict(sorted(found.items()))

    def get(self, student_id: str) -> Student:
        """Raises UnknownStudentError, StoreError."""
        with self._store.reading() as connection:
            return find(connection, student_id)

    def page(self, wanted: StudentFilter, *, after: str | None, limit: int) -> StudentPage:
        """Those who follow, by name, on the student with the ID `after`. Raises ListChangedError, StoreError."""
        clauses = _clauses(wanted)
        place = (students.c.sort_name, students.c.student_id)
        chosen = sa.select(students).where(*clauses).order_by(*place).limit(limit + 1)
        with self._store.reading() as connection:
            if after is not None:
                # Whoever may not be seen is no place in the list either, or their ID could be guessed by this.
                seen = sa.select(*place).where(
                    students.c.student_id == after, *_clauses(StudentFilter(archived=None, visible=wanted.visible))
                )
                last = connection.execute(seen).first()
                if last is None:
                    raise ListChangedError
                chosen = chosen.where(sa.tuple_(*place) > sa.tuple_(*map(sa.literal, last)))
            found = [_student(row) for row in connection.execute(chosen)]
            total = connection.scalar(sa.select(sa.func.count()).select_from(students).where(*clauses))
        more = len(found) > limit
        return StudentPage(found[:limit], total or 0, found[limit - 1].student_id if more else None)

    def all(self, wanted: StudentFilter) -> list[Student]:
        """By name. Raises StoreError."""
        chosen = sa.select(students).where(*_clauses(wanted)).order_by(students.c.sort_name, students.c.student_id)
        with self._store.reading() as connection:
            return [_student(row) for row in connection.execute(chosen)]


def find(connection: sa.Connection, student_id: str) -> Student:
    """Raises UnknownStudentError."""
    row = connection.execute(sa.select(students).where(students.c.student_id == student_id)).first()
    if row is None:
        raise UnknownStudentError(student_id)
    return _student(row)


def find_those(connection: sa.Connection, student_ids: Sequence[str]) -> dict[str, Student]:
    """Profiles by ID; whoever has none is left out."""
    found: dict[str, Student] = {}
    for start in range(0, len(student_ids), _AT_ONCE):
        some = students.c.student_id.in_(student_ids[start : start + _AT_ONCE])
        found |= {row.student_id: _student(row) for row in connection.execute(sa.select(students).where(some))}
    return found


def folded(text: str) -> str:
    """The same for all that a reader takes for the same: "Ärger" and "ärger", in one code point or in two."""
    return unicodedata.normalize("NFKC", text).casefold()


def _clauses(wanted: StudentFilter) -> list[sa.ColumnElement[bool]]:
    clauses = [students.c.searched.contains(word, autoescape=True) for word in folded(wanted.query).split()]
    if wanted.group is not None:
        clauses.append(students.c.group_name == wanted.group)
    if wanted.archived is not None:
        clauses.append(students.c.archived.is_(wanted.archived))
    if wanted.visible is not None:
        clauses.append(students.c.group_name.in_(wanted.visible))
    return clauses


def _student(row: sa.Row[Any]) -> Student:
    return Student(
        student_id=row.student_id,
        display_name=row.display_name,
        group=row.group_name,
        tags=tuple(row.tags),
        notes=row.notes,
        consent_reference=row.consent_reference,
        consent_expires=row.consent_expires,
        archived=row.archived,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
