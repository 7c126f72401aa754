"""Probabilities that mean something, fitted on pictures the model was not trained on.

Guo et al., "On Calibration of Modern Neural Networks", 2017: dividing the logits by one number
before the softmax repairs most of a network's over- or under-confidence and changes no label. A shift of each label's
logit weighs one kind of mistake against another, as `converter.label_shift` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.label_shift import fairest_shift
from converter.softmax import softmax

_GOLDEN = (np.sqrt(5.0) - 1) / 2
_TEMPERATURES = (0.05, 20.0)


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


@dataclass(frozen=True)
class Calibration:
    """From logits to probabilities: softmax((logits + shift) / temperature)."""

    temperature: float
    shift: tuple[float, ...]
    """Of each label's logit; they sum to 0."""

    def __call__(self, logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """(N, labels) logits -> (N, labels) probabilities."""
        return softmax(logits + np.array(self.shift), self.temperature)


def calibrate(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], shift_share: float) -> Calibration:
    """The share `shift_share` (0..1) of the shift that gives the best macro-F1, and the temperature that goes with it.

    logits: (N, labels); labels: (N,) indices.
    """
    shift = np.zeros(logits.shape[1])
    if shift_share:
        scale = fit_temperature(logits, labels)
        shift = shift_share * scale * fairest_shift(logits / scale, labels)
    return Calibration(fit_temperature(logits + shift, labels), tuple(shift.tolist()))


def cross_fitted(
    logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], shift_share: float, folds: int = 5, seed: int = 0
) -> NDArray[np.float64]:
    """(N, labels) probabilities, each picture's calibration fitted on the other folds.

    The honest way to judge one: on the pictures it was fitted to it looks better than it is.
    """
    fold_of = np.random.default_rng(seed).permutation(len(labels)) % folds
    probabilities = np.zeros(np.shape(logits), dtype=np.float64)
    for fold in range(folds):
        held = fold_of == fold
        probabilities[held] = calibrate(logits[~held], labels[~held], shift_share)(logits[held])
    return probabilities
