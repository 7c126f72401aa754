"""The pictures a model is tried on, and its answers for them through the edge's own classes.

    emotion     DIR/<label>/*.png             one face each, as `converter.emotion_data` reads them
    embed       DIR/<person>/*.jpg            the most central face of each
    identify    DIR/<class of the model>/*.jpg    the same, embedded by the model's embedder

A trial is `answers(models, name)`, what the model called name in a manifest says of every picture, and
`compare(float answers, quantized answers)`, the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from converter.compare import compare_embeddings, compare_labels
from converter.emotion_data import find_samples, load_pictures
from converter.evaluate_faces import FaceSet
from converter.face_figures import Pair
from converter.representative import Inputs, View, embedding_view, expression_view, face_view
from edge.alignment import whole
from edge.detector import Detector
from edge.embedder import Embedder
from edge.emotion import EmotionClassifier
from edge.errors import PictureError
from edge.interpreter import VectorNetwork
from edge.manifest import Manifest, ModelEntry
from edge.pictures import SUFFIXES, read_picture
from edge.probability import probabilities
from edge.records import LABELS, Face

Track = Callable[[Iterable[Any]], Iterable[Any]]


class Trial(Protocol):
    """Pictures to try models of one role on."""

    def answers(self, models: Manifest, name: str, progress: Track) -> Any:
        """What the model called name says of every picture, for `compare`."""

    def compare(self, reference: Any, quantized: Any) -> dict[str, Any]:
        """The figures of two models' answers, ready for JSON."""

    def view(self, entry: ModelEntry) -> View:
        """What the model of entry is given of a picture."""

    def inputs(self, entry: ModelEntry, count: int) -> Inputs:
        """Up to count inputs, (n, ...), of these pictures, normalized as the model of entry takes them."""


class ExpressionTrial:
    """For role emotion."""

    def __init__(self, folder: Path, manifest: Path | None = None) -> None:
        """manifest: the CSV that `find_samples` takes. Raises PictureError when there are no labelled pictures."""
        self._pictures = load_pictures(find_samples(folder, manifest))

    def answers(self, models: Manifest, name: str, progress: Track) -> NDArray[np.float64]:
        """(N, labels) probabilities."""
        classifier = EmotionClassifier(models, name, threads=0)
        readings = [classifier.classify(image, whole(image)) for image in progress(self._pictures.images)]
        return np.array([reading.probabilities for reading in readings])

    def compare(self, reference: NDArray[np.float64], quantized: NDArray[np.float64]) -> dict[str, Any]:
        figures = compare_labels(self._pictures.labels, reference, quantized, LABELS)
        return {**figures, "unreadable": [str(path) for path in self._pictures.unreadable]}

    def view(self, entry: ModelEntry) -> View:
        return expression_view(entry)

    def inputs(self, entry: ModelEntry, count: int) -> Inputs:
        view = self.view(entry)
        # A view of a whole picture cannot miss the face in it.
        return np.array([view(image) for image in _spread(self._pictures.images, count)], np.float32)


class PeopleTrial:
    """For role embed."""

    def __init__(
        self, folder: Path, detector: Detector, pairs: list[Pair], aliases: Sequence[frozenset[str]] = ()
    ) -> None:
        """pairs: may be empty; aliases: folders that are one person."""
        self._folder = folder
        self._detector = Remembering(detector)
        self._pairs = pairs
        self._aliases = aliases

    def answers(self, models: Manifest, name: str, progress: Track) -> FaceSet:
        """The embedding of each face that was found. Raises PictureError when there are fewer than two."""
        faces = FaceSet(self._folder, None, self._detector, Embedder(models, name, threads=0))
        faces.embed(progress)
        if len(faces.embeddings) < 2:
            raise PictureError(f"{self._folder}: a face was found in {len(faces.embeddings)} of its pictures; add some")
        return faces

    def compare(self, reference: FaceSet, quantized: FaceSet) -> dict[str, Any]:
        return compare_embeddings(reference, quantized, self._pairs, self._aliases)

    def view(self, entry: ModelEntry) -> View:
        return face_view(entry, self._detector)

    def inputs(self, entry: ModelEntry, count: int) -> Inputs:
        view = self.view(entry)
        # Twice as many pictures as faces wanted: in some none is found.
        seen = [_seen(path, view) for path in _spread(_pictures_of_people(self._folder), 2 * count)]
        found = [values for values in seen if values is not None]
        if not found:
            raise PictureError(f"{self._folder}: no face was found in its pictures")
        return np.stack(found[:count])


class StudentTrial:
    """For role identify: pictures in a folder for each class that are embedded once, for all models."""

    def __init__(self, folder: Path, detector: Detector, embedder: Embedder, classifier: ModelEntry) -> None:
        """embedder: of the kind and norm that classifier, the model's entry, was trained on.

        Raises PictureError when no face of any class was found.
        """
        self._folder = folder
        self._view = embedding_view(embedder, detector)
        self._entry = classifier
        self._embeddings: list[Inputs] = []
        self._classes: list[int] = []
        self._left_out: list[str] = []

    def answers(self, models: Manifest, name: str, progress: Track) -> NDArray[np.float64]:
        """(N, classes) probabilities."""
        if not self._embeddings:
            self._embed(progress)
        network = VectorNetwork(models, models.entry(name, "identify"), threads=0)
        scores, temperature = self._entry.scores, self._entry.temperature
        return np.array([probabilities(network(vector)[0], scores, temperature) for vector in self._embeddings])

    def compare(self, reference: NDArray[np.float64], quantized: NDArray[np.float64]) -> dict[str, Any]:
        figures = compare_labels(np.array(self._classes), reference, quantized, self._entry.labels)
        return {**figures, "unreadable": self._left_out}

    def view(self, entry: ModelEntry) -> View:
        return self._view

    def inputs(self, entry: ModelEntry, count: int) -> Inputs:
        if not self._embeddings:
            self._embed(lambda items: items)
        return np.stack(_spread(self._embeddings, count))

    def _embed(self, progress: Track) -> None:
        for path in progress(_pictures_of_people(self._folder)):
            if path.parent.name not in self._entry.labels:
                continue
            embedding = _seen(path, self._view)
            if embedding is None:
                self._left_out.append(path.relative_to(self._folder).as_posix())
                continue
            self._embeddings.append(embedding)
            self._classes.append(self._entry.labels.index(path.parent.name))
        if not self._embeddings:
            raise PictureError(
                f"{self._folder}: no face of any class of the model was found; "
                f"it needs folders named like {self._entry.labels[0]!r}"
            )


class Remembering:
    """A detector that looks at the same picture once, however many models are tried on it."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._faces: dict[bytes, list[Face]] = {}

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0) -> list[Face]:
        """As `edge.detector.Detector`."""
        key = blake2b(image.tobytes(), digest_size=16).digest()
        if key not in self._faces:
            self._faces[key] = self._detector.detect(image, scale)
        return self._faces[key]


def _pictures_of_people(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*") if path.suffix.lower() in SUFFIXES)


def _seen(path: Path, view: View) -> Inputs | None:
    """What the model is given of a picture; None when it is unreadable or shows no face."""
    try:
        return view(read_picture(path))
    except PictureError:
        return None


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """Up to count of the items, evenly over all: they lie sorted by label or person."""
    return [items[i] for i in np.linspace(0, len(items) - 1, min(count, len(items)), dtype=int)]
