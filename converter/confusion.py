"""Labels against predictions: the counts, and the figures made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """(classes, classes): how many inputs of label i were called j. labels, predicted: (N,) indices."""
    counts = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.astype(np.int64, copy=False).reshape(classes, classes)


def accuracy(confusion: NDArray[np.int64]) -> float:
    """Share of inputs that were called rightly; 0 without inputs."""
    return float(np.trace(confusion) / max(1, confusion.sum()))


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Plain mean of the F1 of those labels that were given or called; 0 without inputs."""
    given, called = confusion.sum(axis=1), confusion.sum(axis=0)
    occurring = np.flatnonzero(given + called)
    f1 = 2 * np.diag(confusion)[occurring] / (given + called)[occurring]
    return float(f1.mean()) if len(f1) else 0.0
