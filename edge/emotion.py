"""An expression crop to a calibrated probability for each label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.alignment import expression_crop
from edge.errors import ModelError
from edge.interpreter import Network
from edge.manifest import Manifest
from edge.probability import probabilities
from edge.records import LABELS, Box, Emotion


class EmotionClassifier:
    """An expression model of the manifest: our five-label CNN or the user's own."""

    def __init__(self, manifest: Manifest, name: str, *, runtime: str = "litert", threads: int = 1) -> None:
        """Raises ModelError when the model cannot be loaded or does not give one score per label."""
        entry = manifest.entry(name, "emotion")
        if entry.input[2] != 1 or entry.input[0] != entry.input[1] or entry.colour != "GREY":
            raise ModelError(
                f"{manifest.directory / entry.file}: takes {entry.input} {entry.colour}, not a square grey picture"
            )
        self._network = Network(manifest, entry, runtime=runtime, threads=threads)
        self.size = entry.input[0]
        """Side of the crop, pixels."""
        self._pixels = np.zeros((1, *entry.input), dtype=np.uint8)
        self._order = [entry.labels.index(label) for label in LABELS]
        self._scores, self._temperature = entry.scores, entry.temperature
        shapes = [output.shape for output in self._network(self._pixels)]
        if shapes != [(1, len(LABELS))]:
            raise ModelError(f"{manifest.directory / entry.file}: gives {shapes}, not one score for each of {LABELS}")

    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        """The reading of the face at box in image, (H, W, 3) uint8 RGB or (H, W) grey."""
        return self.classify_crop(expression_crop(image, box, self.size))

    def classify_crop(self, crop: NDArray[np.uint8]) -> Emotion:
        """The reading of a crop that `expression_crop` made, (size, size) uint8 grey."""
        self._pixels[0, :, :, 0] = crop
        scores = self._network(self._pixels)[0][0, self._order]
        return Emotion(tuple(probabilities(scores, self._scores, self._temperature).tolist()))
