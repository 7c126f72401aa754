"""People cut out of their portraits, for the demo's clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACE = 160
"""Height of the face box in a cutout, pixels."""
WIDTH, HEIGHT = 520, 400
"""Of a cutout, pixels."""
CENTRE, TOP = WIDTH // 2, 90
"""Where a cutout has the middle and the upper edge of the face box."""

_ROUNDS = 6
_EDGE = 1.5
"""Softness of the outline: standard deviation in pixels."""


@dataclass(frozen=True)
class Portrait:
    """A picture, and what helps to cut its person out. Ellipses are x, y, radii in cutout pixels."""

    file: str
    face: tuple[int, int, int, int]
    """Left, top, width, height of the face box in the picture, as MTCNN finds it."""
    person: tuple[tuple[int, int, int, int], ...] = ()
    """Ellipses that certainly show the person, beside the face."""
    background: tuple[tuple[int, int, int, int], ...] = ()
    """Ellipses that certainly do not."""


TALKING = Portrait(
    "obama2.jpg",
    (202, 231, 267, 402),
    person=((277, 115, 55, 47),),
    background=((352, 190, 16, 45), (178, 165, 20, 70)),
)
STANDING = Portrait("obama3.jpg", (650, 265, 257, 341), background=((312, 268, 12, 22),))
FOLDED_ARMS = Portrait("biden.jpg", (438, 171, 267, 386), background=((310, 258, 12, 20),))
ASTRONAUT = Portrait(
    "astronaut.png",
    (182, 64, 83, 107),
    person=((266, 108, 100, 82), (232, 298, 126, 82)),
    background=((364, 236, 26, 20),),
)
ADMIRAL = Portrait(
    "grace_hopper.jpg", (178, 110, 173, 220), background=((178, 140, 12, 30), (345, 140, 12, 30), (186, 205, 12, 30))
)


def cut_out(portrait: Portrait, folder: Path) -> NDArray[np.float32]:
    """(HEIGHT, WIDTH, 4) float32: blue, green, red 0..255 multiplied by the opacity, opacity 0..1."""
    tile = _tile(portrait, folder)
    mask = _hints(portrait)
    cv2.setRNGSeed(0)  # grabCut clusters colours from random starting points
    cv2.grabCut(tile, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    person = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, statistics, _ = cv2.connectedComponentsWithStats(person)
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    # One pixel is given up, so that no rim of the old background shines through.
    solid = cv2.erode((parts == largest).astype(np.float32), np.ones((3, 3), np.uint8))
    opacity = cv2.GaussianBlur(solid, (0, 0), _EDGE)[..., None]
    cutout: NDArray[np.float32] = np.concatenate([tile * opacity, opacity], axis=2).astype(np.float32)
    return cutout


def _tile(portrait: Portrait, folder: Path) -> NDArray[np.uint8]:
    """Head and chest, (HEIGHT, WIDTH, 3) BGR; what lies outside the picture repeats its edge."""
    picture = cv2.imread(str(folder / portrait.file), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(folder / portrait.file)
    scale = FACE / portrait.face[3]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method)
    left, top, width, _ = (round(value * scale) for value in portrait.face)
    x, y = left + width // 2 - CENTRE, top - TOP
    height, width = picture.shape[:2]
    margins = (max(0, -y), max(0, y + HEIGHT - height), max(0, -x), max(0, x + WIDTH - width))
    padded = cv2.copyMakeBorder(picture, *margins, cv2.BORDER_REPLICATE)
    x, y = max(0, x), max(0, y)
    return np.ascontiguousarray(padded[y : y + HEIGHT, x : x + WIDTH], dtype=np.uint8)


def _hints(portrait: Portrait) -> NDArray[np.uint8]:
    """For grabCut: a person sits in the middle, face at `TOP`, shoulders below."""
    mask = np.full((HEIGHT, WIDTH), cv2.GC_BGD, np.uint8)
    chin, shoulders = TOP + FACE, TOP + FACE + 110
    for half_widths, kind in (((75, 230, 250), cv2.GC_PR_FGD), ((35, 80, 90), cv2.GC_FGD)):
        neck, shoulder, arm = half_widths
        outline = [(-neck, chin - 10), (neck, chin - 10), (shoulder, shoulders), (arm, HEIGHT)]
        outline += [(-arm, HEIGHT), (-shoulder, shoulders)]
        cv2.fillPoly(mask, [np.array([(CENTRE + x, y) for x, y in outline])], (kind,))
    middle = TOP + FACE // 2
    cv2.ellipse(mask, (CENTRE, middle - 12), (112, 130), 0, 0, 360, (cv2.GC_PR_FGD,), -1)
    cv2.ellipse(mask, (CENTRE, middle), (48, 80), 0, 0, 360, (cv2.GC_FGD,), -1)
    for ellipses, kind in ((portrait.person, cv2.GC_FGD), (portrait.background, cv2.GC_BGD)):
        for x, y, horizontal, vertical in ellipses:
            cv2.ellipse(mask, (x, y), (horizontal, vertical), 0, 0, 360, (kind,), -1)
    return mask
