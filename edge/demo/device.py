"""The device under demonstration."""

from __future__ import annotations

from pathlib import Path

from edge.demo.cast import CONSENT, Student
from edge.demo.process import Process, run_command


def enrol(config: Path, student: Student) -> None:
    """Enrol a student by `classpulse-edge enrol`. Raises DemoError with what it said."""
    name, picture = student.student_id, str(student.picture)
    run_command(f"enrolling {name}", "edge", "enrol", "--config", str(config), "--consent", CONSENT, name, picture)


def daemon(config: Path) -> Process:
    """`classpulse-edge run`."""
    return Process(config.with_name("daemon.log"), "edge", "run", "--config", str(config))
