from __future__ import annotations

import numpy as np
import pytest

from edge.suppression import BLOCK, Boxes, suppress, suppressed_indices


def test_a_better_box_suppresses_the_one_it_overlaps() -> None:
    boxes = np.array([[0, 0, 10, 10, 0.8], [1, 0, 11, 10, 0.9], [30, 30, 40, 40, 0.7]], np.float32)
    assert suppressed_indices(boxes, 0.5).tolist() == [1, 2]


def test_a_suppressed_box_suppresses_nobody() -> None:
    # b overlaps a and c; a and c do not overlap each other enough: b goes, c stays.
    boxes = np.array([[0, 0, 10, 10, 0.9], [3, 0, 13, 10, 0.8], [6, 0, 16, 10, 0.7]], np.float32)
    assert suppressed_indices(boxes, 0.5).tolist() == [0, 2]


def test_a_box_inside_another_counts_by_the_smaller() -> None:
    boxes = np.array([[0, 0, 20, 20, 0.9], [5, 5, 10, 10, 0.8]], np.float32)
    assert suppressed_indices(boxes, 0.7).tolist() == [0, 1]
    assert suppressed_indices(boxes, 0.7, over_smaller=True).tolist() == [0]


def test_no_boxes_leave_none() -> None:
    assert suppress(np.empty((0, 5), np.float32), 0.5).shape == (0, 5)


def overlap(a: Boxes, b: Boxes) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return float(shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared))


@pytest.mark.parametrize("count", [BLOCK - 1, BLOCK, 2 * BLOCK + 1])
def test_however_many_boxes_no_two_kept_overlap_and_none_goes_without_a_better_one(count: int) -> None:
    random = np.random.default_rng(count)
    corner = random.uniform(0, 150, (count, 2))
    sides = random.uniform(10, 30, (count, 2))
    boxes = np.column_stack([corner, corner + sides, random.permutation(count) / count]).astype(np.float32)
    kept = suppressed_indices(boxes, 0.3).tolist()
    assert [boxes[i, 4] for i in kept] == sorted((boxes[i, 4] for i in kept), reverse=True)
    for i in range(count):
        better = [k for k in kept if boxes[k, 4] > boxes[i, 4] and overlap(boxes[i], boxes[k]) > 0.3]
        assert (i in kept) != bool(better)
