"""OpenCV's Haar cascade alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.peers.threads import limit_opencv
from tests.benchmarks.side import Options, Seen

SCALE_FACTOR = 1.1
"""OpenCV's default step of the pyramid."""


def cascade() -> cv2.CascadeClassifier:
    """The frontal face, from OpenCV's own file."""
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))


class Haar:
    """`detectMultiScale` as OpenCV's documentation calls it."""

    def __init__(self, options: Options, min_face: int) -> None:
        """min_face: pixels."""
        limit_opencv(options.threads)
        self._cascade = cascade()
        self._smallest = (min_face, min_face)

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return Seen(len(self._cascade.detectMultiScale(grey, scaleFactor=SCALE_FACTOR, minSize=self._smallest)))
