"""`evaluate emotion`: the shipped expression model on labelled pictures, through the edge's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.calibration import expected_calibration_error
from converter.emotion_data import Pictures
from converter.emotion_figures import label_figures
from converter.intervals import bootstrap, wilson
from edge.alignment import whole
from edge.emotion import EmotionClassifier

Track = Callable[[Iterable[NDArray[np.uint8]]], Iterable[NDArray[np.uint8]]]


def emotion_figures(pictures: Pictures, classifier: EmotionClassifier, progress: Track) -> dict[str, Any]:
    """The JSON of `evaluate emotion`. Each picture is one face: the box is the whole of it."""
    readings = [classifier.classify(image, whole(image)).probabilities for image in progress(pictures.images)]
    probabilities = np.array(readings)
    labels, predicted = pictures.labels, probabilities.argmax(axis=1).astype(np.int64)
    figures: dict[str, Any] = {**label_figures(labels, predicted, pictures.sources)}
    figures["accuracy_interval"] = wilson(int((labels == predicted).sum()), len(labels))
    figures["macro_f1_interval"] = bootstrap(
        lambda chosen: label_figures(labels[chosen], predicted[chosen])["macro_f1"], len(labels)
    )
    figures["ece"] = expected_calibration_error(probabilities, labels)
    figures["unreadable"] = [str(path) for path in pictures.unreadable]
    return figures
