"""Non-maximum suppression: of boxes that overlap, the best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 256
"""Boxes compared with each other at a time: all pairs of a frame full of foliage would fill the memory."""

Boxes = NDArray[np.float32]


def suppress(boxes: Boxes, threshold: float) -> Boxes:
    """boxes, (n, 5) x1, y1, x2, y2, score: best first, without those that overlap a better one."""
    return boxes[suppressed_indices(boxes, threshold)]


def suppressed_indices(boxes: Boxes, threshold: float, over_smaller: bool = False) -> NDArray[np.intp]:
    """Rows of boxes to keep, best first. Overlap is intersection over union, or over the smaller box."""
    order = np.argsort(-boxes[:, 4], kind="stable")
    kept = order[:0]
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        if len(kept):
            block = block[~_overlapping(boxes[kept], boxes[block], threshold, over_smaller).any(axis=0)]
        kept = np.concatenate([kept, block[_greedy(boxes[block], threshold, over_smaller)]])
    return kept


def _greedy(boxes: Boxes, threshold: float, over_smaller: bool) -> NDArray[np.bool_]:
    """Which of boxes, best first, to keep, (n,): those that no better kept one overlaps."""
    overlapping = _overlapping(boxes, boxes, threshold, over_smaller)
    alive = np.ones(len(boxes), dtype=bool)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~overlapping[i, i + 1 :]
    return alive


def _overlapping(first: Boxes, second: Boxes, threshold: float, over_smaller: bool) -> NDArray[np.bool_]:
    """(n, m): whether each of first overlaps each of second by more than threshold."""
    shared, a, b = intersections(first, second)
    total = np.minimum(a, b) if over_smaller else a + b - shared
    more: NDArray[np.bool_] = shared > threshold * total
    return more


def intersections(first: Boxes, second: Boxes) -> tuple[Boxes, Boxes, Boxes]:
    """(n, m) the area that each of first shares with each of second; the areas of first, (n, 1), and second, (1, m)."""
    x1, y1, x2, y2 = first[:, :4].T[:, :, None]
    u1, v1, u2, v2 = np.ascontiguousarray(second[:, :4].T)[:, None, :]
    shared = np.minimum(x2, u2)
    shared -= np.maximum(x1, u1)
    np.maximum(shared, 0, out=shared)
    height = np.minimum(y2, v2)
    height -= np.maximum(y1, v1)
    shared *= np.maximum(height, 0, out=height)
    return shared, (x2 - x1) * (y2 - y1), (u2 - u1) * (v2 - v1)
