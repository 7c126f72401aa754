"""The ranges of P-Net's activations, for its 8-bit file, measured on pictures that everybody may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.activation_ranges import measure_ranges
from converter.pnet import SIDE
from edge.pictures import SUFFIXES, read_picture

PORTRAITS = Path(__file__).resolve().parent.parent / "edge" / "demo" / "portraits"
HALVINGS = 5
"""P-Net sees faces of 12 px: portraits are shown in full size and reduced to a half, a quarter, and so on."""


def pnet_ranges(content: bytes, folder: Path = PORTRAITS) -> dict[str, tuple[float, float]]:
    """Smallest and largest value of each activation over the pictures of folder; content: the float32 TFLite file.

    Raises ModelError when there is no picture, PictureError when one cannot be read.
    """
    pictures = (read_picture(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES)
    return measure_ranges(content, _tiles(pictures))


def _tiles(pictures: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
    """(SIDE, SIDE, 3) pixels each, overlapping by half, of every picture in every size."""
    for picture in pictures:
        for halving in range(HALVINGS):
            scale = 0.5**halving
            reduced = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for top in range(0, reduced.shape[0] - SIDE + 1, SIDE // 2):
                for left in range(0, reduced.shape[1] - SIDE + 1, SIDE // 2):
                    yield reduced[top : top + SIDE, left : left + SIDE].astype(np.float32)
