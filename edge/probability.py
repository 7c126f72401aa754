"""What a classifier gives, made into probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6
"""Stands in for a probability of 0, which an 8-bit softmax often gives and which has no logarithm."""


def probabilities(scores: NDArray[np.float32], kind: str, temperature: float) -> NDArray[np.float64]:
    """(n,) scores of one of `edge.manifest.SCORES` -> (n,) probabilities that sum to 1.

    A softmax of the model's own is undone first: the logarithm of a probability is its logit, up to
    a constant that the softmax cancels. With temperature 1 the probabilities come through as they are.
    """
    logits = scores.astype(np.float64)
    if kind == "probabilities":
        logits = np.log(np.maximum(logits, _LEAST))
    odds = np.exp((logits - logits.max()) / temperature)
    shares: NDArray[np.float64] = odds / odds.sum()
    return shares
