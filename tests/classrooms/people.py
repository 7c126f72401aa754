"""People to seat in a composed classroom: a folder of pictures for each, cut out around the face."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detector import Detector
from edge.pictures import read_picture
from edge.pose import faces_camera
from edge.records import Box, Face

HALF_WIDTH, HALF_HEIGHT = 0.72, 0.92
"""Half axes of the ellipse that is cut out, in face heights: head and hair, and little of what is behind them."""
SOFT_EDGE = 0.12
"""Width of the ellipse's blurred edge, as a share of its radius."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """One picture of one person, cut out."""

    pixels: NDArray[np.uint8]
    """(h, w, 3) RGB."""
    opacity: NDArray[np.float32]
    """(h, w), 0..1."""
    face: Box
    """Where the face lies in pixels."""
    frontal: bool
    """Whether lids and mouth can be seen, by the rule that the edge reads expressions by."""


class People:
    """Everybody in the folders DIR/<person>/*.jpg, and their pictures when asked for."""

    def __init__(self, folder: Path, detector: Detector) -> None:
        self._folder = folder
        self._detector = detector
        self.pictures = {
            person.name: sorted(person.glob("*.jpg")) for person in sorted(folder.iterdir()) if person.is_dir()
        }

    def with_pictures(self, least: int, most: int | None = None) -> list[str]:
        """Those of whom there are least..most pictures, by name."""
        return [n for n, found in self.pictures.items() if least <= len(found) and (most is None or len(found) <= most)]

    def face(self, path: Path) -> tuple[NDArray[np.uint8], Face] | None:
        """A picture and the face nearest to its middle; None when none is found there."""
        image = read_picture(path)
        height, width = image.shape[:2]
        found = [
            (float(np.hypot(face.box.centre[0] - width / 2, face.box.centre[1] - height / 2)), number, face)
            for number, face in enumerate(self._detector.detect(image))
        ]
        if not found or min(found)[0] > width / 4:
            return None
        return image, min(found)[2]

    @lru_cache(maxsize=512)  # noqa: B019 - lives as long as the program
    def cutout(self, path: Path) -> Cutout | None:
        """The person of a picture, without what is around; None when no face is found."""
        found = self.face(path)
        if found is None:
            return None
        image, face = found
        (x, y), size = face.box.centre, face.box.height
        half_width, half_height = HALF_WIDTH * size, HALF_HEIGHT * size
        left, top = max(0, round(x - half_width)), max(0, round(y - half_height))
        part = image[top : round(y + half_height), left : round(x + half_width)]
        rows, columns = np.mgrid[0 : part.shape[0], 0 : part.shape[1]].astype(np.float32)
        radius = np.hypot((columns + left - x) / half_width, (rows + top - y) / half_height)
        opacity = np.clip((1 - radius) / SOFT_EDGE, 0, 1).astype(np.float32)
        # Where the picture ends inside the ellipse there must be no hard edge either.
        opacity[[0, -1]] = opacity[:, [0, -1]] = 0
        opacity = cv2.blur(opacity, (5, 5)).astype(np.float32)
        box = Box(face.box.x1 - left, face.box.y1 - top, face.box.x2 - left, face.box.y2 - top)
        return Cutout(part, opacity, box, faces_camera(face.landmarks))
