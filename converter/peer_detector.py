"""PyPI `mtcnn` as a peer to compare with, behind the edge's own interface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.records import Box, Face


class PeerMtcnn:
    """mtcnn 1.0.0 at its working settings."""

    def __init__(self, confidence: float) -> None:
        """Raises ModelError when the package is not installed."""
        try:
            from mtcnn import MTCNN
        except ImportError as error:
            raise ModelError(
                f"the peer mtcnn is not installed ({error}): pip install 'classpulse[converter]'"
            ) from error
        self._mtcnn: Any = MTCNN()
        self._confidence = confidence

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """Faces of image, (H, W, 3) uint8 RGB.

        Its `min_face_size` stays at 20, since it builds its pyramid wrongly above that and finds nothing.
        """
        rows = self._mtcnn.detect_faces(
            image, output_type="numpy", box_format="xyxy", fit_to_image=False, threshold_onet=self._confidence
        )
        return [
            Face(
                Box(*map(float, row[1:5])),
                np.stack([row[6:11], row[11:16]], axis=1).astype(np.float32),
                float(row[5]),
            )
            for row in np.asarray(rows).reshape(-1, 16)
        ]
