"""How fast models run beside each other: each in a process of its own, taking turns, reported as ratios.

Milliseconds of one machine say little about another, and those of one minute little about the next: other programs
come and go. A ratio of two models that took turns within the same tenth of a second holds far better.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from edge.interpreter import RUNTIMES, cpu_threads
from edge.manifest import Manifest

TURN_SECONDS = 0.05
"""Aimed-at length of one model's turn: far above the clock's grain, far below the drift of a machine's load."""
ROUNDS = (5, 40)
"""Fewest and most turns of each pair."""
NOISY = 1.5
"""Ratio of the upper to the lower quartile of the rounds from which a figure is not to be relied on."""


@dataclass(frozen=True)
class Case:
    """One model on one runtime."""

    model: str
    runtime: str
    threads: int

    def __str__(self) -> str:
        return f"{self.model} on {self.runtime}, {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclass(frozen=True)
class Timing:
    """What was measured of a case; all zero when it does not run."""

    case: Case
    problem: str = ""
    """Why it does not run."""
    ratio: float = 0.0
    """Its time to that of the reference, median over the rounds."""
    low: float = 0.0
    high: float = 0.0
    """The middle half of the rounds lies between these ratios."""
    milliseconds: float = 0.0
    """Of one run (an embedder's: two pictures), median."""
    noisy: bool = False
    """The middle half spans more than `NOISY`: other programs decided this figure."""
    memory: int = 0
    """Peak of resident memory that loading and running it added, bytes."""
    rounds: int = 0


def thread_counts(wanted: Sequence[int]) -> tuple[int, ...]:
    """1, which the reference runs with, and those wanted: 0 stands for all CPUs, and none is above them."""
    return tuple(dict.fromkeys(cpu_threads(count) for count in (1, *wanted)))


def cases(models: Sequence[str], threads: Sequence[int], runtimes: Sequence[str] = RUNTIMES) -> list[Case]:
    """All combinations. The first, the reference, is the first model on the first runtime."""
    return [Case(model, runtime, count) for runtime in runtimes for count in threads for model in models]


def measure(
    manifest: Manifest,
    role: str,
    wanted: Sequence[Case],
    *,
    seconds: float = 4.0,
    progress: Callable[[str], None] = lambda case: None,
) -> list[Timing]:
    """Time each case against the first, which is measured against itself too: its spread shows the noise.

    seconds: to spend on each case, within `ROUNDS`. No more than two models are in memory at once. progress is told
    each case before it runs.
    """
    with Runner(manifest, role, wanted[0]) as reference:
        if reference.problem:
            return [Timing(case, f"the reference does not run: {reference.problem}") for case in wanted]
        timings = []
        for case in wanted:
            progress(str(case))
            with Runner(manifest, role, case) as runner:
                timings.append(_compare(case, runner, reference, seconds))
    return timings


def timings_json(timings: Sequence[Timing]) -> list[dict[str, Any]]:
    """Ready for JSON. to_float: the ratio to the first model on the same runtime with as many threads."""
    first = timings[0].case
    float_ratio = {(t.case.runtime, t.case.threads): t.ratio for t in timings if t.case.model == first.model}
    float_ratio[first.runtime, first.threads] = 1.0  # each ratio is to it already; its own shows the noise
    listed = []
    for timing in timings:
        beside = float_ratio[timing.case.runtime, timing.case.threads]
        runs = not timing.problem and beside > 0
        listed.append({**asdict(timing), **asdict(timing.case), "to_float": timing.ratio / beside if runs else None})
        del listed[-1]["case"]
    return listed


def _compare(case: Case, runner: Runner, reference: Runner, seconds: float) -> Timing:
    if runner.problem:
        return Timing(case, runner.problem)
    turns = runner.runs_per_turn()
    reference_turns = reference.runs_per_turn()
    end = time.monotonic() + seconds
    ours: list[float] = []
    theirs: list[float] = []
    while len(ours) < ROUNDS[0] or (len(ours) < ROUNDS[1] and time.monotonic() < end):
        # Whoever goes second finds the caches of the first: take turns in that, too.
        if len(ours) % 2:
            ours.append(runner.seconds(turns))
            theirs.append(reference.seconds(reference_turns))
        else:
            theirs.append(reference.seconds(reference_turns))
            ours.append(runner.seconds(turns))
        if runner.problem:
            return Timing(case, runner.problem)
    ratios = np.array(ours) / np.array(theirs)
    low, middle, high = (float(value) for value in np.percentile(ratios, [25, 50, 75]))
    return Timing(
        case,
        ratio=middle,
        low=low,
        high=high,
        noisy=high > NOISY * low,
        milliseconds=float(np.median(ours)) * 1e3,
        memory=runner.memory,
        rounds=len(ours),
    )


class Runner:
    """The process of one case."""

    def __init__(self, manifest: Manifest, role: str, case: Case) -> None:
        """Start it, load the model and run it once; `problem` says why if that fails."""
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "converter.latency_process",
                str(manifest.directory), case.model, role, case.runtime, str(case.threads),
            ],
            # Where `converter` and `edge` lie, installed or in a checkout.
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.problem = ""
        self.memory = int(self._answer().get("memory", 0))

    def runs_per_turn(self) -> int:
        """How many runs make a turn of about `TURN_SECONDS`."""
        self.seconds(1)  # the second run still allocates in some kernels
        return max(1, min(1000, round(TURN_SECONDS / max(1e-6, self.seconds(1)))))

    def seconds(self, runs: int) -> float:
        """Mean time of one of so many runs; NaN once the process has failed."""
        if self.problem:
            return float("nan")
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(f"{runs}\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: reading its answer says how
        return float(self._answer().get("seconds", "nan")) / runs

    def _answer(self) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            self.problem = f"it crashed (exit code {self._process.wait()})"
            return {}
        answer: dict[str, Any] = json.loads(line)
        self.problem = answer.get("problem", "")
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        self._process.communicate()  # closes the pipes, even with something unsent in them
