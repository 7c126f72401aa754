"""Haar cascade detector: OpenCV's frontal-face cascade, with landmarks from MTCNN's O-Net.

The cascade gives boxes only, but alignment needs five landmarks. O-Net finds them in the box, and
throws out the many boxes that are no face, which is the cascade's known weakness.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.mtcnn import MtcnnDetector
from edge.records import Face
from edge.tracked import Tracked

SCALE_FACTOR = 1.1
NEIGHBOURS = 3
"""Viola and Jones (CVPR 2001) as OpenCV runs it: pyramid step, and hits that must agree on a face.
Fewer neighbours than OpenCV's usual 5, since O-Net rejects false hits afterwards."""

SMALLEST = 20
"""Pixels; the cascade's own window is 24."""


class HaarDetector:
    """Viola-Jones cascade; landmarks and confidence from O-Net."""

    def __init__(self, mtcnn: MtcnnDetector, min_face: int, cascade_file: Path | None = None) -> None:
        """min_face: smallest face height in pixels. Raises ModelError when the cascade cannot be loaded."""
        # Not cv2.data: a cv2 from Debian has no such module, but the same folder.
        path = cascade_file or Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier()
        if not path.is_file() or not self._cascade.load(str(path)):
            raise ModelError(f"{path}: not a Haar cascade; reinstall opencv-python-headless (below 5)")
        self._mtcnn = mtcnn
        self._min_side = min_face * 0.9  # the cascade's boxes are tighter

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        """Faces of image, (H, W, 3) uint8 RGB, best first; scale: full-frame pixels to one of image.

        The cascade finds all faces in every picture, whether or not they are tracked: none is left for later, and
        `tracked.showing` stays empty.
        """
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        side = max(SMALLEST, int(self._min_side / scale))
        found = self._cascade.detectMultiScale(
            grey, scaleFactor=SCALE_FACTOR, minNeighbors=NEIGHBOURS, minSize=(side, side)
        )
        if len(found) == 0:
            return []
        squares = np.asarray(found, dtype=np.float32)[:, :3]
        return self._mtcnn.refine(image, squares)
