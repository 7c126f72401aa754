"""What of a camera's picture becomes a frame: turned upright, cut to the region, blanked where a mask lies.

Every source passes its pictures through here, and nothing else makes a `Frame`: no detector, no embedder and no
classifier ever meets a masked pixel.

Region and masks are fractions of the whole upright picture. Inside this module a rectangle is x1, y1, x2, y2 in whole
pixels, x2 and y2 just outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.camera.source import stamped
from edge.records import Frame, Reduced

if TYPE_CHECKING:
    from cv2.typing import MatLike
    from numpy.typing import NDArray

    from edge.camera_values import Rectangle
    from edge.config import CameraSettings

Pixels = tuple[int, int, int, int]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_SCALER_MARGIN = 2
"""Pixels by which a mask is widened in a stream that the camera itself reduced: its scaler mixes neighbours, and one
sample of colour covers two by two pixels."""
_ROUNDING = 6
"""Digits of a pixel that count: 0.3 x 10 is 3, not 3.0000000000000004."""


@dataclass(frozen=True)
class Window:
    """A view on pictures of one size."""

    crop: Pixels
    """The region in the picture as the camera gives it."""
    masks: tuple[Pixels, ...]
    """Those that touch the region, in the upright region."""
    corner: tuple[int, int]
    """x, y of the region in the whole upright picture."""
    whole: tuple[int, int]
    """Width and height of the whole upright picture."""


class View:
    """How one camera hangs and what of its picture may be looked at."""

    def __init__(self, settings: CameraSettings, rotation: int | None = None) -> None:
        """rotation: degrees that are left to do, where the camera turns the picture itself; None: the settings'."""
        self._rotation = settings.rotation if rotation is None else rotation
        self._region = settings.region
        self._masks = settings.masks
        self._detection_width = settings.detection_width
        self._turn = _TURNS.get(self._rotation)
        self._turned: MatLike | None = None
        self._windows: dict[tuple[int, int, int], Window] = {}

    def frame(self, picture: MatLike, sequence: int, monotonic: float | None = None) -> Frame:
        """A frame from a picture that OpenCV decoded, (H, W, 3) uint8 BGR, which is left as it is."""
        window = self._window(picture)
        part = _cut(picture, window.crop)
        if self._turn is not None:
            part = self._turned = cv2.rotate(part, self._turn, self._turned)  # into the same memory every time
        image = _blanked(cv2.cvtColor(part, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False), window.masks)
        return stamped(image, sequence, monotonic, self._reduced(image, picture.shape[1]))

    def frame_of_streams(
        self,
        main: NDArray[np.uint8],
        small: NDArray[np.uint8] | None,
        sequence: int,
        monotonic: float | None = None,
    ) -> Frame:
        """A frame from the camera's own full and reduced pictures, (H, W, 3) uint8 RGB, whose memory it may take."""
        window = self._window(main)
        image = self._upright(main, window)
        if small is None:
            return stamped(image, sequence, monotonic, self._reduced(image, main.shape[1]))
        reduced = self._window(small, _SCALER_MARGIN)
        scale = (window.whole[0] / reduced.whole[0], window.whole[1] / reduced.whole[1])
        offset = (
            reduced.corner[0] * scale[0] - window.corner[0],
            reduced.corner[1] * scale[1] - window.corner[1],
        )
        return stamped(image, sequence, monotonic, Reduced(self._upright(small, reduced), scale, offset))

    def _upright(self, picture: NDArray[np.uint8], window: Window) -> NDArray[np.uint8]:
        part = _cut(picture, window.crop)
        upright = np.ascontiguousarray(part) if self._turn is None else cv2.rotate(part, self._turn)
        return _blanked(upright.astype(np.uint8, copy=False), window.masks)

    def _reduced(self, image: NDArray[np.uint8], whole_width: int) -> Reduced | None:
        """image with as many pixels as it has when `whole_width` is reduced to the width for detection."""
        if not 0 < self._detection_width < whole_width:
            return None
        height, width = image.shape[:2]
        factor = self._detection_width / whole_width
        size = max(1, round(width * factor)), max(1, round(height * factor))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        return Reduced(small, (width / size[0], height / size[1]))

    def _window(self, picture: MatLike, margin: int = 0) -> Window:
        """The window on pictures of this size; worked out once."""
        height, width = picture.shape[:2]
        known = self._windows.get((width, height, margin))
        if known is None:
            known = window_on(width, height, self._rotation, self._region, self._masks, margin)
            # A camera has one size or two; of a folder of pictures only the last one is kept.
            if len(self._windows) > 1:
                self._windows.clear()
            self._windows[width, height, margin] = known
        return known


def window_on(
    width: int, height: int, rotation: int, region: Rectangle, masks: tuple[Rectangle, ...], margin: int = 0
) -> Window:
    """The window on pictures of width x height that rotation, degrees clockwise, turns upright.

    Edges between pixels count as inside: a mask or region takes every pixel it touches. margin: pixels by which masks
    are widened on every side.
    """
    whole = (height, width) if rotation in (90, 270) else (width, height)
    shown = _pixels(region, whole)
    left, top, right, bottom = shown
    relative = []
    for mask in masks:
        x1, y1, x2, y2 = _pixels(mask, whole, margin)
        x1, y1, x2, y2 = max(x1, left), max(y1, top), min(x2, right), min(y2, bottom)
        if x1 < x2 and y1 < y2:
            relative.append((x1 - left, y1 - top, x2 - left, y2 - top))
    return Window(_turned_back(shown, rotation, width, height), tuple(relative), (left, top), whole)


def _pixels(part: Rectangle, whole: tuple[int, int], margin: int = 0) -> Pixels:
    """Every pixel of a picture that a rectangle in fractions touches."""
    (width, height), (x1, y1, x2, y2) = whole, part
    return (
        max(0, math.floor(round(x1 * width, _ROUNDING)) - margin),
        max(0, math.floor(round(y1 * height, _ROUNDING)) - margin),
        min(width, math.ceil(round(x2 * width, _ROUNDING)) + margin),
        min(height, math.ceil(round(y2 * height, _ROUNDING)) + margin),
    )


def _turned_back(upright: Pixels, rotation: int, width: int, height: int) -> Pixels:
    """Where a rectangle of the upright picture lies in the camera's, which is width x height."""
    x1, y1, x2, y2 = upright
    if rotation == 90:  # the left column of the upright picture is the camera's lowest row
        return y1, height - x2, y2, height - x1
    if rotation == 180:
        return width - x2, height - y2, width - x1, height - y1
    if rotation == 270:
        return width - y2, x1, width - y1, x2
    return upright


def _blanked(image: NDArray[np.uint8], masks: tuple[Pixels, ...]) -> NDArray[np.uint8]:
    """image, which is changed."""
    for x1, y1, x2, y2 in masks:
        image[y1:y2, x1:x2] = 0
    return image


def _cut(picture: MatLike, part: Pixels) -> MatLike:
    x1, y1, x2, y2 = part
    return picture[y1:y2, x1:x2]
