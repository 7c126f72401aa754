"""The device under demonstration: the real commands, each as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.demo import DemoError
from edge.demo.cast import CONSENT, Student

_ENROL_SECONDS = 120
_STOP_SECONDS = 30
"""The daemon gives the broker 6 s of them and the disk 10 s."""
_TAIL_LINES = 15


def enrol(config: Path, student: Student) -> None:
    """Enrol a student by `classpulse-edge enrol`. Raises DemoError with what it said."""
    command = ["enrol", "--config", str(config), "--consent", CONSENT, student.student_id, str(student.picture)]
    try:
        done = subprocess.run(_edge(command), capture_output=True, text=True, timeout=_ENROL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"enrolling {student.student_id} took more than {_ENROL_SECONDS} s") from error
    if done.returncode:
        raise DemoError(f"enrolling {student.student_id} failed:\n{_tail(done.stdout + done.stderr)}")


class Daemon:
    """`classpulse-edge run`, from `with` to its end; what it logs goes to a file."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._log = config.with_name("daemon.log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C is for the demo, which then asks the daemon to stop.
            self._process = subprocess.Popen(
                _edge(["run", "--config", str(self._config)]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """Ask it to stop, as systemd does. Returns its exit code; -9 when it had to be killed."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def log_tail(self) -> str:
        """The last lines that it logged."""
        return _tail(self._log.read_text(encoding="utf-8", errors="replace"))


def _edge(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "edge", *arguments]


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])
