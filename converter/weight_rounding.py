"""Weights rounded to 8 bits so that the layer's answers stay, not each weight by itself.

Weight by weight: the level is chosen that also takes back what the weights before it have put the answers wrong by, as
far as the weights that are still to come cannot take it back better. That is the order of Frantar, Ashkboos, Hoefler &
Alistarh, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", ICLR 2023, computed in
the space of the samples, which for a layer of 25,088 inputs are few.
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
    remedies = _remedies(inputs)
    result = np.empty_like(weights)
    wrong = np.zeros((len(weights), len(inputs)), np.float32)
    for columns in _blocks(weights.shape[1]):
        block, remedy = inputs[:, columns], remedies[:, columns]
        products = block.T @ remedy
        owed = wrong @ remedy
        missed = np.empty_like(owed)
        for i, column in enumerate(range(columns.start, columns.stop)):
            exact = weights[:, column]
            levels = np.rint((exact + owed[:, i]) / step)
            # The largest weight gives the scale: it stays where it is.
            levels = np.where(largest == column, np.rint(exact / step), np.clip(levels, -LEVELS, LEVELS))
            result[:, column] = levels * step
            missed[:, i] = exact - result[:, column]
            owed[:, i + 1 :] += np.outer(missed[:, i], products[i, i + 1 :])
        wrong += missed @ block.T
    return result


def _remedies(inputs: Floats) -> Floats:
    """By what to multiply the error of the answers so far, to know how far to move a weight: (samples, N), by weight.

    Of weight t it is (caution + sum over s >= t of x_s x_s')^-1 x_t, x_s being what the samples hold at input s: the
    least-squares answer with this weight and all that follow free to move. The sum grows from the last block to the
    first, its inverse being brought up to date by the formula of Woodbury.
    """
    power = float(np.square(inputs, dtype=np.float64).sum(axis=0).mean())
    inverse = np.eye(len(inputs)) / (_CAUTION * power if power > 0 else 1)
    remedies = np.empty_like(inputs)
    for columns in reversed(_blocks(inputs.shape[1])):
        block = inputs[:, columns].astype(np.float64)
        product = inverse @ block
        inner = np.eye(block.shape[1]) + block.T @ product
        # Upper triangular, so that each weight of the block counts on those after it alone.
        upper = np.linalg.cholesky(inner[::-1, ::-1])[::-1, ::-1]
        spent = product @ np.linalg.inv(upper).T
        remedies[:, columns] = spent / np.diag(upper)
        inverse -= spent @ spent.T
    return remedies


def _blocks(count: int) -> list[slice]:
    return [slice(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
