"""Makes the demo's clip: `python -m edge.demo.make_clip [FILE]`.

Four people sit at their desks. Three are enrolled, from other pictures than these or from the same
pictures before they were moved, turned, mirrored and lit; the fourth is a stranger. The seat in
front on the left is left and taken again. Nothing here is random.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.demo import cutouts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Layer = NDArray[np.float32]

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_SECOND = 15
SECONDS = 12.0
"""All movement has a whole number of periods in this time, so that the clip can be played in a loop."""

_STEP_ASIDE = 0.8
"""Seconds to leave or to take a seat."""
_WOOD = (96, 138, 176)
"""Colours are blue, green, red."""


@dataclass(frozen=True)
class Pupil:
    """A person and the seat."""

    portrait: cutouts.Portrait
    x: int
    """Middle of the face, pixels."""
    y: int
    """Upper edge of the face box, pixels."""
    face: int
    """Height of the face box, pixels."""
    periods: tuple[int, int, int]
    """Of swaying sideways, nodding and leaning forward, in the whole clip."""
    mirrored: bool = False
    light: float = 1.0
    """Factor on the brightness."""
    present: tuple[float, float] | None = None
    """From when to when, seconds; None: all the time."""


BACK_ROW = (
    Pupil(cutouts.FOLDED_ARMS, 500, 180, 92, (3, 2, 1), mirrored=True, light=1.12),
    Pupil(cutouts.ADMIRAL, 1085, 174, 96, (2, 3, 1), light=0.95),
)
FRONT_ROW = (
    Pupil(cutouts.TALKING, 210, 290, 128, (1, 2, 1), present=(0.0, 6.0)),
    Pupil(cutouts.STANDING, 210, 290, 128, (1, 2, 1), present=(6.0, 12.0)),
    Pupil(cutouts.ASTRONAUT, 800, 284, 132, (2, 1, 1), mirrored=True, light=0.96),
)


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else Path(__file__).with_name("classroom.mp4")
    # MPEG-4 part 2: OpenCV's wheels write and read it on every machine, without a system codec.
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), FRAMES_PER_SECOND, (WIDTH, HEIGHT))
    if not writer.isOpened():
        sys.stderr.write(f"{target}: cannot be written as a clip\n")
        return 1
    scene = Scene(Path(__file__).with_name("portraits"))
    for index in range(round(SECONDS * FRAMES_PER_SECOND)):
        writer.write(scene.frame(index / FRAMES_PER_SECOND))
    writer.release()
    return 0


class Scene:
    """The classroom at any moment."""

    def __init__(self, portraits: Path) -> None:
        self._room = _room()
        self._rows = [
            ([(pupil, _prepared(pupil, portraits)) for pupil in row], _desks(row, top, depth))
            for row, top, depth in ((BACK_ROW, 345, 70), (FRONT_ROW, 520, 200))
        ]

    def frame(self, seconds: float) -> NDArray[np.uint8]:
        """(HEIGHT, WIDTH, 3) uint8 BGR."""
        picture = self._room.copy()
        for pupils, desks in self._rows:
            for pupil, layer in pupils:
                if pupil.present is None or pupil.present[0] <= seconds < pupil.present[1]:
                    _lay(picture, _seated(pupil, layer, seconds))
            _lay(picture, desks)
        return np.clip(picture * _light(seconds), 0, 255).astype(np.uint8)


def _prepared(pupil: Pupil, portraits: Path) -> Layer:
    """The cutout as it sits there: scaled, mirrored and lit."""
    cutout = cutouts.cut_out(pupil.portrait, portraits)
    if pupil.mirrored:
        cutout = cutout[:, ::-1]
    scale = pupil.face / cutouts.FACE
    cutout = cv2.resize(cutout, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    cutout[..., :3] *= pupil.light
    return cutout


def _seated(pupil: Pupil, layer: Layer, seconds: float) -> Layer:
    """The person in the whole frame at that moment."""
    sway, nod, lean = (math.sin(2 * math.pi * n * seconds / SECONDS + n) for n in pupil.periods)
    scale = 1 + 0.05 * lean
    aside = _aside(pupil.present, seconds) * (pupil.x + layer.shape[1] / 2)
    centre = (layer.shape[1] / 2, layer.shape[0])
    transform = cv2.getRotationMatrix2D(centre, 2.5 * sway, scale).astype(np.float64)
    top = pupil.y - cutouts.TOP * pupil.face / cutouts.FACE
    transform[:, 2] += (pupil.x - centre[0] + 0.12 * pupil.face * sway - aside, top + 0.04 * pupil.face * nod)
    return cv2.warpAffine(layer, transform, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(np.float32)


def _aside(present: tuple[float, float] | None, seconds: float) -> float:
    """How far a person has left the seat, 0..1."""
    if present is None:
        return 0.0
    missing = 1 - min(seconds - present[0], present[1] - seconds) / _STEP_ASIDE
    return 0.5 - 0.5 * math.cos(math.pi * max(0.0, missing))


def _light(seconds: float) -> Layer:
    """(1, WIDTH, 1) factors: a cloud passes over the window on the left."""
    cloud = 0.5 - 0.5 * math.cos(2 * math.pi * seconds / SECONDS)
    side = np.linspace(1.08 - 0.22 * cloud, 0.98 - 0.10 * cloud, WIDTH, dtype=np.float32)
    return side[None, :, None]


def _lay(picture: Layer, layer: Layer) -> None:
    """Put a layer with opacity over the picture, in place."""
    np.multiply(picture, 1 - layer[..., 3:], out=picture)
    np.add(picture, layer[..., :3], out=picture)


def _room() -> Layer:
    """The rear wall, out of focus: a window, a board with papers, a shelf, the floor."""
    room = np.empty((HEIGHT, WIDTH, 3), np.float32)
    room[:] = np.array([196, 212, 220]) * np.linspace(1.0, 0.86, HEIGHT)[:, None, None]
    room[440:] = np.array([118, 142, 160]) * np.linspace(1.0, 0.8, HEIGHT - 440)[:, None, None]
    cv2.rectangle(room, (0, 432), (WIDTH, 446), (206, 214, 218), -1)
    cv2.rectangle(room, (40, -10), (340, 250), (150, 160, 166), -1)
    for x in (52, 200):
        cv2.rectangle(room, (x, -10), (x + 128, 238), (246, 238, 226), -1)
    cv2.rectangle(room, (610, 20), (960, 210), (92, 128, 158), -1)
    papers = ((150, 190, 222), (214, 206, 170), (170, 214, 184), (188, 176, 220), (226, 226, 226))
    for index in range(10):
        x, y = 630 + 66 * (index % 5), 38 + 84 * (index // 5)
        cv2.rectangle(room, (x, y), (x + 50, y + 66), papers[(2 * index + index // 5) % 5], -1)
    cv2.rectangle(room, (1180, 60), (1290, 420), (104, 132, 154), -1)
    for index in range(24):
        x, y = 1188 + 16 * (index % 6), 72 + 86 * (index // 6)
        cv2.rectangle(room, (x, y + index % 3 * 6), (x + 12, y + 70), papers[index * 7 % 5], -1)
    return cv2.GaussianBlur(room, (0, 0), 5).astype(np.float32)


def _desks(row: tuple[Pupil, ...], top: int, depth: int) -> Layer:
    """The desks of a row; top and depth in pixels."""
    desks = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    for pupil in row:
        half, edge = round(pupil.face * 1.75), max(8, pupil.face // 10)
        left, right = pupil.x - half, pupil.x + half
        panel = tuple(0.72 * value for value in _WOOD)
        cv2.rectangle(desks, (left + edge, top), (right - edge, top + depth + edge), (*panel, 1.0), -1)
        cv2.rectangle(desks, (left, top), (right, top + 2 * edge), (*_WOOD, 1.0), -1)
        cv2.rectangle(desks, (left, top), (right, top + edge // 2), (*(1.12 * value for value in _WOOD), 1.0), -1)
        paper = np.array([(-0.5, 0.1), (0.35, 0.1), (0.45, 1.2), (-0.6, 1.2)]) * (pupil.face / 2, edge)
        cv2.fillPoly(desks, [np.add(paper, (pupil.x, top)).astype(np.int32)], (236, 240, 242, 1.0))
    return cv2.GaussianBlur(desks, (0, 0), 1.0).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
