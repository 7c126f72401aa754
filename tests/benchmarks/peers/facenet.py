"""The MTCNN of `facenet-pytorch`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.peers.threads import limit_torch
from tests.benchmarks.side import Options, Seen


class FacenetMtcnn:
    """On the CPU, all faces of a frame, otherwise at its defaults."""

    def __init__(self, options: Options, min_face: int) -> None:
        """min_face: pixels."""
        limit_torch(options.threads)
        from facenet_pytorch import MTCNN

        self._mtcnn: Any = MTCNN(keep_all=True, min_face_size=min_face, device="cpu")

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        boxes, _ = self._mtcnn.detect(image)
        return Seen(0 if boxes is None else len(boxes))
