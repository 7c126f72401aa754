"""Why a profile cannot be had, made or erased.

ClassPulseError (edge.errors)
└── PeopleError
    ├── UnknownStudentError      there is none of that ID
    ├── StudentConflictError     there is one already, or an erasure is under way
    └── ListChangedError         the place in the list from which it should go on is gone
"""

from __future__ import annotations

from edge.errors import ClassPulseError


class PeopleError(ClassPulseError):
    """Root of the errors about students."""


class UnknownStudentError(PeopleError):
    """There is no student of that ID."""

    def __init__(self, student_id: str) -> None:
        super().__init__(f"there is no student {student_id}")


class StudentConflictError(PeopleError):
    """What is there speaks against it."""


class ListChangedError(PeopleError):
    """Whoever stood at the end of the page before is not there any more."""

    def __init__(self) -> None:
        super().__init__("the list has changed meanwhile; begin again at its first page")
