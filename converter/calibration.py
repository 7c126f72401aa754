"""Probabilities that mean something: one temperature, fitted on pictures the model was not trained on.

Guo et al., "On Calibration of Modern Neural Networks", 2017: dividing the logits by one number
before the softmax repairs most of a network's over- or under-confidence and changes no label.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_GOLDEN = (np.sqrt(5.0) - 1) / 2
_TEMPERATURES = (0.05, 20.0)


def softmax(logits: NDArray[np.floating[Any]], temperature: float = 1.0) -> NDArray[np.float64]:
    """(N, labels) logits -> (N, labels) probabilities of logits / temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> float:
    """The temperature under which the labels are likeliest, within 0.05..20.

    logits: (N, labels); labels: (N,) indices. The likelihood has one peak over the logarithm of the
    temperature, so a golden-section search finds it.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chosen = softmax(logits, float(np.exp(log_temperature)))[rows, labels]
        return float(-np.log(np.maximum(chosen, 1e-300)).mean())

    low, high = np.log(_TEMPERATURES[0]), np.log(_TEMPERATURES[1])
    inner_low, inner_high = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    loss_low, loss_high = loss(inner_low), loss(inner_high)
    while high - low > 1e-5:
        if loss_low < loss_high:
            high, inner_high, loss_high = inner_high, inner_low, loss_low
            inner_low = high - _GOLDEN * (high - low)
            loss_low = loss(inner_low)
        else:
            low, inner_low, loss_low = inner_low, inner_high, loss_high
            inner_high = low + _GOLDEN * (high - low)
            loss_high = loss(inner_high)
    return float(np.exp((low + high) / 2))


def expected_calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.int64], bins: int = 15) -> float:
    """Mean distance between confidence and accuracy over equal-width bins of confidence, 0..1."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def cross_fitted_error(
    logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], folds: int = 5, seed: int = 0
) -> float:
    """The calibration error where each picture's temperature was fitted on the other folds.

    The honest figure: a temperature judged on the pictures it was fitted to looks better than it is.
    """
    fold_of = np.random.default_rng(seed).permutation(len(labels)) % folds
    probabilities = np.zeros(np.shape(logits), dtype=np.float64)
    for fold in range(folds):
        held = fold_of == fold
        probabilities[held] = softmax(logits[held], fit_temperature(logits[~held], labels[~held]))
    return expected_calibration_error(probabilities, labels)
