"""The whole way from a frame to readings of known students: ours, the original system's, and `fer`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.frames import Room
from tests.benchmarks.ours import FULL_ROOM
from tests.benchmarks.prepare import Say
from tests.benchmarks.process import open_sides
from tests.benchmarks.rounds import Row, take_turns
from tests.benchmarks.side import Options
from tests.benchmarks.sides import (
    EVERY_FACE,
    FER,
    ORIGINAL_CALL,
    ORIGINAL_PREDICT,
    SAME_MODELS,
    SCHEDULED,
    SCHEDULED_THIRD,
)

FOUR = Room(4, 1280, 720)
BY_FACES = (Room(0, 1280, 720), Room(1, 1280, 720), FOUR, Room(10, 1280, 720), FULL_ROOM)
BY_SIZE = (Room(4, 640, 480), FOUR, Room(4, 1920, 1080))
QUICK = (FOUR, FULL_ROOM)
OURS = (SCHEDULED, SCHEDULED_THIRD, EVERY_FACE)
THEIRS = (SAME_MODELS, ORIGINAL_CALL, ORIGINAL_PREDICT, FER)


def rooms(quick: bool) -> list[Room]:
    """All that are looked at."""
    return list(dict.fromkeys(QUICK if quick else BY_FACES + BY_SIZE))


def compare(
    frames: dict[Room, list[str]],
    options: Options,
    peers_python: Path | None,
    rounds: int,
    quick: bool,
    say: Say,
) -> tuple[list[Row], list[str]]:
    """(rows, what could not run); options: with the folders of the original system's models, unless quick."""
    rows: list[Row] = []
    say("pipelines, loading")
    with ExitStack() as stack:
        sides, problems = open_sides(stack, OURS if quick else OURS + THEIRS, options, peers_python)
        for room in rooms(quick):
            say(f"pipelines, {room}")
            rows += take_turns(sides, frames[room], rounds, faces=room.faces, size=(room.width, room.height))
    return rows, problems
