"""How good a set of expression labels is: figures that a frequent label cannot flatter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from converter.confusion import accuracy, confusion_matrix, macro_f1
from edge.records import LABELS


class LabelFigures(TypedDict):
    """What `label_figures` returns; shares are 0..1, labels without pictures are left out."""

    count: int
    accuracy: float
    macro_f1: float
    recall: dict[str, float]
    precision: dict[str, float]
    recall_by_source: dict[str, dict[str, float]]
    confusion: list[list[int]]


def label_figures(labels: NDArray[np.int64], predicted: NDArray[np.int64], sources: Sequence[str] = ()) -> LabelFigures:
    """Compare predictions with labels, both (N,) indices into `edge.records.LABELS`.

    macro_f1 is the plain mean of the F1 of those labels that occur in either; recall_by_source tells it apart
    by where the pictures come from, when sources are given (one a picture, "" for unknown).
    confusion[i][j] counts pictures of label i called j.
    """
    count = len(LABELS)
    confusion = confusion_matrix(labels, predicted, count)
    right, called = np.diag(confusion), confusion.sum(axis=0)
    by_source: dict[str, dict[str, float]] = {}
    for source in sorted(set(sources) - {""}):
        chosen = np.array([s == source for s in sources])
        by_source[source] = _recall(labels[chosen], predicted[chosen])
    return {
        "count": len(labels),
        "accuracy": accuracy(confusion),
        "macro_f1": macro_f1(confusion),
        "recall": _recall(labels, predicted),
        "precision": {LABELS[i]: float(right[i] / called[i]) for i in np.flatnonzero(called)},
        "recall_by_source": by_source,
        "confusion": confusion.tolist(),
    }


def _recall(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, float]:
    return {LABELS[i]: float((predicted[labels == i] == i).mean()) for i in np.unique(labels)}
