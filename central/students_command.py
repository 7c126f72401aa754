"""The command about profiles: students import."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from central.config import load
from central.serve_command import DEFAULT_CONFIG
from edge.errors import ClassPulseError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


class StudentFileError(ClassPulseError):
    """The file of students cannot be read, or holds mistakes."""


def add_parser(commands: Commands) -> None:
    """Add the command to those of classpulse-central."""
    students = commands.add_parser("students", help="profiles of students")
    actions = students.add_subparsers(required=True, metavar="ACTION")
    importing = actions.add_parser(
        "import",
        help="add and change profiles by a CSV file, as the dashboard does",
        description="Say what a CSV file of students would add and change, and with --apply do it: all of it, or, with "
        "a mistake in any line, nothing. The first line names the columns: student_id, display_name and "
        "consent_reference, and if wanted group, tags, notes, consent_expires, archived. "
        "The service may run meanwhile.",
        epilog="exit status: 0 done, 1 there are mistakes, or another error",
    )
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--apply", action="store_true", help="do it; without this, only say what would be done")
    importing.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")
    importing.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    # The packages of the extra `central`: whoever only looks on with `tail` does without.
    from central.accounts.audit import SYSTEM
    from central.api.student_import import import_students
    from central.own_store import own_store

    data = _read(arguments.file)
    settings = load(arguments.config)
    with own_store(settings) as store:
        imported = import_students(store, data, datetime.now(UTC), SYSTEM, apply=arguments.apply)
    for line, step in imported.steps:
        sys.stdout.write(f"{arguments.file}:{line}: {step.student_id}: {step.action}\n")
    if imported.mistakes:
        wrong = "\n".join(f"{arguments.file}:{mistake.line}: {mistake.reason}" for mistake in imported.mistakes)
        raise StudentFileError(f"nothing was done:\n{wrong}")
    done = "Done" if imported.applied else "Nothing was done yet; with --apply it would be"
    sys.stderr.write(f"{done}: {imported.summary}.\n")
    return 0


def _read(path: Path) -> bytes:
    from central.api.student_csv import MOST_BYTES

    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StudentFileError(f"{path}: it cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise StudentFileError(f"{path}: it is larger than {MOST_BYTES} bytes; is it a list of students?")
    return data
