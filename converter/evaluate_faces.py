"""`evaluate faces`: detector, alignment and embedder end to end on pictures of known people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.face_figures import FARS, Pair, fold_accuracy, tar_at_far
from converter.intervals import wilson
from edge.canvas import CELL
from edge.detector import Detector
from edge.embedder import Embedder
from edge.errors import PictureError
from edge.pictures import SUFFIXES, read_picture
from edge.records import Face

Track = Callable[[Iterable[Path]], Iterable[Path]]


class FaceSet:
    """The pictures of a folder of people: DIR/<person>/<picture>, and an embedding of each."""

    def __init__(self, folder: Path, size: int | None, detector: Detector, embedder: Embedder) -> None:
        """size: reduce each picture until its face is so many pixels high, before it is detected."""
        self._folder = folder
        self._size = size
        self._detector = detector
        self._embedder = embedder
        self.embeddings: dict[str, NDArray[np.float32]] = {}
        """Path below the folder -> unit embedding."""
        self.unreadable: list[str] = []
        self.undetected: list[str] = []

    def embed(self, progress: Track) -> None:
        """Fill `embeddings`. Raises PictureError when the folder holds no picture."""
        paths = sorted(path for path in self._folder.glob("*/*") if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise PictureError(f"{self._folder}: no pictures there; it needs a folder per person")
        for path in progress(paths):
            name = path.relative_to(self._folder).as_posix()
            try:
                image = read_picture(path)
            except PictureError:
                self.unreadable.append(name)
                continue
            face = central_face(image, self._detector.detect(image))
            if face is not None and self._size is not None:
                scale = self._size / face.box.height
                if scale < 1:
                    height, width = image.shape[:2]
                    reduced = (max(1, round(width * scale)), max(1, round(height * scale)))
                    image = cv2.resize(image, reduced, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
                    face = central_face(image, self._detector.detect(image))
            if face is None:
                self.undetected.append(name)
            else:
                self.embeddings[name] = self._embedder.embed(image, face)

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two pictures; -inf where a face was not found. Raises PictureError for an unknown name."""
        for name in (a, b):
            if name not in self.embeddings and name not in self.undetected:
                raise PictureError(f"{self._folder / name}: listed among the pairs, but not a readable picture there")
        if a in self.embeddings and b in self.embeddings:
            return float(self.embeddings[a] @ self.embeddings[b])
        return -np.inf


def smallest_face(size: int | None, usual: int) -> int:
    """The smallest face to look for among faces `size` pixels high; usual: among pictures as they are.

    Two thirds of the size, since a box need not be exact; at least the 12 pixels that MTCNN's first network sees.
    """
    return usual if size is None else min(usual, max(CELL, size * 2 // 3))


def central_face(image: NDArray[np.uint8], faces: Sequence[Face]) -> Face | None:
    """The face nearest to the middle of the picture, as data sets of single faces mean it."""
    height, width = image.shape[:2]

    def off_centre(face: Face) -> float:
        x, y = face.box.centre
        return float(np.hypot(x - width / 2, y - height / 2))

    return min(faces, key=off_centre, default=None)


def verification(faces: FaceSet, pairs: list[Pair], aliases: Sequence[frozenset[str]]) -> dict[str, Any]:
    """The JSON of `evaluate faces` for one size.

    accuracy: of the listed pairs, if any, each with the threshold that is best on the other folds. tar: by FAR, over
    all pairs of one person against all pairs of two people. A face that was not found is never similar.
    """
    genuine, impostor = cross_scores(faces, aliases)
    if not np.isfinite(genuine).any():
        raise PictureError("no person has two pictures with a face; give two or more of some")
    tar: dict[str, float] = {}
    tar_interval: dict[str, tuple[float, float]] = {}
    threshold_at: dict[str, float] = {}
    for far in FARS:
        rate, threshold = tar_at_far(genuine, impostor, far)
        key = f"{far:g}"
        tar[key], threshold_at[key] = rate, threshold
        tar_interval[key] = wilson(round(rate * len(genuine)), len(genuine))
    return {
        "count": len(pairs),
        **(_listed_accuracy(faces, pairs) if pairs else {}),
        "tar": tar,
        "tar_interval": tar_interval,
        "threshold_at_far": threshold_at,
        "genuine_pairs": len(genuine),
        "impostor_pairs": len(impostor),
        "pictures": len(faces.embeddings) + len(faces.undetected),
        "undetected": faces.undetected,
        "unreadable": faces.unreadable,
    }


def _listed_accuracy(faces: FaceSet, pairs: list[Pair]) -> dict[str, Any]:
    similarity = np.array([faces.similarity(pair.a, pair.b) for pair in pairs])
    same = np.array([pair.same for pair in pairs])
    right, thresholds = fold_accuracy(similarity, same, np.array([pair.fold for pair in pairs]))
    return {
        "accuracy": float(right.mean()),
        "accuracy_interval": wilson(int(right.sum()), len(right)),
        "thresholds": thresholds,
    }


def cross_scores(faces: FaceSet, aliases: Sequence[frozenset[str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(genuine, impostor) similarities over all pairs of pictures.

    Pairs of two folders that are one person by `aliases` count as neither. Genuine pairs with an
    undetected face are -inf: failing to find a student is failing to recognise one.
    """
    names = sorted(faces.embeddings)
    if len({name.split("/")[0] for name in names}) < 2:
        raise PictureError(f"faces of {len(names)} pictures were found: figures need those of two people at least")
    people = np.array([name.split("/")[0] for name in names])
    matrix = np.stack([faces.embeddings[name] for name in names])
    similarity = (matrix @ matrix.T).astype(np.float64)
    upper = np.triu(np.ones(similarity.shape, dtype=bool), k=1)
    same = people[:, None] == people[None, :]
    alias = np.zeros_like(same)
    for group in aliases:
        member = np.isin(people, list(group))
        alias |= (member[:, None] & member[None, :]) & ~same
    genuine = similarity[upper & same]
    lost = _pairs_lost(names, faces.undetected)
    return np.concatenate([genuine, np.full(lost, -np.inf)]), similarity[upper & ~same & ~alias]


def _pairs_lost(found: Sequence[str], undetected: Sequence[str]) -> int:
    """How many pairs of one person have a face that was not found."""
    lost = 0
    for person in {name.split("/")[0] for name in undetected}:
        detected = sum(name.split("/")[0] == person for name in found)
        missing = sum(name.split("/")[0] == person for name in undetected)
        lost += missing * detected + missing * (missing - 1) // 2
    return lost
