"""Weights rounded together keep a layer's answers better than each rounded by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from converter.weight_rounding import LEVELS, rounded_by_effect

Floats = NDArray[np.float32]


def layer(seed: int) -> tuple[Floats, Floats, Floats]:
    """Weights, and inputs of the same kind to round by and to judge by: few causes, many inputs, as in a picture."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(12, 300))
    seen, new = (np.maximum(random.normal(size=(200, 12)) @ causes, 0).astype(np.float32) for _ in range(2))
    return random.laplace(size=(40, 300)).astype(np.float32), seen, new


def nearest(weights: Floats) -> Floats:
    step = np.abs(weights).max(axis=1, keepdims=True) / LEVELS
    return np.rint(weights / step) * step


def error(weights: Floats, exact: Floats, inputs: Floats) -> float:
    return float(np.square((weights - exact) @ inputs.T).mean())


def test_answers_to_new_inputs_keep_better_than_with_weights_rounded_one_by_one() -> None:
    weights, seen, new = layer(0)
    assert error(rounded_by_effect(weights, seen), weights, new) < error(nearest(weights), weights, new) / 5


def test_every_weight_is_on_a_grid_that_its_output_s_largest_weight_gives() -> None:
    weights, seen, _ = layer(1)
    rounded = rounded_by_effect(weights, seen)
    levels = rounded / (np.abs(rounded).max(axis=1, keepdims=True) / LEVELS)
    assert np.allclose(levels, np.rint(levels), atol=1e-3)
    assert np.allclose(np.abs(rounded).max(axis=1), np.abs(weights).max(axis=1), rtol=1e-6)


def test_each_weight_takes_back_the_share_that_least_squares_gives_it_among_those_that_follow() -> None:
    # More weights than the blocks that they are rounded in: one by one, each with a solution of its own.
    weights, seen, _ = (part[:40].astype(np.float64) for part in layer(4))
    step = np.abs(weights).max(axis=1) / LEVELS
    caution = 0.05 * np.square(seen).sum(axis=0).mean()
    expected = np.empty_like(weights)
    wrong = np.zeros((len(weights), len(seen)))
    for t in range(weights.shape[1]):
        following = seen[:, t:]
        remedy = np.linalg.solve(caution * np.eye(len(seen)) + following @ following.T, seen[:, t])
        levels = np.rint((weights[:, t] + wrong @ remedy) / step)
        expected[:, t] = np.where(np.abs(weights[:, t]) == step * LEVELS, weights[:, t], levels.clip(-127, 127) * step)
        wrong += np.outer(weights[:, t] - expected[:, t], seen[:, t])
    rounded = rounded_by_effect(weights.astype(np.float32), seen.astype(np.float32))
    # Where a value lies between two levels, either is right; what follows then differs too.
    assert np.isclose(rounded, expected, rtol=1e-3, atol=1e-4).mean() > 0.95


def test_an_output_without_weights_stays_without() -> None:
    weights, seen, _ = layer(2)
    weights[3] = 0
    assert not rounded_by_effect(weights, seen)[3].any()


def test_inputs_that_were_never_seen_leave_weights_at_their_nearest_level() -> None:
    weights, seen, _ = layer(3)
    silent = np.zeros_like(seen)
    assert np.allclose(rounded_by_effect(weights, silent), nearest(weights), atol=1e-6)
