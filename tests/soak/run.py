"""Runs the daemon on a clip or in an empty room, and watches what it takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.brokers import Recorder
from tests.soak.process import memory, processor_seconds

MOST_MEMORY = 250e6
"""Bytes of the daemon with the default models, at its peak."""
SETTLED = 10.0
"""Seconds of an empty room before its processor time is measured: the first frames load what is used later."""
_END_SECONDS = 60.0


@dataclass(frozen=True)
class Sample:
    """One look at the process."""

    seconds: float
    """Of the clip."""
    resident: int
    """Bytes of memory now."""
    peak: int
    """The most so far, bytes."""
    observations: int
    """That have arrived at the broker."""


def soak(config: Path, recorder: Recorder, seconds: float) -> Iterator[Sample]:
    """Play the clip of a config for so many seconds of it, and look at the daemon about every ten."""
    with _device(config, "film", seconds) as (process, positions):
        for position in positions:
            yield Sample(position, *memory(process.pid), len(recorder.observations()))


def growth(samples: Sequence[Sample]) -> float:
    """By what share the memory of the last tenth of the time is above that of the second tenth; the first warms up."""
    end = samples[-1].seconds
    early = [sample.resident for sample in samples if 0.1 * end <= sample.seconds <= 0.2 * end]
    late = [sample.resident for sample in samples if sample.seconds >= 0.9 * end]
    return statistics.median(late) / statistics.median(early) - 1


def empty_room(config: Path, seconds: float) -> float:
    """The share of one processor, 0..1, that the daemon takes in a still room without people."""
    with _device(config, "empty", seconds) as (process, positions):
        used = [(position, processor_seconds(process.pid)) for position in positions if position >= SETTLED]
    (began, before), (ended, after) = used[0], used[-1]
    return (after - before) / (ended - began)


@contextmanager
def _device(config: Path, picture: str, seconds: float) -> Iterator[tuple[subprocess.Popen[str], Iterator[float]]]:
    """The device's process, and how far its picture is whenever it says so; what it logs lies beside the config."""
    command = [sys.executable, "-m", "tests.soak.device", str(config), picture, str(seconds)]
    with config.with_name("daemon.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None

    def positions() -> Iterator[float]:
        assert process.stdout is not None
        while line := process.stdout.readline():
            position = float(line)
            yield position
            if position >= seconds:
                return
        log_text = config.with_name("daemon.log").read_text()
        raise RuntimeError(f"the daemon ended early:\n{log_text[-2000:]}")

    try:
        yield process, positions()
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
