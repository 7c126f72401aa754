"""One picture of all places where a detector and its reference disagree, to be judged by eye."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ClassPulseError
from edge.records import Box

TILE = 160
"""Side of one place, pixels."""
COLUMNS = 6
MISSED, EXTRA = (40, 40, 230), (60, 180, 40)
"""BGR: what only the reference has, and what only the detector has."""


class DifferenceSheet:
    """Tiles, each a place where one side sees a face and the other none."""

    def __init__(self) -> None:
        self._tiles: list[NDArray[np.uint8]] = []

    def add(self, image: NDArray[np.uint8], box: Box, caption: str, *, missed: bool) -> None:
        """Add the surroundings of box in image, (H, W, 3) uint8 RGB."""
        side = max(box.width, box.height) * 2
        x, y = box.centre
        scale = TILE / max(side, 1.0)
        move = np.array([[scale, 0, TILE / 2 - scale * x], [0, scale, TILE / 2 - scale * y]])
        tile = cv2.warpAffine(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), move, (TILE, TILE), flags=cv2.INTER_AREA)
        half = (round(box.width * scale / 2), round(box.height * scale / 2))
        centre = TILE // 2
        colour = MISSED if missed else EXTRA
        cv2.rectangle(tile, (centre - half[0], centre - half[1]), (centre + half[0], centre + half[1]), colour, 2)
        cv2.putText(tile, caption, (4, TILE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
        self._tiles.append(tile.astype(np.uint8, copy=False))

    def write(self, path: Path) -> None:
        """Write the sheet as a PNG or JPEG. Raises ClassPulseError when that fails."""
        rows = max(1, -(-len(self._tiles) // COLUMNS))
        sheet = np.full((rows * TILE, COLUMNS * TILE, 3), 255, dtype=np.uint8)
        for i, tile in enumerate(self._tiles):
            row, column = divmod(i, COLUMNS)
            sheet[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = tile
        try:
            _, content = cv2.imencode(path.suffix, sheet)
            path.write_bytes(content.tobytes())
        except (OSError, cv2.error) as error:
            raise ClassPulseError(
                f"{path}: cannot write the sheet; name a .png or .jpg in a folder that exists"
            ) from error
