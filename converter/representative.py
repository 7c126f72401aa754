"""What a model will see on the edge, made of a folder of pictures by the edge's own code.

Static recipes measure the ranges of a model's activations on it. Crop, colour order and normalization are
those of the daemon: ranges of faces framed in another way would clip the faces of the classroom.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converter.evaluate_faces import central_face
from edge.alignment import expression_crop, whole
from edge.detector import Detector
from edge.embedder import Embedder, face_crop
from edge.errors import PictureError
from edge.manifest import ModelEntry
from edge.pictures import SUFFIXES, read_picture

FEWEST, ENOUGH = 10, 100
"""Inputs below which calibration is refused, and below which it is warned about: a range measured on too few
faces is too narrow, and everything outside is clipped."""

Inputs = NDArray[np.float32]
View = Callable[[NDArray[np.uint8]], Inputs | None]
"""(H, W, 3) uint8 RGB -> what the model is given, float32 without a batch axis; None where no face is found."""
Progress = Callable[[Iterable[Inputs]], Iterable[Inputs]]


@dataclass(frozen=True, eq=False)
class Representative:
    """The inputs, and what became of the pictures."""

    folder: Path
    inputs: Inputs
    """(N, H, W, C) or (N, length) float32, normalized as the model takes them."""
    unreadable: tuple[Path, ...] = field(default=())
    faceless: tuple[Path, ...] = field(default=())
    """Pictures without a face that the detector finds."""

    @property
    def warning(self) -> str:
        """What to tell the user about too few inputs; empty when there are enough."""
        if len(self.inputs) >= ENOUGH:
            return ""
        return f"{self.folder}: only {len(self.inputs)} inputs to calibrate on; {ENOUGH} or more are better"


def read_representative(folder: Path, view: View, count: int, progress: Progress = iter) -> Representative:
    """Up to count inputs from the pictures in folder and below.

    Every folder below takes part alike, and the choice is the same each time. progress wraps the
    inputs as they come. Raises PictureError when fewer than `FEWEST` inputs come of the pictures.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise PictureError(f"{folder}: no pictures there or below; give a folder of {', '.join(sorted(SUFFIXES))}")
    unreadable: list[Path] = []
    faceless: list[Path] = []

    def seen() -> Iterator[Inputs]:
        for path in _mixed(folder, paths):
            try:
                image = read_picture(path)
            except PictureError:
                unreadable.append(path)
                continue
            values = view(image)
            if values is None:
                faceless.append(path)
            else:
                yield values

    inputs = list(progress(islice(seen(), count)))
    if len(inputs) < FEWEST:
        named = ", ".join(path.name for path in (*unreadable, *faceless)[:5])
        raise PictureError(
            f"{folder}: {len(inputs)} inputs from {len(paths)} pictures ({len(unreadable)} unreadable, "
            f"{len(faceless)} without a face{': ' + named if named else ''}); calibration needs {FEWEST} or more, "
            f"better {ENOUGH}"
        )
    return Representative(folder, np.stack(inputs), tuple(unreadable), tuple(faceless))


def expression_view(entry: ModelEntry) -> View:
    """For role "emotion": each picture is one face, as in a folder of labelled pictures."""
    return lambda image: _normalized(expression_crop(image, whole(image), entry.input[0])[:, :, None], entry)


def face_view(entry: ModelEntry, detector: Detector) -> View:
    """For role "embed": the face in the middle of the picture."""

    def view(image: NDArray[np.uint8]) -> Inputs | None:
        face = central_face(image, detector.detect(image))
        return None if face is None else _normalized(face_crop(image, face, entry), entry)

    return view


def embedding_view(embedder: Embedder, detector: Detector) -> View:
    """For role "identify": the embedding of the face in the middle of the picture."""

    def view(image: NDArray[np.uint8]) -> Inputs | None:
        face = central_face(image, detector.detect(image))
        return None if face is None else embedder.embed(image, face)

    return view


def stand_ins(entry: ModelEntry, count: int) -> Inputs:
    """(count, ...) inputs where there are no pictures: noise of every pixel value, or of unit length.

    Good enough to compare runtimes with; not to measure ranges.
    """
    generator = np.random.default_rng(0)
    if entry.role == "identify":
        vectors = generator.normal(size=(count, *entry.input))
        units: Inputs = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return units
    return _normalized(generator.integers(0, 256, (count, *entry.input), dtype=np.uint8), entry)


def _normalized(pixels: NDArray[np.uint8], entry: ModelEntry) -> Inputs:
    values: Inputs = ((pixels - np.array(entry.subtract, np.float64)) / np.array(entry.divide)).astype(np.float32)
    return values


def _mixed(folder: Path, paths: Iterable[Path]) -> list[Path]:
    """The paths in an order that takes the folders in turn, and chooses the same on every machine."""

    def chance(path: Path) -> bytes:
        return hashlib.sha256(path.relative_to(folder).as_posix().encode()).digest()

    turns: Counter[Path] = Counter()
    ranked = []
    for path in sorted(paths, key=chance):
        ranked.append((turns[path.parent], chance(path), path))
        turns[path.parent] += 1
    return [path for _, _, path in sorted(ranked)]
