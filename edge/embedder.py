"""A face's crop to its embedding."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.alignment import align
from edge.errors import ModelError
from edge.interpreter import Network
from edge.manifest import Manifest

Embedding = NDArray[np.float32]


class Embedder:
    """An embedding model of the manifest: MobileFaceNet, VGG-Face or the user's own."""

    def __init__(self, manifest: Manifest, name: str, *, runtime: str = "litert", threads: int = 1) -> None:
        """Raises ModelError when the model cannot be loaded or gives no single embedding."""
        entry = manifest.entry(name, "embed")
        self.threshold = entry.threshold
        """Similarity measured to separate people, see the model's card."""
        self.length = entry.embedding
        # Both orientations of a face go through as one batch, see `embed`.
        self._network = Network(manifest, entry, batch=2, runtime=runtime, threads=threads)
        self._size = entry.input[0]
        self._colour = entry.colour
        self._crops = np.zeros((2, *entry.input), dtype=np.uint8)
        shapes = [output.shape for output in self._network(self._crops)]
        if shapes != [(2, entry.embedding)]:
            raise ModelError(
                f"{manifest.directory / entry.file}: gives {shapes}, not one embedding of length {entry.embedding}; "
                "correct `embedding` in the manifest or convert the model again"
            )

    def embed(self, image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> Embedding:
        """The embedding of the face at landmarks (5, 2) in image (H, W, 3) uint8 RGB.

        Returns (length,) float32 of unit norm: the mean over the aligned crop and its mirror image,
        which removes part of what light from one side and a turned head do to it.
        """
        crop = align(image, landmarks, self._size)
        if self._colour == "BGR":
            crop = cv2.cvtColor(crop, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)
        self._crops[0] = crop
        self._crops[1] = crop[:, ::-1]
        (pair,) = self._network(self._crops)
        return unit(unit(pair[0]) + unit(pair[1]))


def unit(vector: NDArray[np.float32]) -> Embedding:
    """vector scaled to length 1; a zero vector stays zero."""
    norm = float(np.linalg.norm(vector))
    return (vector / norm if norm > 0 else vector).astype(np.float32)
