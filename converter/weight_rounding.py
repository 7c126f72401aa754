"""Weights rounded to 8 bits so that the layer's answers stay, not each weight by itself.

Lybrand & Saab, "A Greedy Path-Following Algorithm for Quantizing Neural Networks", JMLR 22, 2021: weight by weight, the
level is chosen that also takes back what the weights before it have put the answers wrong by.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEVELS = 127
_BLOCK = 64
"""Weights after which what they got wrong is brought up to date for all that follow, by one product of matrices."""
_CAUTION = 0.05
"""Added to the power of each input, as a share of the mean: inputs hardly seen must not take back much."""


def rounded_by_effect(weights: Floats, inputs: Floats) -> Floats:
    """Weights on the grid of 8 bits and one scale for each output: -127..127 times its largest weight / 127.

    weights: (outputs, N); inputs: (samples, N) that the layer is given. Returns (outputs, N).
    """
    largest = np.abs(weights).argmax(axis=1)
    rows = np.arange(len(weights))
    step = np.abs(weights[rows, largest]) / LEVELS
    step[step == 0] = 1
    power = float(np.square(inputs, dtype=np.float64).sum(axis=0).mean())
    caution = np.float32(_CAUTION * power if power > 0 else 1)
    result = np.empty_like(weights)
    wrong = np.zeros((len(weights), len(inputs)), np.float32)
    for start in range(0, weights.shape[1], _BLOCK):
        columns = slice(start, min(start + _BLOCK, weights.shape[1]))
        block = inputs[:, columns]
        products = block.T @ block
        owed = wrong @ block
        missed = np.empty_like(owed)
        for i, column in enumerate(range(columns.start, columns.stop)):
            exact = weights[:, column]
            levels = np.rint((exact + owed[:, i] / (products[i, i] + caution)) / step)
            # The largest weight gives the scale: it stays where it is.
            levels = np.where(largest == column, np.rint(exact / step), np.clip(levels, -LEVELS, LEVELS))
            result[:, column] = levels * step
            missed[:, i] = exact - result[:, column]
            owed[:, i + 1 :] += np.outer(missed[:, i], products[i, i + 1 :])
        wrong += missed @ block.T
    return result
