"""Heads cut from the portraits, put on a wall wherever a test wants a face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.cutouts import ADMIRAL, FOLDED_ARMS, STANDING, TALKING, Portrait
from edge.pictures import read_picture
from tests.conftest import PORTRAITS

CAST = (TALKING, FOLDED_ARMS, STANDING, ADMIRAL)
HALF_WIDTH, HALF_HEIGHT, SOFT_EDGE = 0.72, 0.92, 0.12
"""The ellipse that is cut out, in face heights, and its blurred edge as a share of its radius."""


@dataclass(frozen=True)
class Head:
    """One face in a frame."""

    x: float
    y: float
    """The middle of the face, pixels."""
    height: float = 72.0
    """Of the face, pixels."""
    who: int = 0
    """Which of `CAST`."""
    veiled: bool = False
    """Blurred until P-Net takes it for a face still, and O-Net does not."""


def room(heads: Iterable[Head], width: int = 1280, height: int = 720) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB; later heads lie before earlier ones."""
    canvas = np.full((height, width, 3), 150, np.uint8)
    canvas += np.random.default_rng(0).integers(0, 12, (height, width, 1), np.uint8)
    for head in heads:
        pixels, opacity = _cut(CAST[head.who % len(CAST)], round(head.height))
        rows, columns = opacity.shape[:2]
        left, top = round(head.x - columns / 2), round(head.y - rows / 2)
        seen = canvas[max(top, 0) : top + rows, max(left, 0) : left + columns]
        part = (slice(max(-top, 0), max(-top, 0) + len(seen)), slice(max(-left, 0), max(-left, 0) + seen.shape[1]))
        seen[:] = seen * (1 - opacity[part]) + pixels[part] * opacity[part]
        if head.veiled:
            seen[:] = cv2.GaussianBlur(seen, (0, 0), head.height / 8)
    return canvas


def seats(count: int, width: int = 1280, height: int = 720) -> list[Head]:
    """So many heads in rows of ten, all in view."""
    rows = -(-count // 10)
    return [Head((i % 10 + 0.5) * width / 10, (i // 10 + 0.5) * height / rows, who=i) for i in range(count)]


@cache
def _cut(portrait: Portrait, height: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The pixels of a head whose face is so high, and how opaque they are, 0..1."""
    picture = read_picture(PORTRAITS / portrait.file)
    left, top, across, down = portrait.face
    x, y = left + across / 2, top + down / 2
    part = picture[
        max(0, round(y - HALF_HEIGHT * down)) : round(y + HALF_HEIGHT * down),
        max(0, round(x - HALF_WIDTH * down)) : round(x + HALF_WIDTH * down),
    ]
    size = (round(2 * HALF_WIDTH * height), round(2 * HALF_HEIGHT * height))
    pixels = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    radius = np.hypot(2 * columns / size[0] - 1, 2 * rows / size[1] - 1)
    return pixels, np.clip((1 - radius) / SOFT_EDGE, 0, 1)[..., None].astype(np.float32)
