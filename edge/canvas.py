"""An image pyramid on one canvas, so that a sliding network looks at all its levels in one run.

The first level is as wide as the canvas; the others lie below and beside each other wherever there is
room. No gap divides them: a cell of the network's map counts only if all it sees lies in one level.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pyramid import Pyramid

CELL = 12
STRIDE = 2
"""P-Net sees 12x12 pixels and moves by 2: its receptive field and the stride of its one pooling."""
SCALE_STEP = 0.5**0.5
"""Ratio of neighbouring levels. The paper's code has 0.709; with the root of a half every level is half of the last
but one, which is cheap to compute."""


class Canvas:
    """The levels for one frame size and smallest face, allocated once and filled again for every frame."""

    def __init__(self, height: int, width: int, min_face: float) -> None:
        """For frames of (height, width) and faces from min_face pixels on, or from 12 where that is more.

        A frame smaller than such a face has no levels: `pixels` is empty.
        """
        sizes = _level_sizes(height, width, min_face)
        corners = _packed(sizes)
        # Even, as the pooling of the network would make half a cell of an odd rest.
        bottom = max((_even(top + rows) for (top, _), (rows, _) in zip(corners, sizes, strict=True)), default=0)
        self.pixels: NDArray[np.uint8] = np.zeros((1, bottom, _even(sizes[0][1]) if sizes else 0, 3), dtype=np.uint8)
        """(1, rows, columns, 3) RGB; what is covered by no level stays black."""
        self._scale = CELL / max(min_face, CELL)
        self._levels = [
            self.pixels[0, top : top + rows, left : left + columns]
            for (top, left), (rows, columns) in zip(corners, sizes, strict=True)
        ]
        self._corners = np.array(corners, dtype=np.float32).reshape(-1, 2)[:, ::-1]
        # The true ratio of each axis, since a level's size is a whole number of pixels.
        frame = np.array([width, height], dtype=np.float32)
        self._ratios = np.array(sizes, dtype=np.float32).reshape(-1, 2)[:, ::-1] / frame
        self.level_of_cell: NDArray[np.int8] = _level_of_cell(corners, sizes, self.pixels.shape[1:3])

    def fill(self, pyramid: Pyramid) -> None:
        """Draw the frame that is in pyramid."""
        for i, level in enumerate(self._levels):
            if i < 2:
                pyramid.resize(self._scale * SCALE_STEP**i, level)
            else:
                height, width = level.shape[:2]
                cv2.resize(self._levels[i - 2], (width, height), dst=level, interpolation=cv2.INTER_AREA)

    def to_frame(self, boxes: NDArray[np.float32], levels: NDArray[np.int8]) -> NDArray[np.float32]:
        """boxes, (n, >= 4) x1, y1, x2, y2 on the canvas, in pixels of the frame; levels: (n,), which each lies on."""
        frame = boxes.copy()
        corners, ratios = self._corners[levels], self._ratios[levels]
        frame[:, 0:2] = (boxes[:, 0:2] - corners) / ratios
        frame[:, 2:4] = (boxes[:, 2:4] - corners) / ratios
        return frame


def _level_sizes(height: int, width: int, min_face: float) -> list[tuple[int, int]]:
    """(rows, columns) of each level, largest first."""
    sizes = []
    scale = CELL / max(min_face, CELL)
    while min(height, width) * scale >= CELL:
        sizes.append((round(height * scale), round(width * scale)))
        scale *= SCALE_STEP
    return sizes


def _packed(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(top, left) of each level: the highest place, then the leftmost, that is free and no wider than the first."""
    corners: list[tuple[int, int]] = []
    taken: list[tuple[int, int, int, int]] = []
    for rows, columns in sizes:
        # Even, so that the network's cells begin where levels do.
        tops = sorted({0, *(_even(bottom) for _, _, bottom, _ in taken)})
        lefts = sorted({0, *(_even(right) for _, _, _, right in taken)})
        top, left = next(
            (top, left)
            for top in tops
            for left in lefts
            if left + columns <= sizes[0][1] and not _overlaps((top, left, top + rows, left + columns), taken)
        )
        corners.append((top, left))
        taken.append((top, left, top + rows, left + columns))
    return corners


def _overlaps(place: tuple[int, int, int, int], taken: list[tuple[int, int, int, int]]) -> bool:
    """Whether place shares a pixel with any of taken; each is top, left, bottom, right."""
    top, left, bottom, right = place
    return any(top < b and t < bottom and left < r and x < right for t, x, b, r in taken)


def _even(side: int) -> int:
    return side + side % 2


def _level_of_cell(
    corners: list[tuple[int, int]], sizes: list[tuple[int, int]], shape: tuple[int, ...]
) -> NDArray[np.int8]:
    """Which level each cell of the network's map lies on with all it sees, (rows, columns); -1 for none."""
    cells = [max(0, (side - CELL) // STRIDE + 1) for side in shape]
    levels = np.full(cells, -1, dtype=np.int8)
    for i, ((top, left), (rows, columns)) in enumerate(zip(corners, sizes, strict=True)):
        row, column = top // STRIDE, left // STRIDE
        levels[row : row + (rows - CELL) // STRIDE + 1, column : column + (columns - CELL) // STRIDE + 1] = i
    return levels
