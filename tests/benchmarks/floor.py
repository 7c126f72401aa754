"""The floor: the time that a frame's multiply-adds alone would take at the rate of a large matrix product."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from converter.macs import count_macs
from edge.interpreter import Network
from edge.manifest import Manifest
from tests.benchmarks.process import CHECKOUT, FRAME_SECONDS
from tests.benchmarks.rounds import Row
from tests.benchmarks.side import Options
from tests.benchmarks.sides import EVERY_FACE, SCHEDULED, SCHEDULED_THIRD, SIDES

Work = dict[tuple[str, str], float]
"""(network, "float32" or "int8") -> multiply-adds."""


@dataclass(frozen=True)
class Floor:
    """What one side must compute in one room, a frame."""

    side: str
    faces: int
    width: int
    height: int
    macs: dict[str, float]
    """By network."""
    milliseconds: float
    """All of them at this machine's rate, all threads."""
    distance: float
    """How many times as long a frame takes."""


def rates() -> dict[str, dict[str, float]]:
    """Multiply-adds a second, see `gemm`."""
    command = [sys.executable, "-m", "tests.benchmarks.gemm"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    measured: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return measured


def floors(
    rows: Sequence[Row],
    frames: dict[tuple[int, int, int], list[str]],
    options: Options,
    rate: dict[str, dict[str, float]],
) -> list[Floor]:
    """Of each row of ours that runs the shipped models. frames: by faces, width and height, as in the rows."""
    found = []
    for row in rows:
        if row.side in (SCHEDULED, SCHEDULED_THIRD, EVERY_FACE):
            work = _work(row.side, frames[row.faces, row.width, row.height], options)
            least = sum(macs / max(rate[number].values()) for (_, number), macs in work.items())
            by_network: defaultdict[str, float] = defaultdict(float)
            for (network, _), macs in work.items():
                by_network[network] += macs
            found.append(
                Floor(row.side, row.faces, row.width, row.height, dict(by_network), least * 1e3, row.seconds / least)
            )
    return found


def _work(name: str, frames: Sequence[str], options: Options) -> Work:
    """Of one frame, the mean over one round of frames."""
    maker = SIDES[name]
    side = maker.make(options)
    for i in range(maker.warm_frames):
        side.look(np.load(frames[i % len(frames)]), i * FRAME_SECONDS)
    with _counted() as work:
        for i, file in enumerate(frames):
            side.look(np.load(file), (maker.warm_frames + i) * FRAME_SECONDS)
    return {key: macs / len(frames) for key, macs in work.items()}


@contextmanager
def _counted() -> Iterator[Work]:
    """Counts what every network computes while it is open."""
    work: Work = defaultdict(float)
    run = Network.__call__

    def counting(network: Network, pixels: NDArray[np.uint8]) -> Any:
        entry = network.entry
        number = "int8" if "wi8" in entry.recipe else "float32"
        work[entry.name, number] += len(pixels) * _macs(entry.name, pixels.shape[1:])
        return run(network, pixels)

    with patch.object(Network, "__call__", counting):
        yield work


@lru_cache
def _macs(name: str, shape: tuple[int, ...]) -> int:
    """Of one picture of that height, width and channels."""
    manifest = Manifest()
    return count_macs(manifest.read(manifest.entries[name]), (1, *shape))
