"""How much of an expression model's skill is left where pictures are worse than those it was judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(side, side) grey: one face."""
TURN = 10.0
"""Degrees, anticlockwise."""
JPEG_QUALITY = 30


def resized(picture: Picture, side: int) -> Picture:
    """The face as a camera sees it that has so many pixels for it; an enlarged one has no more detail than before."""
    interpolation = cv2.INTER_AREA if side < picture.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(picture, (side, side), interpolation=interpolation).astype(np.uint8, copy=False)


def blurred(picture: Picture) -> Picture:
    """Out of focus by a standard deviation of 1 px where the face is 48 px high."""
    return cv2.GaussianBlur(picture, (0, 0), picture.shape[0] / 48).astype(np.uint8, copy=False)


def lit(picture: Picture, factor: float) -> Picture:
    """Under factor times the light; what is then too bright is white, as in a camera."""
    return np.clip(picture.astype(np.float32) * factor, 0, 255).astype(np.uint8)


def compressed(picture: Picture) -> Picture:
    """After a JPEG of quality 30."""
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE).astype(np.uint8, copy=False)


def turned(picture: Picture) -> Picture:
    """A head that leans by 10 degrees; its surroundings repeat the picture's edge."""
    side = picture.shape[0]
    centre = (side - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), TURN, 1.0)
    turned = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return turned.astype(np.uint8, copy=False)


def _at(side: int) -> Callable[[Picture], Picture]:
    return lambda picture: resized(picture, side)


CHANGES: Mapping[str, Callable[[Picture], Picture]] = {
    **{f"{side} px": _at(side) for side in (24, 32, 48, 64, 96)},
    "blurred": blurred,
    "light halved": lambda picture: lit(picture, 0.5),
    "light doubled": lambda picture: lit(picture, 2.0),
    f"JPEG quality {JPEG_QUALITY}": compressed,
    f"turned by {TURN:g} degrees": turned,
}
"""What a classroom does to a picture, by name."""
