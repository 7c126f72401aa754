"""Reading one picture from a file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import PictureError

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""File names taken for pictures, lower case."""


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The picture in path, (H, W, 3) uint8 RGB, turned upright as its EXIF says.

    Raises PictureError when there is none, or it cannot be decoded.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror}") from error
    decoded = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR) if content else None
    if decoded is None:
        raise PictureError(f"{path}: not a picture that can be decoded; save it as JPEG or PNG")
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
