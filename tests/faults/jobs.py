"""Runs of consecutive seeds, each in a process of its own, each made once."""

from __future__ import annotations

import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.faults.checkout import same
from tests.faults.run import Result, commit_of, run
from tests.faults.school import Source

_PER_RUN = 10
"""Faults that one daemon with one spool lives through."""


@dataclass(frozen=True)
class Job:
    """One run, and where its result is kept: what was made at the same commit is not made again."""

    folder: Path
    seed: int
    faults: int
    longest: float
    source: Source
    commit: str | None
    """What is tried."""

    @property
    def name(self) -> str:
        return f"{self.source}-{self.seed}-{self.faults}-{self.longest:g}"

    @property
    def result(self) -> Path:
        return self.folder / f"{self.name}.json"

    @property
    def again(self) -> str:
        """The command that makes this run again."""
        wanted = "--faults 0 --clip-faults" if self.source == "clip" else "--faults"
        return f"python -m tests.faults --seed {self.seed} {wanted} {self.faults} --longest {self.longest:g}"

    def made(self) -> Result | None:
        """The result of an earlier call; None where there is none, or it is of another commit."""
        if not self.result.exists() or not same(commit_of(self.result), self.commit):
            return None
        return Result.read(self.result)

    def make(self) -> Result:
        """Run it, unless it was run before."""
        if (made := self.made()) is not None:
            return made
        scratch = self.folder / self.name
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        began = time.monotonic()

        def say(what: str) -> None:
            sys.stderr.write(f"{self.name} {time.monotonic() - began:6.1f} s: {what}\n")

        result = run(scratch, self.seed, self.faults, self.longest, self.source, self.commit, say)
        result.write(self.result)
        if not result.verdict.failures:  # what a failure left behind is evidence
            shutil.rmtree(scratch)
        return result


def jobs(
    folder: Path, seed: int, faults: int, clip_faults: int, longest: float, commit: str | None, per_run: int = _PER_RUN
) -> list[Job]:
    """Faults spread over runs of consecutive seeds. commit: what is tried."""
    wanted: list[tuple[Source, int]] = [("room", faults), ("clip", clip_faults)]
    return [
        Job(folder, seed + number, min(per_run, count - number * per_run), longest, source, commit)
        for source, count in wanted
        for number in range(-(-count // per_run))
    ]


def make_all(chosen: list[Job], parallel: int) -> dict[Job, Result]:
    """Run all of them, so many at a time, each in a process of its own.

    Raises BaseExceptionGroup when runs broke down, after the others have ended.
    """
    results, errors = {}, []
    with ProcessPoolExecutor(parallel, mp_context=get_context("spawn")) as pool:
        for done in as_completed(futures := {pool.submit(job.make): job for job in chosen}):
            job = futures[done]
            if (error := done.exception()) is not None:
                errors.append(error)
                continue
            results[job] = done.result()
            if failures := results[job].verdict.failures:
                sys.stderr.write("\n  ".join([f"FAILED {job.name}; once more: {job.again}", *failures[:20]]) + "\n")
    if errors:
        raise BaseExceptionGroup("runs broke down", errors)
    return results
