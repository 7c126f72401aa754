"""How far a figure may be from the truth: 95% confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959964
"""Two-sided 95% point of the normal distribution."""


def wilson(right: int, count: int) -> tuple[float, float]:
    """The Wilson score interval of the proportion right / count; holds near 0 and 1 as well."""
    if count == 0:
        return 0.0, 1.0
    share = right / count
    centre = share + Z95**2 / (2 * count)
    spread = Z95 * math.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    scale = 1 + Z95**2 / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def bootstrap(
    figure: Callable[[NDArray[np.int64]], float], count: int, *, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The percentile interval of figure(indices) over resamples of range(count) with replacement."""
    random = np.random.default_rng(seed)
    values = [figure(random.integers(0, count, count)) for _ in range(resamples)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
