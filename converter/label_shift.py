"""Which label to give where a face is torn between two: a number added to each label's logit.

A network answers as if every label were as frequent as training drew it, and as if all mistakes were alike. Neither
is so: labels were drawn more evenly than they occur, and a rare label's recall counts as much as a frequent one's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.softmax import softmax

LEAST_RECALL = 0.70
"""Of every label: a better mean is not bought with a label that is hardly ever found."""
SHARPNESS = 4.0
"""A picture counts for its labels by the softmax of so many times its logits. Counting whole pictures instead, the
score would jump with every picture near a border, and the fit would chase single ones."""
STEPS = (0.2, 0.1, 0.05, 0.025)
ROUNDS = 3


def fairest_shift(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(labels,) shifts, summing to 0, with the best macro-F1 in which every label is found often enough.

    logits: (N, labels), already divided by their temperature; labels: (N,) indices. One label is moved after the
    other, in ever smaller steps.
    """
    width = logits.shape[1]
    truth = np.eye(width)[labels]
    occur = np.flatnonzero(truth.any(axis=0))

    def score(shift: NDArray[np.float64]) -> float:
        shares = softmax((logits + shift) * SHARPNESS)
        right = (shares * truth).sum(axis=0)[occur]
        of_label = truth.sum(axis=0)[occur]
        f1 = 2 * right / (shares.sum(axis=0)[occur] + of_label)
        lacking = np.maximum(0.0, LEAST_RECALL - right / of_label).max()
        return float(f1.mean() - 2 * lacking)

    shift = np.zeros(width)
    for step in STEPS:
        for _ in range(ROUNDS):
            for label in occur:
                moved = [shift + np.eye(width)[label] * step * times for times in (0, -1, 1, -2, 2)]
                shift = moved[int(np.argmax([score(candidate) for candidate in moved]))]
    centred: NDArray[np.float64] = shift - shift.mean()
    return centred
