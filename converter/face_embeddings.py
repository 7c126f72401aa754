"""Pictures of people to embeddings, by the edge's own detector and converted embedder.

A classifier trained on the embeddings of one picture would know that picture. So each training picture is also
seen as other cameras, other light and other poses of the head would show it: changed as a picture, and only
then detected, cut and embedded, with all that this does to landmarks and crop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from converter.augmentation import Augmentation, vary
from converter.evaluate_faces import central_face
from converter.face_pictures import FacePicture
from edge.alignment import box_crop
from edge.detector import Detector
from edge.embedder import Embedder
from edge.errors import ModelError, PictureError
from edge.pictures import read_picture
from edge.records import Box, Face

Array = NDArray[np.float32]
Progress = Callable[[Sequence[FacePicture]], Iterable[FacePicture]]

FACES = Augmentation(
    rotation=15.0, zoom=0.25, shift=0.08, face_sizes=(110, 300), resize_share=0.6, gamma=0.4, contrast=(0.6, 1.4),
    brightness=30.0, side_light_share=0.3, blur_share=0.2, noise_share=0.3, jpeg_share=0.4, occlusion_share=0.0,
)  # fmt: skip
"""Of a picture with twice the face's sides: faces from 45 px on. Nothing is hidden, or no face would be found."""
SURROUNDINGS = 2.2
"""Side of the picture that is varied, in heights of the face's box: turned and shifted, the face stays inside."""
_SAVE_EVERY = 50


@dataclass(frozen=True)
class Embedded:
    """The embeddings of one picture."""

    picture: FacePicture
    rows: Array
    """(n, length): of the picture as it is, then of its variants; n = 0 where no face was found."""


class FaceReader:
    """Embeds pictures, and keeps what it has embedded so that an interrupted run can go on."""

    def __init__(
        self, detector: Detector, embedder: Embedder, *, seed: int, checkpoint: Path | None, fingerprint: str
    ) -> None:
        """checkpoint: a file of embeddings, read if it is there, written as they come.

        fingerprint: what beside the pictures decides the embeddings. Raises ModelError when the
        checkpoint is of another run.
        """
        self._detector, self._embedder, self._seed = detector, embedder, seed
        self._checkpoint = checkpoint
        self._fingerprint = json.dumps([fingerprint, seed, asdict(FACES)])
        self._known = self._restored()
        self.unreadable: list[Path] = []

    def embed(self, pictures: Sequence[FacePicture], variants: int, progress: Progress) -> list[Embedded]:
        """Each picture as it is, and `variants` of it. Unreadable ones are left out and listed."""
        embedded = []
        fresh = 0
        for picture in progress(pictures):
            try:
                content = picture.path.read_bytes()
            except OSError:
                self.unreadable.append(picture.path)
                continue
            key = f"{hashlib.sha256(content).hexdigest()}-{variants}"
            if key not in self._known:
                try:
                    self._known[key] = self._rows(picture.path, key, variants)
                except PictureError:
                    self.unreadable.append(picture.path)
                    continue
                fresh += 1
                if fresh % _SAVE_EVERY == 0:
                    self._save()
            embedded.append(Embedded(picture, self._known[key]))
        if fresh:
            self._save()
        return embedded

    def _rows(self, path: Path, key: str, variants: int) -> Array:
        image = read_picture(path)
        face = central_face(image, self._detector.detect(image))
        if face is None:
            return np.zeros((0, self._embedder.length), np.float32)
        rows = [self._embedder.embed(image, face)]
        around = _around(image, face)
        generator = np.random.default_rng([self._seed, int(key[:12], 16)])
        for _ in range(variants):
            seen = vary(around, FACES.face_sizes[0], FACES, generator)
            again = central_face(seen, self._detector.detect(seen))
            if again is not None:
                rows.append(self._embedder.embed(seen, again))
        return np.stack(rows)

    def _restored(self) -> dict[str, Array]:
        if self._checkpoint is None or not self._checkpoint.exists():
            return {}
        try:
            with np.load(self._checkpoint, allow_pickle=False) as saved:
                if str(saved["fingerprint"]) != self._fingerprint:
                    raise ModelError(
                        f"{self._checkpoint}: was made with another embedder, detector or seed; remove it, or name "
                        "another"
                    )
                return {key: saved[key] for key in saved.files if key != "fingerprint"}
        except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
            raise ModelError(f"{self._checkpoint}: is no checkpoint ({error}); remove it to start afresh") from error

    def _save(self) -> None:
        if self._checkpoint is None:
            return
        partial = self._checkpoint.with_name(f".{self._checkpoint.name}.partial.npz")
        try:
            np.savez(partial, fingerprint=np.array(self._fingerprint), **self._known)
            partial.replace(self._checkpoint)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ModelError(f"{self._checkpoint}: cannot be written: {error.strerror}") from error


def _around(image: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """The face with its surroundings, a square of at most twice the largest size that is seen of it."""
    x, y = face.box.centre
    half = face.box.height * SURROUNDINGS / 2
    side = round(min(2 * half, 2 * FACES.face_sizes[1]))
    return box_crop(image, Box(x - half, y - half, x + half, y + half), max(side, 1))
