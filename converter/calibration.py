"""Probabilities that mean something, fitted on pictures the model was not trained on.

Guo et al., "On Calibration of Modern Neural Networks", 2017: dividing the logits by one number
before the softmax repairs most of a network's over- or under-confidence and changes no label. Where labels are
not as frequent as training drew them, a shift of each label's logit repairs the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Calibration:
    """From logits to probabilities: softmax((logits + shift) / temperature)."""

    temperature: float
    shift: tuple[float, ...]
    """Of each label's logit; they sum to 0."""

    def __call__(self, logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """(N, labels) logits -> (N, labels) probabilities."""
        return softmax(logits + np.array(self.shift), self.temperature)


def calibrate(logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], prior_shift: float) -> Calibration:
    """The temperature, and the share `prior_shift` (0..1) of the shift of each label, under which labels are likeliest.

    A network answers as if labels were as frequent as they were drawn in training. A shift of each label's logit
    repairs that (Saerens et al., "Adjusting the outputs of a classifier to new a priori probabilities", 2002;
    fitted with the temperature, as here: Alexandari et al., 2020). logits: (N, labels); labels: (N,) indices.
    """
    shift = np.zeros(logits.shape[1])
    if prior_shift:
        shift = prior_shift * _likeliest_shift(np.asarray(logits, dtype=np.float64), labels)
    return Calibration(fit_temperature(logits + shift, labels), tuple(shift.tolist()))


def cross_fitted(
    logits: NDArray[np.floating[Any]], labels: NDArray[np.int64], prior_shift: float, folds: int = 5, seed: int = 0
) -> NDArray[np.float64]:
    """(N, labels) probabilities, each picture's calibration fitted on the other folds.

    The honest way to judge one: on the pictures it was fitted to it looks better than it is.
    """
    fold_of = np.random.default_rng(seed).permutation(len(labels)) % folds
    probabilities = np.zeros(np.shape(logits), dtype=np.float64)
    for fold in range(folds):
        held = fold_of == fold
        probabilities[held] = calibrate(logits[~held], labels[~held], prior_shift)(logits[held])
    return probabilities


def _likeliest_shift(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(labels,) shifts, summing to 0, that make the labels likeliest together with the best scale of all logits.

    The likelihood of softmax(scale * logits + b) is concave in scale and b: Newton's method finds its peak.
    """
    count, width = logits.shape
    truth = np.eye(width)[labels]
    scale, offsets = 1.0, np.zeros(width)
    for _ in range(50):
        shares = softmax(scale * logits + offsets)
        # How the scores move with (scale, offsets): (N, labels, 1 + labels).
        moves = np.concatenate([logits[:, :, None], np.broadcast_to(np.eye(width), (count, width, width))], axis=2)
        gradient = np.einsum("nk,nkp->p", shares - truth, moves) / count
        mean = np.einsum("nk,nkp->np", shares, moves)
        curvature = (np.einsum("nk,nkp,nkq->pq", shares, moves, moves) - mean.T @ mean) / count
        # A common offset changes nothing, so the curvature has a direction without any.
        step = np.linalg.solve(curvature + 1e-6 * np.eye(width + 1), gradient)
        step *= min(1.0, 1.0 / np.abs(step).max())
        scale, offsets = max(scale - step[0], 1e-3), offsets - step[1:]
        if np.abs(step).max() < 1e-7:
            break
    shift: NDArray[np.float64] = (offsets - offsets.mean()) / scale
    return shift
