"""A seeded classroom in motion: people at desks and walking by, light that changes, hands before faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.records import Box, Frame
from tests.classrooms.people import Cutout

WIDTH, HEIGHT = 1280, 720
ROWS = ((150, 62), (370, 76), (600, 92))
"""Each row of desks: y of the faces, and the mean height of a face, both in pixels."""
COLUMNS = 10
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NOISE = 4.0
"""Standard deviation of the sensor's noise, in grey levels."""


@dataclass(frozen=True, eq=False)
class Actor:
    """One person's appearance in a clip. Times are seconds of the clip, places pixels of the frame."""

    person: str
    student_id: str | None
    """None: not enrolled."""
    cutout: Cutout
    size: float
    """Height of the face."""
    start: tuple[float, float]
    velocity: tuple[float, float]
    sway: tuple[float, float, float]
    """How far the head moves sideways and up, in face heights, and seconds of one swing."""
    phase: float
    roll: float
    """Largest tilt of the head, degrees."""
    begins: float
    ends: float
    hidden: tuple[float, float]
    """From when to when something is held before the face."""

    def centre(self, time: float) -> tuple[float, float]:
        swing = 2 * np.pi * time / self.sway[2] + self.phase
        since = time - self.begins
        return (
            self.start[0] + self.velocity[0] * since + self.size * self.sway[0] * float(np.sin(swing)),
            self.start[1] + self.velocity[1] * since + self.size * self.sway[1] * float(np.sin(1.7 * swing)),
        )


@dataclass(frozen=True)
class Seen:
    """Where one person truly is in a frame."""

    person: str
    student_id: str | None
    box: Box
    """Of the face, as large as the detector would draw it."""
    clear: bool
    """Whole, and with nothing before it."""


@dataclass(frozen=True, eq=False)
class Light:
    """How bright the room is: a slow wave, and one switch turned."""

    depth: float
    seconds: float
    switched_at: float
    switched_to: float

    def gain(self, time: float) -> float:
        wave = 1 + self.depth * float(np.sin(2 * np.pi * time / self.seconds))
        return wave * (self.switched_to if time >= self.switched_at else 1.0)


class Scene:
    """A clip that is drawn while it is watched."""

    def __init__(self, actors: list[Actor], light: Light, seconds: float, frames_per_second: float, seed: int) -> None:
        """actors: from the back to the front."""
        self.actors = actors
        self.frames_per_second = frames_per_second
        self._light = light
        self._count = round(seconds * frames_per_second)
        random = np.random.default_rng(seed)
        self._wall = _wall(random)
        self._noise = random.normal(0, NOISE, (HEIGHT + 64, WIDTH, 1)).astype(np.float32)

    def frames(self) -> Iterator[tuple[Frame, list[Seen]]]:
        """Each frame with the truth about it."""
        for number in range(self._count):
            time = number / self.frames_per_second
            canvas = self._wall.copy()
            seen: list[Seen] = []
            for actor in self.actors:
                if actor.begins <= time < actor.ends:
                    box = _draw(canvas, actor, time)
                    seen = [_covered(other, box) for other in seen]
                    seen.append(Seen(actor.person, actor.student_id, box, _inside(box)))
                    if actor.hidden[0] <= time < actor.hidden[1]:
                        _hide(canvas, box)
                        seen[-1] = Seen(actor.person, actor.student_id, box, False)
            shift = 7 * number % 64
            lit = canvas * self._light.gain(time) + self._noise[shift : shift + HEIGHT]
            image = np.clip(lit, 0, 255).astype(np.uint8)
            yield Frame(image, EPOCH + timedelta(seconds=time), time, number), seen


def _wall(random: np.random.Generator) -> NDArray[np.float32]:
    """A room without people: a mottled wall and rows of desks."""
    coarse = random.uniform(90, 190, (9, 16, 1)).astype(np.float32)
    wall = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[:, :, None] * np.ones(3, np.float32)
    for y, size in ROWS:
        wall[round(y + size) : round(y + 1.4 * size)] *= random.uniform(0.5, 0.8)
    return wall


def _draw(canvas: NDArray[np.float32], actor: Actor, time: float) -> Box:
    """Put the actor on canvas. Returns where the face is."""
    cutout = actor.cutout
    x, y = actor.centre(time)
    face_x, face_y = cutout.face.centre
    scale = actor.size / cutout.face.height
    angle = actor.roll * float(np.sin(2 * np.pi * time / (1.3 * actor.sway[2]) + actor.phase))
    matrix = cv2.getRotationMatrix2D((face_x, face_y), angle, scale)
    reach = actor.size * 1.2
    left, top = max(0, round(x - reach)), max(0, round(y - reach))
    right, bottom = min(WIDTH, round(x + reach)), min(HEIGHT, round(y + reach))
    box = Box(
        x - cutout.face.width * scale / 2, y - actor.size / 2, x + cutout.face.width * scale / 2, y + actor.size / 2
    )
    if right <= left or bottom <= top:
        return box
    matrix[0, 2] += x - face_x - left
    matrix[1, 2] += y - face_y - top
    size = (right - left, bottom - top)
    # Faces of these pictures are about 110 px high, so none is reduced by two, where bilinear sampling skips pixels.
    pixels = cv2.warpAffine(cutout.pixels, matrix, size).astype(np.float32)
    opacity = cv2.warpAffine(cutout.opacity, matrix, size)[:, :, None]
    part = canvas[top:bottom, left:right]
    part += opacity * (pixels - part)
    return box


def _hide(canvas: NDArray[np.float32], box: Box) -> None:
    """A book before the face."""
    top, bottom = max(0, round(box.y1 - 4)), max(0, round(box.y2 + 4))
    canvas[top:bottom, max(0, round(box.x1 - 4)) : max(0, round(box.x2 + 4))] = (96, 70, 60)


def _inside(box: Box) -> bool:
    return box.x1 >= 0 and box.y1 >= 0 and box.x2 <= WIDTH and box.y2 <= HEIGHT


def _covered(seen: Seen, nearer: Box) -> Seen:
    """seen, after somebody nearer was drawn: the head around `nearer` covers more than the face."""
    head = Box(
        nearer.x1 - nearer.width / 3,
        nearer.y1 - nearer.height / 3,
        nearer.x2 + nearer.width / 3,
        nearer.y2 + nearer.height / 3,
    )
    if not seen.clear or head.iou(seen.box) == 0:
        return seen
    return Seen(seen.person, seen.student_id, seen.box, False)
