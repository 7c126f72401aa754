"""A frame and its halvings, and fast crops from whichever of them fits.

Reducing by more than two with bilinear sampling skips pixels; averaging over the area does not.
Each frame is halved a few times by area once, and every later reduction starts from the halving
that leaves a factor below two to do.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

OUTSIDE = (127, 127, 127)
"""Colour of what lies outside the picture: nearest to zero after normalization, as MTCNN was trained."""


class Pyramid:
    """Halvings of one frame size, allocated once and filled again for every frame."""

    def __init__(self, height: int, width: int, smallest: int = 24) -> None:
        """For frames of (height, width, 3) uint8; halves until the short side is under 2 x smallest."""
        self._levels: list[NDArray[np.uint8]] = []
        while min(height, width) >= 2 * smallest:
            height, width = height // 2, width // 2
            self._levels.append(np.empty((height, width, 3), dtype=np.uint8))
        self._frame: NDArray[np.uint8] = np.empty((0, 0, 3), dtype=np.uint8)

    def fill(self, image: NDArray[np.uint8]) -> None:
        """Take a new frame, (H, W, 3) uint8."""
        self._frame = image
        source = image
        for level in self._levels:
            height, width = level.shape[:2]
            cv2.resize(source[: height * 2, : width * 2], (width, height), dst=level, interpolation=cv2.INTER_AREA)
            source = level

    def resize(self, scale: float, target: NDArray[np.uint8]) -> None:
        """Write the whole frame, reduced by scale (0..1], into target (h, w, 3)."""
        source, _ = self._source(scale)
        height, width = target.shape[:2]
        cv2.resize(source, (width, height), dst=target, interpolation=cv2.INTER_LINEAR)

    def crops(self, squares: NDArray[np.float32], targets: NDArray[np.uint8]) -> None:
        """Write each square of the frame, resampled, into its target.

        squares: (n, 3) left, top, side in pixels of the frame; targets: (n, size, size, 3).
        """
        size = targets.shape[1]
        matrix = np.zeros((2, 3), dtype=np.float64)
        for (left, top, side), target in zip(squares.tolist(), targets, strict=True):
            source, factor = self._source(size / side)
            step = side / size / factor  # source pixels from one target pixel to the next
            # Pixel centres: target i shows the source at (i + 1/2) * step - 1/2 from the square's corner.
            matrix[0, 0] = matrix[1, 1] = step
            matrix[0, 2] = left / factor + (step - 1) / 2
            matrix[1, 2] = top / factor + (step - 1) / 2
            cv2.warpAffine(
                source,
                matrix,
                (size, size),
                dst=target,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=OUTSIDE,
            )

    def _source(self, scale: float) -> tuple[NDArray[np.uint8], int]:
        """The smallest level that is not below scale, and how many frame pixels its pixel covers."""
        level, factor = -1, 1
        while scale * factor * 2 <= 1 and level + 1 < len(self._levels):
            level, factor = level + 1, factor * 2
        return (self._frame if level < 0 else self._levels[level]), factor
