"""PyPI `fer` with MTCNN: finds faces and reads their expressions; it identifies nobody."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.peers.threads import limit_torch, limited_tensorflow
from tests.benchmarks.side import Options, Seen


class FerPackage:
    """`FER(mtcnn=True).detect_emotions`, at its defaults."""

    def __init__(self, options: Options) -> None:
        limited_tensorflow(options.threads)
        limit_torch(options.threads)
        from fer.fer import FER

        self._fer: Any = FER(mtcnn=True)

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        # It takes pictures as OpenCV reads them.
        found = self._fer.detect_emotions(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        return Seen(len(found), readings=len(found))
