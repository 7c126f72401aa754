"""Whether anything moves in an empty room: a look at 1,000 blocks of pixels instead of a search for faces."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

BLOCKS = (24, 42)
"""Rows and columns of blocks a frame is averaged over: at 1280x720 a block is 30 px wide, half of a face that can be
recognised."""
CHANGED = 6.0
"""Grey levels by which a block must differ. A block of 900 pixels averages a sensor's noise away; steps of automatic
exposure change all blocks, and are taken for a movement, which costs one search."""
LONGEST = 1.0
"""Seconds after which a still room is searched all the same: somebody may have sat down more slowly than this sees."""


class StillRoom:
    """Compares each frame with the last one that was searched for faces."""

    def __init__(self) -> None:
        self._grey = np.zeros(BLOCKS, np.uint8)
        self._searched = np.zeros(BLOCKS, np.float32)
        self._searched_at: float | None = None

    def is_still(self, image: NDArray[np.uint8], now: float) -> bool:
        """Whether nothing has moved since the frame for which this last was False.

        image: (H, W, 3) RGB; now: monotonic seconds.
        """
        # A fifth of the columns and rows is plenty for a mean, and a fifth of the reading.
        blocks = cv2.resize(image[::5, ::5], BLOCKS[::-1], interpolation=cv2.INTER_AREA)
        cv2.cvtColor(blocks, cv2.COLOR_RGB2GRAY, dst=self._grey)
        recent = self._searched_at is not None and 0 <= now - self._searched_at < LONGEST
        if recent and float(np.abs(self._grey - self._searched).max()) < CHANGED:
            return True
        self._searched[:] = self._grey
        self._searched_at = now
        return False
