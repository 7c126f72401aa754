"""A CSV file of students, planned and carried out: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from central.accounts import audit
from central.api.student_csv import Mistake, Row, parse
from central.store.store import Store
from central.store.student_changes import Plan, Step, carry_out, plan


@dataclass(frozen=True)
class Imported:
    """What became of a file, or would become of it."""

    applied: bool
    steps: list[tuple[int, Step]]
    """By the line in which each begins."""
    mistakes: list[Mistake]
    """With any, nothing is done."""

    @property
    def summary(self) -> str:
        """In words."""
        actions = [step.action for _, step in self.steps]
        return f"{actions.count('add')} added, {actions.count('change')} changed, {actions.count('same')} as they were"


def import_students(store: Store, data: bytes, now: datetime, account: str, *, apply: bool) -> Imported:
    """Read a file and plan what to do; apply: and do it, and note it in the audit log. Raises StoreError."""
    parsed = parse(data)
    rows = [row.values for row in parsed.rows]
    if parsed.mistakes or not apply:
        with store.reading() as connection:
            return _imported(plan(connection, rows), parsed.rows, parsed.mistakes, applied=False)
    with store.writing() as connection:
        planned = plan(connection, rows)
        imported = _imported(planned, parsed.rows, [], applied=not planned.erased)
        if imported.applied:
            carry_out(connection, planned.steps, now)
            audit.append(connection, now, account, "student.import", "", imported.summary)
    return imported


def _imported(planned: Plan, rows: Iterable[Row], mistakes: Iterable[Mistake], *, applied: bool) -> Imported:
    lines = {row.student_id: row.line for row in rows}
    erased = [
        Mistake(lines[student_id], f"has {student_id}, who was erased: an older list brings nobody back; make a new "
                "profile by hand, or take the line out")
        for student_id in planned.erased
    ]  # fmt: skip
    wrong = sorted([*mistakes, *erased], key=lambda mistake: mistake.line)
    return Imported(applied, [(lines[step.student_id], step) for step in planned.steps], wrong)
