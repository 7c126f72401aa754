"""The pipeline's models with a stopwatch on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np
from numpy.typing import NDArray

from edge.bench.room import Seat
from edge.config import Settings
from edge.embedder import Embedding, unit
from edge.gallery import Search, Student
from edge.loading import Parts
from edge.manifest import Manifest
from edge.pipeline import Identifies
from edge.records import Box, Emotion, Face, Frame, Match
from edge.tracked import Tracked

STAGES = ("detect", "embed", "read")
STUDENTS, TEMPLATES = 30, 5
"""Of the gallery that is searched."""


class Stages:
    """Detector, embedder, search and expression model in one, and how long each call of them took.

    The room shows a few people many times, but a student is never in two places: a search takes its time, and then
    whoever sits there is named by the seat.
    """

    def __init__(self, parts: Parts, search: Identifies, seats: tuple[Seat, ...], timer: Callable[[], float]) -> None:
        self._parts = parts
        self._seats = np.array(seats).reshape(-1, 2)
        self._search = search
        self._timer = timer
        self._face: Face | None = None
        self.student_ids = frozenset(_seat_name(number) for number in range(len(seats)))
        self.students = len(seats)
        self.found: list[int] = []
        """Faces of each search for them, with those that were tracked, show, and need not be looked at in it."""
        self.seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}

    def allocate(self, frame: Frame) -> None:
        """Look for faces once, untimed: networks for frames of a new size are allocated at the first."""
        reduced = frame.reduced
        if reduced is None:
            self._parts.detector.detect(frame.image)
        else:
            self._parts.detector.detect(reduced.image, reduced.scale[1])

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        with self._timed("detect"):
            faces = self._parts.detector.detect(image, scale, tracked)
        self.found.append(len(faces) + (len(tracked.showing) if tracked else 0))
        return faces

    def embed(self, image: NDArray[np.uint8], face: Face) -> Embedding:
        self._face = face
        with self._timed("embed"):
            return self._parts.embedder.embed(image, face)

    def identify(self, embedding: Embedding, threshold: float) -> Match:
        self._search.identify(embedding, threshold)
        if self._face is None:  # nobody was embedded
            return Match(None, -1.0)
        nearest = np.hypot(*(self._seats - self._face.box.centre).T).argmin()
        return Match(_seat_name(int(nearest)), 1.0)

    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        with self._timed("read"):
            return self._parts.classifier.classify(image, box)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = self._timer()
        yield
        self.seconds[stage].append(self._timer() - began)


def full_search(settings: Settings, parts: Parts) -> Identifies:
    """A search as large as a full class: the classifier's own, or one through templates of nobody."""
    if parts.faces is not None:
        return parts.faces.among(parts.faces.labels)
    random = np.random.default_rng(0)
    length = Manifest(settings.runtime.models).entry(settings.recognition.model, "embed").embedding
    return Search(
        tuple(
            Student(
                _seat_name(number),
                "none: bench",
                date.today(),
                None,
                np.stack([unit(random.normal(size=length).astype(np.float32)) for _ in range(TEMPLATES)]),
            )
            for number in range(STUDENTS)
        )
    )


def _seat_name(number: int) -> str:
    return f"seat-{number:03}"
