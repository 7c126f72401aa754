"""Faces in a frame: what both detectors share, and which one a config asks for.

A detector is `detect(image) -> list[Face]` on an (H, W, 3) uint8 RGB image, best face first.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.config import Settings
from edge.haar import HaarDetector
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.records import Face
from edge.tracked import Tracked


class Detector(Protocol):
    """Finds faces."""

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0) -> list[Face]:
        """Faces of image, (H, W, 3) uint8 RGB, best first, in pixels of image.

        scale: full-frame pixels to a pixel of image, for an image that is a reduced frame: the smallest
        face looked for is given in full-frame pixels.
        """


class RoomDetector(Detector, Protocol):
    """Finds faces in one frame after the other."""

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        """The same; tracked: faces known from the frames before, of which those that are not due may be left out.

        A detector that leaves out some says in `tracked.showing` which of them are there.
        """


def open_detector(settings: Settings, manifest: Manifest) -> RoomDetector:
    """The detector that settings ask for. Raises ModelError when its models cannot be loaded."""
    mtcnn = MtcnnDetector(
        manifest,
        min_face=settings.detector.min_face,
        confidence=settings.detector.confidence,
        runtime=settings.runtime.interpreter,
        threads=settings.runtime.threads,
    )
    if settings.detector.method == "mtcnn":
        return mtcnn
    return HaarDetector(mtcnn, min_face=settings.detector.min_face)
