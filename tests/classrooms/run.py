"""A run of clips, whose work several processes can share: what is loaded once, and what is done for each seed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2

from converter.face_figures import read_aliases
from edge.config import Settings, parse
from edge.loading import Parts, load_parts
from tests.classrooms.casting import Casting
from tests.classrooms.people import People
from tests.classrooms.play import play
from tests.classrooms.tally import Tally
from tests.conftest import CONFIG

ALIASES = Path(__file__).resolve().parents[1] / "integration" / "lfw_aliases.txt"


@dataclass(frozen=True)
class Run:
    """What all clips of a run have in common."""

    images: Path
    seconds: float
    """Of a clip."""
    frames_per_second: float
    threads: int
    """Of a model; 0: one per CPU."""
    video: Path | None
    """Where the clip of the seed `filmed` is drawn."""
    filmed: int


@cache
def stage(run: Run) -> tuple[Settings, Parts, Casting]:
    """What the clips of a run are made and played with: once in a process."""
    cv2.setNumThreads(run.threads or -1)
    with tempfile.TemporaryDirectory() as folder:
        text = CONFIG.format(folder=folder) + f"\n[runtime]\nthreads = {run.threads}\n"
        settings = parse(text, Path(folder) / "edge.toml")
    parts = load_parts(settings)
    return settings, parts, Casting(People(run.images, parts.detector), parts.embedder, read_aliases(ALIASES))


def judged(run: Run, seed: int) -> Tally:
    """The tally of one clip."""
    settings, parts, casting = stage(run)
    room = casting.room(seed, run.seconds, run.frames_per_second)
    tally = Tally()
    tally.add(play(room, settings, parts, run.video if seed == run.filmed else None), f"--seed {seed}")
    return tally
