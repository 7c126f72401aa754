"""The demo's parts are the real commands, each as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.demo import DemoError

_COMMAND_SECONDS = 120
_STOP_SECONDS = 30
"""The daemon gives the broker 6 s of them and the disk 10 s."""
_TAIL_LINES = 15


def run_command(doing: str, *arguments: str) -> str:
    """Run `python -m` with these arguments to its end; returns what it wrote to standard output.

    doing: what this is, for the DemoError that is raised, with what it said, when it fails.
    """
    command = [sys.executable, "-m", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"{doing} took more than {_COMMAND_SECONDS} s") from error
    if done.returncode:
        raise DemoError(f"{doing} failed:\n{_tail(done.stdout + done.stderr)}")
    return done.stdout


class Process:
    """`python -m` with some arguments, from `with` to its end; what it logs goes to a file."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self._log, self._arguments = log, arguments
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C is for the demo, which then asks its parts to stop, one after the other.
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
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


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])
