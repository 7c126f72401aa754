"""PyPI `mtcnn` 1.0.0, on TensorFlow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from converter.peer_detector import PeerMtcnn
from tests.benchmarks.peers.threads import limited_tensorflow
from tests.benchmarks.side import Options, Seen


class MtcnnPackage:
    """Its smallest face is 20 px, the only setting at which it works."""

    def __init__(self, options: Options, confidence: float) -> None:
        limited_tensorflow(options.threads)
        self._peer = PeerMtcnn(confidence)

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        return Seen(len(self._peer.detect(image)))
