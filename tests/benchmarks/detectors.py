"""Our detector beside others: frames of the demo's clip, the same smallest face, one thread and all."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.prepare import Say, write_clip
from tests.benchmarks.process import open_sides
from tests.benchmarks.rounds import Row, take_turns
from tests.benchmarks.side import Options
from tests.benchmarks.sides import FACENET, HAAR, MTCNN, OURS

SIZES = ((640, 480), (1280, 720))
CLIP_FACES = 4


def compare(work: Path, peers_python: Path | None, rounds: int, quick: bool, say: Say) -> tuple[list[Row], list[str]]:
    """(rows, what could not run). work: an empty folder for the frames."""
    names = (OURS, HAAR) if quick else (OURS, MTCNN, FACENET, HAAR)
    frames = {size: write_clip(work, *size) for size in (SIZES[:1] if quick else SIZES)}
    rows: list[Row] = []
    problems: list[str] = []
    for threads in (1, 0):
        with ExitStack() as stack:
            sides, failed = open_sides(stack, names, Options(threads), peers_python)
            problems += failed
            for size, files in frames.items():
                say(f"detectors, {size[0]}x{size[1]}, {f'{threads} thread' if threads else 'all threads'}")
                rows += take_turns(sides, files, rounds, faces=CLIP_FACES, size=size)
    return rows, sorted(set(problems))
