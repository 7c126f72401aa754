"""From a face to the crop a model sees: the one place that decides geometry.

The daemon, the converter's training and its evaluation all call these functions, so that a model
never meets a face framed in another way than the one it was trained and measured on.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.records import Box

ARCFACE_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float64,
)
"""(5, 2) x, y in a 112x112 crop: where the ArcFace family of embedders expects the landmarks of
`edge.records.Face` (Deng et al., "ArcFace", CVPR 2019; the published five-point template)."""


def align(image: NDArray[np.uint8], landmarks: NDArray[np.float32], size: int = 112) -> NDArray[np.uint8]:
    """The face turned upright and scaled so that its landmarks lie on the template.

    image: (H, W, 3) uint8; landmarks: (5, 2) x, y in pixels of image. Returns (size, size, 3) uint8
    in the same colour order; what lies outside the image is black.
    """
    transform = similarity_transform(np.asarray(landmarks, dtype=np.float64), ARCFACE_TEMPLATE * (size / 112.0))
    # Bilinear sampling reads four pixels: a face far larger than the crop would alias into another
    # texture. Halve the picture around it until the remaining reduction is below two.
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < 0.5:
        image, transform = _reduced_for(image, transform, scale, size)
    crop = cv2.warpAffine(image, transform, (size, size), flags=cv2.INTER_LINEAR)
    return crop.astype(np.uint8, copy=False)


def similarity_transform(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation, uniform scale and shift that bring source nearest to target in least squares.

    Both (N, 2), N >= 2, not all equal. Returns the (2, 3) matrix. With points as complex numbers
    this is the linear regression target = a * source + b (the planar case of Umeyama, 1991,
    without reflection).
    """
    z, w = source @ [1, 1j], target @ [1, 1j]
    dz, dw = z - z.mean(), w - w.mean()
    spread = float(np.vdot(dz, dz).real)
    a = np.vdot(dz, dw) / spread if spread > 0 else 1.0 + 0.0j
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]], dtype=np.float64)


def expression_crop(image: NDArray[np.uint8], box: Box, size: int) -> NDArray[np.uint8]:
    """The square around a face that an expression model sees, as grey.

    The square's side is the height of the box and its centre the centre of the box, on whole
    pixels; what lies outside the picture repeats the picture's edge. A labelled picture that already
    is such a square (a training crop) is the box of its own full extent and comes through unchanged.

    image: (H, W, 3) uint8 RGB or (H, W) grey. Returns (size, size) uint8.
    """
    square, edges = _square(image, box)
    if square.ndim == 3:
        grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY) if square.size else square[:, :, 0]
        square = grey.astype(np.uint8, copy=False)
    return _scaled(square, edges, size)


def box_crop(image: NDArray[np.uint8], box: Box, size: int) -> NDArray[np.uint8]:
    """The same square as `expression_crop` takes, its colours kept: for embedders that want no template.

    There is no margin around the box's height, as where such embedders are commonly fed a detector's box; what a
    detector's box leaves out at the sides, the square adds. image: (H, W, C) uint8. Returns (size, size, C).
    """
    return _scaled(*_square(image, box), size)


def whole(image: NDArray[np.uint8]) -> Box:
    """The box of a picture that is nothing but one face."""
    height, width = image.shape[:2]
    return Box(0, 0, width, height)


Edges = tuple[int, int, int, int]
"""What a part lacks of the square it was cut for: pixels above, below, left, right."""


def _square(image: NDArray[np.uint8], box: Box) -> tuple[NDArray[np.uint8], Edges]:
    """The part of the square around box that lies in image; empty where none does."""
    side = max(1, round(box.height))
    centre_x, centre_y = box.centre
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    height, width = image.shape[:2]
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x1 >= x2 or y1 >= y2:  # wholly outside: a carried box may drift there
        return image[:0, :0], (0, 0, 0, 0)
    return image[y1:y2, x1:x2], (y1 - top, top + side - y2, x1 - left, left + side - x2)


def _scaled(part: NDArray[np.uint8], edges: Edges, size: int) -> NDArray[np.uint8]:
    """part with its edges repeated outwards, (size, size, ...); black where part is empty."""
    if part.size == 0:
        return np.zeros((size, size, *part.shape[2:]), dtype=np.uint8)
    if any(edges):
        part = cv2.copyMakeBorder(part, *edges, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    # Area averaging when reducing keeps fine lines (lids, lips) from aliasing; it cannot enlarge.
    interpolation = cv2.INTER_AREA if part.shape[0] > size else cv2.INTER_LINEAR
    return cv2.resize(part, (size, size), interpolation=interpolation).astype(np.uint8, copy=False)


def _reduced_for(
    image: NDArray[np.uint8], transform: NDArray[np.float64], scale: float, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of image that the crop shows, reduced by a whole factor, and the transform from it."""
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]], dtype=np.float64)
    back = cv2.invertAffineTransform(transform)
    points = corners @ back.T
    factor = int(1 / scale)
    height, width = image.shape[:2]
    x1, y1 = (max(0, int(low) // factor * factor) for low in points.min(axis=0) - factor)
    x2, y2 = min(width, int(points[:, 0].max()) + 1 + factor), min(height, int(points[:, 1].max()) + 1 + factor)
    columns, rows = (x2 - x1) // factor, (y2 - y1) // factor
    if columns < 1 or rows < 1:
        return image, transform
    part = image[y1 : y1 + rows * factor, x1 : x1 + columns * factor]
    reduced = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    # A reduced pixel's centre lies (factor - 1) / 2 to the right of its first source pixel's centre.
    up = np.array([[factor, 0, x1 + (factor - 1) / 2], [0, factor, y1 + (factor - 1) / 2], [0, 0, 1]])
    return reduced, transform @ up
