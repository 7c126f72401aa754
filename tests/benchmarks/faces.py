"""Thirty different faces from what is committed: four portraits, blended in pairs and stretched.

A recogniser takes them for different people (every pair is less similar than `ALIKE`), so that a full room can be
enrolled and named from a fresh clone. What a face costs does not depend on whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.alignment import ARCFACE_TEMPLATE, similarity_transform
from edge.demo.cast import HERE
from edge.detector import Detector
from edge.embedder import Embedder, Embedding
from edge.pictures import read_picture
from edge.records import Face

PORTRAITS = ("obama2.jpg", "biden.jpg", "astronaut.png", "grace_hopper.jpg")
"""Of four people, from `edge/demo/portraits`."""
WIDTH, HEIGHT = 200, 240
"""Of a tile, pixels."""
FACE = 104
"""Height of the face box in a tile, as MTCNN draws it, pixels."""
ALIKE = 0.8
"""Similarity from which two faces would be one person's too easily."""
LANDMARKS = ARCFACE_TEMPLATE - (56, 71) + (WIDTH / 2, HEIGHT / 2 + 10)
"""(5, 2) x, y in a tile."""
STRETCHES = ((1.0, 0, 0), (0.85, -8, 8), (1.18, 7, -6), (1.0, 9, 9), (1.0, -9, -9))
"""How broad a face becomes, and how far down its eyes and its mouth move, pixels."""
MARGIN = 30
"""Pixels around a tile in which a face is looked for."""

Tile = NDArray[np.uint8]
"""(HEIGHT, WIDTH, 3) RGB: head and shoulders, the landmarks on `LANDMARKS`."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """A head without what is around it."""

    pixels: Tile
    opacity: NDArray[np.float32]
    """(HEIGHT, WIDTH), 0..1."""


def cutouts(count: int, detector: Detector, embedder: Embedder, people: Path | None = None) -> list[Cutout]:
    """`count` faces that the embedder tells apart.

    people: a folder of pictures for each person, to be used instead of the portraits. Raises ValueError when there
    are not so many different faces.
    """
    chosen: list[Tile] = []
    known: list[Embedding] = []
    for tile in _tiles(detector, people):
        face = _face(tile, detector)
        if face is None:
            continue
        embedding = embedder.embed(*face)
        if all(float(embedding @ other) < ALIKE for other in known):
            chosen.append(tile)
            known.append(embedding)
        if len(chosen) == count:
            opacity = _ellipse()
            return [Cutout(each, opacity) for each in chosen]
    raise ValueError(f"only {len(chosen)} different faces in {people or HERE / 'portraits'}; {count} are needed")


def _tiles(detector: Detector, people: Path | None) -> Iterator[Tile]:
    if people is not None:
        for person in sorted(folder for folder in people.iterdir() if folder.is_dir()):
            for picture in sorted(person.glob("*.jpg"))[:1]:
                yield from _aligned(picture, detector)
        return
    portraits = [tile for name in PORTRAITS for tile in _aligned(HERE / "portraits" / name, detector)]
    pairs = [cv2.addWeighted(a, 0.5, b, 0.5, 0).astype(np.uint8) for a, b in combinations(portraits, 2)]
    for stretch in STRETCHES:
        for tile in [*portraits, *pairs]:
            yield _stretched(tile, *stretch)


def _aligned(picture: Path, detector: Detector) -> list[Tile]:
    """The most certain face of a picture, upright; none where there is no face."""
    image = read_picture(picture)
    scale = min(1.0, 900 / max(image.shape[:2]))
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    found = detector.detect(image)
    if not found:
        return []
    transform = similarity_transform(found[0].landmarks.astype(np.float64), LANDMARKS)
    tile = cv2.warpAffine(image, transform, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return [tile.astype(np.uint8, copy=False)]


def _stretched(tile: Tile, breadth: float, eyes: int, mouth: int) -> Tile:
    eye_line, nose, mouth_line = LANDMARKS[0, 1], LANDMARKS[2, 1], LANDMARKS[3, 1]
    rows = np.interp(
        np.arange(HEIGHT),
        [0, eye_line + eyes, nose, mouth_line + mouth, HEIGHT],
        [0, eye_line, nose, mouth_line, HEIGHT],
    )
    columns = (np.arange(WIDTH) - WIDTH / 2) / breadth + WIDTH / 2
    grid_x, grid_y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    moved = cv2.remap(tile, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.uint8, copy=False)


def _face(tile: Tile, detector: Detector) -> tuple[NDArray[np.uint8], Face] | None:
    padded = cv2.copyMakeBorder(tile, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    found = detector.detect(padded)
    return (padded, found[0]) if found else None


def _ellipse() -> NDArray[np.float32]:
    """Opaque around the head, with a soft edge."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    radius = np.hypot((columns - WIDTH / 2) / 92, (rows - HEIGHT / 2 - 2) / 116)
    opacity: NDArray[np.float32] = np.clip((1 - radius) / 0.12, 0, 1).astype(np.float32)
    return opacity
