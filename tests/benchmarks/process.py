"""A side in a process of its own, so that its memory and its threads are its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.benchmarks.side import Options, Seen
from tests.benchmarks.sides import SIDES
from tests.benchmarks.worker import json_of

CHECKOUT = Path(__file__).resolve().parents[2]
FRAME_SECONDS = 1 / 15
"""Of the camera; a side that takes longer for a frame sees fewer of them."""


class SideError(RuntimeError):
    """A side cannot run: it is not installed, or it failed."""


@dataclass(frozen=True)
class Turn:
    """Some frames in a row."""

    seconds: list[float]
    """Wall time of each frame."""
    cpu: list[float]
    """Processor time of each frame, all threads."""
    seen: list[Seen]
    clock: float
    """Seconds of the camera's time that passed."""

    @property
    def mean(self) -> float:
        """Wall time of a frame, seconds."""
        return float(np.mean(self.seconds))


class SideProcess:
    """The process of one side."""

    def __init__(self, name: str, options: Options, peers_python: Path | None) -> None:
        """peers_python: of the virtual environment of the peers on PyTorch; None where there is none.

        Raises SideError when the side cannot run here.
        """
        self.name = name
        self.threads = options.threads
        self.peak_memory = 0
        """Resident, bytes."""
        self._clock = 0.0
        self._pace = 0.0
        python = Path(sys.executable)
        if SIDES[name].torch:
            if peers_python is None or not peers_python.exists():
                raise SideError("the peers' virtual environment is missing; `make bench` makes it")
            python = peers_python
        # Not a pipe: libraries say more than one holds, and nobody reads it unless the process fails.
        self._said = TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(
            [python, "-m", "tests.benchmarks.worker", name, json_of(options)],
            cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True,
        )  # fmt: skip
        try:
            self._answer()
        except SideError:
            self.close()
            raise

    def look(self, frames: Sequence[str]) -> Turn:
        """Look at frames, files of `frames.write`, one after the other. Raises SideError."""
        stdin = self._process.stdin
        assert stdin is not None
        step = max(FRAME_SECONDS, self._pace)
        moments = [self._clock + step * (i + 1) for i in range(len(frames))]
        stdin.write(json.dumps(list(zip(frames, moments, strict=True))) + "\n")
        stdin.flush()
        answer = self._answer()
        self._clock = moments[-1]
        turn = Turn(answer["seconds"], answer["cpu"], [Seen(*seen) for seen in answer["seen"]], step * len(frames))
        self._pace = turn.mean
        return turn

    def _answer(self) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            code = self._process.wait()
            self._said.seek(0)
            said = self._said.read().strip().splitlines()
            raise SideError(f"{self.name} ended with exit code {code}: {said[-1] if said else 'it said nothing'}")
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            raise SideError(answer["problem"])
        self.peak_memory = answer["peak"]
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_sides(
    stack: ExitStack, names: Sequence[str], options: Options, peers_python: Path | None
) -> tuple[list[SideProcess], list[str]]:
    """The sides that can run here, closed with stack, and why the others cannot."""
    sides: list[SideProcess] = []
    problems: list[str] = []
    for name in names:
        try:
            sides.append(stack.enter_context(SideProcess(name, options, peers_python)))
        except SideError as error:
            problems.append(f"{name}: {error}")
    return sides, problems
