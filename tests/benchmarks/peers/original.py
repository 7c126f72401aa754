"""The original system's work on a frame: Haar, then three Keras networks for every face.

Its files come from `tests.converter.legacy_models`: its architectures at full size, with random weights, which
cost what trained ones do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.role_defaults import VGGFACE_MEAN
from tests.benchmarks.peers.haar import cascade
from tests.benchmarks.peers.threads import limit_opencv, limited_tensorflow
from tests.benchmarks.side import Options, Seen
from tests.converter.legacy_models import EMOTION_ARCH, FACE_CLASSIFIER, FACE_RECOGNITION

SCALE_FACTOR, NEIGHBOURS = 1.3, 5
"""As tutorials of the day call the cascade: coarser, and faster, than OpenCV's default."""
SIDE = 224
"""Of the pictures that both networks take."""

Run = Callable[[Any], NDArray[np.float32]]


class Original:
    """Detects, identifies and reads every face of every frame."""

    def __init__(self, options: Options, *, predict: bool) -> None:
        """predict: call `model.predict(x)`, as it did; otherwise `model(x)`, which is faster for one picture."""
        limit_opencv(options.threads)
        limited_tensorflow(options.threads)
        import tf_keras

        folder = options.float_models
        if folder is None:
            raise ValueError("the original system needs the folder of its models")

        def runner(model: Any) -> Run:
            if predict:
                return lambda x: np.asarray(model.predict(x, verbose=0))
            return lambda x: np.asarray(model(x, training=False))

        faces = _load(tf_keras, folder / FACE_RECOGNITION)
        # The softmax over the people it was trained on is left out: what goes into it is the descriptor.
        self._describe = runner(tf_keras.Model(faces.inputs, faces.layers[-2].output))
        self._classify = runner(_load(tf_keras, folder / FACE_CLASSIFIER))
        self._read = runner(_load(tf_keras, folder / EMOTION_ARCH))
        self._cascade = cascade()

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        boxes = self._cascade.detectMultiScale(grey, SCALE_FACTOR, NEIGHBOURS)
        for x, y, width, height in boxes:
            part = (slice(y, y + height), slice(x, x + width))
            colour = cv2.resize(image[part], (SIDE, SIDE))[:, :, ::-1].astype(np.float32) - np.array(
                VGGFACE_MEAN, np.float32
            )
            self._classify(self._describe(colour[None])).argmax()
            shade = cv2.resize(grey[part], (SIDE, SIDE)).astype(np.float32) / 255
            self._read(shade[None, :, :, None]).argmax()
        return Seen(len(boxes), identified=len(boxes), readings=len(boxes))


def _load(keras: Any, path: Path) -> Any:
    return keras.models.load_model(path, compile=False)
