"""The frames that every side sees: a room with 0 to 30 faces that sway, written once, read by each process."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks import faces
from tests.benchmarks.faces import Cutout

FACE = 72
"""Height of every face in every frame, pixels: what changes is how many there are, and how large the frame is."""
PITCH = 128
"""Least width of a seat, pixels."""
PHASES = 24
"""Different frames of one room; at 15 a second the faces swing once in 1.6 s."""
SWAY = 0.1
"""How far a face moves to either side, in face heights."""
NOISE = 3.0
"""Standard deviation of the sensor's noise, grey levels."""


@dataclass(frozen=True)
class Room:
    """So many faces in frames of one size."""

    faces: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.faces} face{'s' * (self.faces != 1)}, {self.width}x{self.height}"

    def seats(self) -> list[tuple[float, float]]:
        """x, y of the middle of each face at rest, pixels."""
        columns = max(1, min(self.faces, self.width // PITCH))
        rows = math.ceil(self.faces / columns)
        return [
            (self.width * (i % columns + 0.5) / columns, self.height * (i // columns + 0.5) / rows)
            for i in range(self.faces)
        ]


def write(folder: Path, room: Room, cast: list[Cutout]) -> list[str]:
    """The frames of a room as .npy files, (height, width, 3) uint8 RGB, in order; they can be played in a loop."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(room.width)
    wall = _wall(room, random)
    noise = random.normal(0, NOISE, (room.height, room.width + PHASES, 1)).astype(np.float32)
    paths = []
    for phase in range(PHASES):
        canvas = wall.copy()
        for number, (seat, cutout) in enumerate(zip(room.seats(), cast, strict=False)):
            swing = math.sin(2 * math.pi * phase / PHASES + number)
            _draw(canvas, cutout, seat[0] + SWAY * FACE * swing, seat[1])
        canvas += noise[:, phase : phase + room.width]
        path = folder / f"{phase:02}.npy"
        np.save(path, np.clip(canvas, 0, 255).astype(np.uint8))
        paths.append(str(path))
    return paths


def _wall(room: Room, random: np.random.Generator) -> NDArray[np.float32]:
    """A mottled wall with papers on it, whose edges give a detector something to reject."""
    coarse = random.uniform(110, 190, (9, 16, 1)).astype(np.float32) * np.ones(3, np.float32)
    wall = cv2.resize(coarse, (room.width, room.height), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        x, y = int(random.integers(room.width)), int(random.integers(room.height))
        cv2.rectangle(wall, (x, y), (x + 40, y + 54), random.uniform(60, 230, 3).tolist(), -1)
    return wall.astype(np.float32, copy=False)


def _draw(canvas: NDArray[np.float32], cutout: Cutout, x: float, y: float) -> None:
    """Put a face on canvas, its middle at x, y; what reaches beyond the frame is cut off."""
    scale = FACE / faces.FACE
    place = np.array([[scale, 0, x - scale * faces.WIDTH / 2], [0, scale, y - scale * faces.HEIGHT / 2]])
    left, top = int(max(0, place[0, 2])), int(max(0, place[1, 2]))
    right = min(canvas.shape[1], math.ceil(place[0, 2] + scale * faces.WIDTH))
    bottom = min(canvas.shape[0], math.ceil(place[1, 2] + scale * faces.HEIGHT))
    place[:, 2] -= (left, top)
    size = (right - left, bottom - top)
    pixels = cv2.warpAffine(cutout.pixels, place, size).astype(np.float32)
    opacity = cv2.warpAffine(cutout.opacity, place, size)[:, :, None]
    part = canvas[top:bottom, left:right]
    part += opacity * (pixels - part)
