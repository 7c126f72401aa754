"""The process under test: the true daemon on a made-up room of thirty students.

Made up are only the picture and what the networks see in it; tracker, gallery, reporter, spool, publisher, health,
watchdog and signals are the product's own.

    python -m tests.faults.classroom CONFIG SEED [--empty]
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge import config, gallery
from edge.camera.source import stamped
from edge.config import Settings
from edge.daemon import Daemon
from edge.embedder import Embedding, unit
from edge.errors import ClassPulseError
from edge.journal import configure_logging
from edge.loading import Parts
from edge.notify import Notifier
from edge.records import LABELS, Box, Emotion, Face, Frame
from edge.service import Service
from edge.tracked import Tracked
from tests.cameras import WithoutDevice

STUDENTS = 30
_COLUMNS, _SPACING, _SIDE = 6, 120, 60
"""Seats lie in a grid, pixels; two faces wide apart, so that no track mistakes one for the other."""
_LENGTH = 192
"""Of an embedding, as MobileFaceNet's."""
# A face that looks into the camera, in units of its box: right eye, left eye, nose, mouth corners.
_LANDMARKS = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]], np.float32)


def student_id(seat: int) -> str:
    return f"s-{seat:03}"


def templates() -> list[Embedding]:
    """What each student's face embeds to; the same in every process."""
    rows = np.random.default_rng(0).standard_normal((STUDENTS, _LENGTH)).astype(np.float32)
    return [unit(row) for row in rows]


def enrol_all(settings: Settings) -> None:
    """Write a gallery of all students, and its key."""
    students = [gallery.new_student(student_id(seat), "test", [row]) for seat, row in enumerate(templates())]
    gallery.create_key(settings.recognition.key_file)
    key = gallery.read_key(settings.recognition.key_file)
    gallery.save(gallery.Gallery("mobilefacenet", tuple(students)), settings.recognition.gallery, key)


class Room(WithoutDevice):
    """A camera: the same frame at the config's pace, with fine lines everywhere, so that no face is blurred."""

    def __init__(self, frames_per_second: float) -> None:
        self._step = 1.0 / frames_per_second
        self._image = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        sequence = 0
        while not stop.wait(self._step):
            yield stamped(self._image, sequence)
            sequence += 1


class Seats:
    """A detector: a face on every seat."""

    def __init__(self, taken: int) -> None:
        self._faces = [Face(_seat(number), _landmarks(_seat(number)), 0.99) for number in range(taken)]

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        return self._faces


class Templates:
    """An embedder: every face is its student's template."""

    def __init__(self) -> None:
        self._rows = templates()

    def embed(self, image: NDArray[np.uint8], face: Face) -> Embedding:
        return self._rows[_number(face.box)]


class Moods:
    """A classifier: every student's label of an interval is drawn from the seed."""

    def __init__(self, seed: int, interval_seconds: float) -> None:
        self._seed, self._interval = seed, interval_seconds

    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        interval = int(time.time() / self._interval)
        chosen = random.Random(f"{self._seed} {_number(box)} {interval}").choice(LABELS)
        return Emotion(tuple(0.9 if label == chosen else 0.025 for label in LABELS))


def _seat(number: int) -> Box:
    x, y = (number % _COLUMNS + 1) * _SPACING, (number // _COLUMNS + 1) * _SPACING
    return Box(x, y, x + _SIDE, y + _SIDE)


def _number(box: Box) -> int:
    return round(box.y1 / _SPACING - 1) * _COLUMNS + round(box.x1 / _SPACING - 1)


def _landmarks(box: Box) -> NDArray[np.float32]:
    return (_LANDMARKS * _SIDE + (box.x1, box.y1)).astype(np.float32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("--empty", action="store_true", help="nobody is in the room: only the spool is emptied")
    arguments = parser.parse_args()
    configure_logging(20, None)
    try:
        settings = config.load(arguments.config)
        parts = Parts(
            Seats(0 if arguments.empty else STUDENTS), Templates(),
            Moods(arguments.seed, settings.report.interval_seconds), None, 0.5, 0.5, {},
        )  # fmt: skip
        service = Service(arguments.config, Notifier(None))
        service.follow_signals()
        Daemon(settings, service, camera=Room(settings.camera.frames_per_second), parts=parts).run()
    except ClassPulseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
