"""A face's crop to its embedding."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.alignment import align, box_crop
from edge.errors import ModelError
from edge.interpreter import Network
from edge.manifest import Manifest, ModelEntry
from edge.records import Face

Embedding = NDArray[np.float32]


class Embedder:
    """An embedding model of the manifest: MobileFaceNet, VGG-Face or the user's own."""

    def __init__(
        self, manifest: Manifest, name: str, *, norm: str = "unit", runtime: str = "litert", threads: int = 1
    ) -> None:
        """norm: one of `edge.manifest.NORMS`; the gallery needs "unit".

        Raises ModelError when the model cannot be loaded or gives no single embedding.
        """
        entry = manifest.entry(name, "embed")
        if entry.input[2] != 3 or entry.input[0] != entry.input[1]:
            raise ModelError(f"{manifest.directory / entry.file}: takes {entry.input}, not a square colour picture")
        self.threshold = entry.threshold
        """Similarity measured to separate people, see the model's card."""
        self.length = entry.embedding
        self._norm = norm
        # With `mirror` both orientations of a face go through as one batch, see `embed`.
        self._network = Network(manifest, entry, batch=entry.batch, runtime=runtime, threads=threads)
        self._crops = np.zeros((entry.batch, *entry.input), dtype=np.uint8)
        shapes = [output.shape for output in self._network(self._crops)]
        if shapes != [(entry.batch, entry.embedding)]:
            raise ModelError(
                f"{manifest.directory / entry.file}: gives {shapes}, not one embedding of length {entry.embedding}; "
                "correct `embedding` in the manifest or convert the model again"
            )

    def embed(self, image: NDArray[np.uint8], face: Face) -> Embedding:
        """The embedding of a face in image (H, W, 3) uint8 RGB.

        Returns (length,) float32, of unit length unless norm is "none". Where the manifest says `mirror`,
        it is the mean over the crop and its mirror image, which removes part of what light from one side
        and a turned head do to it.
        """
        crop = face_crop(image, face, self._network.entry)
        self._crops[0] = crop
        self._crops[1:] = crop[:, ::-1]
        (embeddings,) = self._network(self._crops)
        if self._norm == "none":
            return np.asarray(embeddings.mean(axis=0), dtype=np.float32)
        return unit(np.add.reduce([unit(embedding) for embedding in embeddings]))


def face_crop(image: NDArray[np.uint8], face: Face, entry: ModelEntry) -> NDArray[np.uint8]:
    """What the embedding model of entry sees of a face in image (H, W, 3) uint8 RGB: its size, its colour order."""
    size = entry.input[0]
    crop = box_crop(image, face.box, size) if entry.crop == "box" else align(image, face.landmarks, size)
    return cv2.cvtColor(crop, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False) if entry.colour == "BGR" else crop


def unit(vector: NDArray[np.float32]) -> Embedding:
    """vector scaled to length 1; a zero vector stays zero."""
    norm = float(np.linalg.norm(vector))
    return (vector / norm if norm > 0 else vector).astype(np.float32)
