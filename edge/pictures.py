"""Reading one picture from a file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import PictureError

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""File names taken for pictures, lower case."""
MAX_SIDE = 16_384
"""Largest width or height, pixels: OpenCV's warps count in 16 bits."""


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The picture in path, (H, W, 3) uint8 RGB, turned upright as its EXIF says.

    Raises PictureError when there is none, or it cannot be decoded.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        decoded = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR) if content else None
    except cv2.error as error:  # a header that claims more pixels than OpenCV decodes
        raise PictureError(f"{path}: larger than can be decoded; reduce it to {MAX_SIDE} px") from error
    if decoded is None:
        raise PictureError(f"{path}: not a picture that can be decoded; save it as JPEG or PNG")
    if max(decoded.shape[:2]) > MAX_SIDE:
        raise PictureError(f"{path}: {decoded.shape[1]}x{decoded.shape[0]} px; reduce it to {MAX_SIDE} px or less")
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
