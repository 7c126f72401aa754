"""An embedding to a student by a trained classifier, among those whose consent holds now.

The classifier's weights cannot forget a student, so the gallery file decides who may be reported: a
class whose student is not enrolled, was forgotten, or whose consent has ended is masked.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.embedder import Embedding
from edge.errors import ModelError
from edge.interpreter import VectorNetwork
from edge.manifest import Manifest
from edge.probability import probabilities
from edge.records import Match


class FaceClassifier:
    """A softmax over classes, most of which are students: `recognition.method = "classifier"`."""

    def __init__(
        self, manifest: Manifest, name: str, embedder: str, *, runtime: str = "litert", threads: int = 1
    ) -> None:
        """embedder: the embedding model that will feed it.

        Raises ModelError when the model cannot be loaded, was trained on embeddings of another model,
        or does not give one score per class.
        """
        entry = manifest.entry(name, "identify")
        if entry.embedder != embedder:
            raise ModelError(
                f"{manifest.directory / 'manifest.toml'}: {name!r} was trained on embeddings of {entry.embedder!r}, "
                f"recognition.model is {embedder!r}; name the one it was trained on, or train it again"
            )
        length = manifest.entry(embedder, "embed").embedding
        if entry.input != (length,):
            raise ModelError(
                f"{manifest.directory / entry.file}: takes embeddings of {entry.input[0]} numbers, {embedder!r} gives "
                f"{length}; train it again"
            )
        self.labels = entry.labels
        """Classes in the order of the outputs."""
        self.threshold = entry.threshold
        """Confidence measured to keep strangers out, see the model's card."""
        self.norm = entry.norm
        """One of `edge.manifest.NORMS`: what it takes."""
        self._scores, self._temperature = entry.scores, entry.temperature
        self._network = VectorNetwork(manifest, entry, runtime=runtime, threads=threads)
        shapes = [output.shape for output in self._network(np.zeros(length, np.float32))]
        if shapes != [(len(entry.labels),)]:
            raise ModelError(
                f"{manifest.directory / entry.file}: gives {shapes}, not one score for each of {len(entry.labels)} "
                "labels; list every class of it in `labels`"
            )

    def probabilities(self, embedding: Embedding) -> NDArray[np.float64]:
        """(classes,) for an embedding of the kind that `norm` says; they sum to 1."""
        return probabilities(self._network(embedding)[0], self._scores, self._temperature)

    def among(self, enrolled: Collection[str]) -> ClassifierSearch:
        """The search for students of these IDs, and nobody else."""
        return ClassifierSearch(self, enrolled)


class ClassifierSearch:
    """What `edge.gallery.Search` is to templates: the classifier, masked to who is enrolled today."""

    def __init__(self, classifier: FaceClassifier, enrolled: Collection[str]) -> None:
        self._classifier = classifier
        self._enrolled = np.array([label in enrolled for label in classifier.labels])
        self.student_ids = frozenset(enrolled) & frozenset(classifier.labels)
        self.students = len(self.student_ids)
        """Enrolled students that have a class."""
        self.without_class = len(set(enrolled) - set(classifier.labels))
        """Enrolled students that the classifier was not trained on: it cannot recognise them."""

    def identify(self, embedding: Embedding, threshold: float) -> Match:
        """Who the probe is: the likeliest class, or unknown when that is masked or its confidence below threshold.

        What a masked class takes is given to nobody: a forgotten student is unknown, not the next one alike.
        """
        shares = self._classifier.probabilities(embedding)
        best = int(shares.argmax())
        if not self._enrolled[best]:
            return Match(None, float(shares[self._enrolled].max(initial=0.0)))
        confidence = float(shares[best])
        return Match(self._classifier.labels[best] if confidence >= threshold else None, confidence)


def trained_on(student_id: str, models: Path | None) -> list[str]:
    """Names of the classifiers in the folder models (None: the shipped ones) that have a class of that student.

    Empty as well where the folder cannot be read: forgetting a student must not depend on it.
    """
    try:
        entries = Manifest(models).entries.values()
    except ModelError:
        return []
    return sorted(entry.name for entry in entries if entry.role == "identify" and student_id in entry.labels)
