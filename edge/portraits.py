"""What a student is enrolled from: single faces that show enough, from picture files or from the live camera."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.detector import Detector
from edge.embedder import Embedder, Embedding
from edge.errors import PictureError
from edge.pictures import read_picture
from edge.pose import faces_camera
from edge.quality import sharpness
from edge.records import Face, Frame

MIN_FACE = 60
"""Smallest face enrolled, pixels of box height: a template from less costs recognition for years."""
SURE_FACE = 0.9
"""Detector score of a face that counts here: a flag's folds at 0.87 are no second person in the picture."""
SHARP = 0.015
"""Sharpness of a picture worth keeping for years: a blur of 2% of the face's height, which costs a tenth of the
recognitions, gives a median of 0.013; without blur 95% of LFW's faces of 60 px are above 0.024."""
APART = 0.7
"""Seconds between two portraits from the camera, so that the head has moved."""
TOO_SIMILAR = 0.97
"""Similarity of a portrait that adds nothing to one taken before."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Portrait:
    """One face of a student to be enrolled. The picture itself is not kept."""

    name: str
    """Where it is from, for messages."""
    embedding: Embedding


class Portrayer:
    """Checks pictures and embeds the one face in each."""

    def __init__(self, detector: Detector, embedder: Embedder) -> None:
        self._detector = detector
        self._embedder = embedder

    def from_file(self, path: Path) -> Portrait:
        """The portrait in a picture file. Raises PictureError, saying why it cannot be used and what would help."""
        return self._portrait(read_picture(path), str(path))

    def from_files(self, paths: Sequence[Path]) -> list[Portrait]:
        """The portrait in each picture file. Raises PictureError naming every one that cannot be used."""
        portraits, refused = [], []
        for path in paths:
            try:
                portraits.append(self.from_file(path))
            except PictureError as error:
                refused.append(str(error))
        if refused:
            left = f"{len(portraits)} of {len(paths)} pictures can be used, and nobody was enrolled"
            raise PictureError("\n".join(refused if len(paths) == 1 else [*refused, left]))
        return portraits

    def from_camera(
        self, frames: Iterable[Frame], count: int, seconds: float, threshold: float, tell: Callable[[str], None]
    ) -> list[Portrait]:
        """`count` portraits of the one person before the camera, each a little different from the others.

        seconds: how long to try; threshold: similarity of two portraits of one person; tell: called with a line of
        guidance whenever it changes. Raises PictureError when there are not enough in time.
        """
        portraits: list[Portrait] = []
        began: float | None = None
        taken_at = -np.inf
        trouble = "the camera gave no frame"
        for frame in frames:
            began = frame.monotonic if began is None else began
            if frame.monotonic - began > seconds:
                break
            if frame.monotonic - taken_at < APART:
                continue
            try:
                portrait = self._portrait(frame.image, "the camera")
                _check_fits(portrait, portraits, threshold)
            except PictureError as error:
                if str(error) != trouble:
                    tell(str(error))
                trouble = str(error)
                continue
            portraits.append(portrait)
            taken_at = frame.monotonic
            trouble = "no more frames came"
            if len(portraits) == count:
                return portraits
            tell(f"{len(portraits)} of {count}: turn your head a little, or change your expression")
        raise PictureError(f"only {len(portraits)} of {count} pictures within {seconds:g} s; last: {trouble}")

    def _portrait(self, image: Picture, name: str) -> Portrait:
        faces = [f for f in self._detector.detect(image) if f.box.height >= MIN_FACE and f.confidence >= SURE_FACE]
        if not faces:
            raise PictureError(
                f"{name}: no face of {MIN_FACE} px or more found; take it nearer, from the front, in even light"
            )
        if len(faces) > 1:
            raise PictureError(f"{name}: shows {len(faces)} faces; crop it so that it shows the student alone")
        _check_quality(image, faces[0], name)
        return Portrait(name, self._embedder.embed(image, faces[0]))


@contextmanager
def ended_after(seconds: float) -> Iterator[threading.Event]:
    """An event that is set after so many seconds, for a camera that gives no frames to count them by."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
        stop.set()


def _check_quality(image: Picture, face: Face, name: str) -> None:
    if not faces_camera(face.landmarks):
        raise PictureError(f"{name}: the face is turned away, up or down; take it from the front")
    if sharpness(image, face) < SHARP:
        raise PictureError(f"{name}: the face is blurred; hold still, and use more light")


def _check_fits(portrait: Portrait, portraits: list[Portrait], threshold: float) -> None:
    similarities = [float(portrait.embedding @ other.embedding) for other in portraits]
    if similarities and max(similarities) < threshold:
        raise PictureError(f"{portrait.name}: shows somebody else than before; only the student may be in view")
    if similarities and max(similarities) > TOO_SIMILAR:
        raise PictureError(f"{portrait.name}: the same as before; turn your head a little")
