"""`evaluate emotion`: the shipped expression model on labelled pictures, through the edge's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.calibration import expected_calibration_error
from converter.coverage import coverage
from converter.emotion_data import Pictures
from converter.emotion_figures import label_figures
from converter.intervals import bootstrap, wilson
from converter.robustness import CHANGES
from edge.alignment import whole
from edge.emotion import EmotionClassifier

Track = Callable[[Iterable[NDArray[np.uint8]]], Iterable[NDArray[np.uint8]]]


def read(images: Sequence[NDArray[np.uint8]], classifier: EmotionClassifier, progress: Track) -> NDArray[np.float64]:
    """(N, labels) probabilities, by the edge's own code. Each picture is one face: the box is the whole of it."""
    return np.array([classifier.classify(image, whole(image)).probabilities for image in progress(images)])


def robustness(pictures: Pictures, classifier: EmotionClassifier, progress: Track) -> dict[str, dict[str, float]]:
    """By the name of each of `converter.robustness.CHANGES`: macro-F1, accuracy and the lowest recall under it."""
    table = {}
    for name, change in CHANGES.items():
        predicted = read([change(image) for image in pictures.images], classifier, progress).argmax(axis=1)
        figures = label_figures(pictures.labels, predicted.astype(np.int64))
        table[name] = {
            "macro_f1": figures["macro_f1"],
            "accuracy": figures["accuracy"],
            "lowest_recall": min(figures["recall"].values()),
        }
    return table


def figures_of(pictures: Pictures, probabilities: NDArray[np.float64]) -> dict[str, Any]:
    """The JSON of `evaluate emotion` from the (N, labels) probabilities of the pictures."""
    labels, predicted = pictures.labels, probabilities.argmax(axis=1).astype(np.int64)
    figures: dict[str, Any] = {**label_figures(labels, predicted, pictures.sources)}
    figures["accuracy_interval"] = wilson(int((labels == predicted).sum()), len(labels))
    by_source = {
        source: np.array([s == source for s in pictures.sources]) for source in sorted({*pictures.sources} - {""})
    }
    figures["accuracy_by_source"] = {
        source: float((labels[chosen] == predicted[chosen]).mean()) for source, chosen in by_source.items()
    }
    figures["macro_f1_interval"] = bootstrap(
        lambda chosen: label_figures(labels[chosen], predicted[chosen])["macro_f1"], len(labels)
    )
    figures["ece"] = expected_calibration_error(probabilities, labels)
    figures["coverage"] = [asdict(row) for row in coverage(probabilities, labels)]
    figures["unreadable"] = [str(path) for path in pictures.unreadable]
    return figures
