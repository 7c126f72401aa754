"""What the bench looks at: the demo's clip, and classrooms of any number of people composed from its portraits."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.clip import Clip
from edge.camera.view import View
from edge.camera_values import WHOLE
from edge.config import CameraSettings
from edge.demo import cutouts
from edge.demo.make_clip import BACK_ROW, FRAMES_PER_SECOND, FRONT_ROW
from edge.pictures import read_picture
from edge.records import Frame

FACE_HEIGHT, FACE_WIDTH = 0.1, 1 / 13
"""Height of a face: of the frame's height, and of its width at most. 72 pixels at 1280 x 720."""
IN_A_ROW = 10
HALF_WIDTH, HALF_HEIGHT, SOFT_EDGE = 0.72, 0.92, 0.12
"""The ellipse that is cut out of a portrait, in face heights, and its blurred edge as a share of its radius."""
SWAY, SWAY_SECONDS = 0.15, 4.0
"""How far people move their heads, in face heights, and how long it takes them."""

_DEMO = Path(cutouts.__file__).resolve().parent
_PORTRAITS = (cutouts.TALKING, cutouts.FOLDED_ARMS, cutouts.STANDING, cutouts.ADMIRAL)
"""Not the PNG: libpng would complain of its colour profile between the lines of the table."""

Seat = tuple[float, float]
"""x, y of the middle of a face, pixels."""


@dataclass(frozen=True, eq=False)
class Room:
    """What is looked at."""

    name: str
    faces: int
    """How many it shows."""
    seats: tuple[Seat, ...]
    """Where; in the clip one is empty for some moments."""
    frames: Iterator[Frame]
    step: float
    """Seconds between two frames."""


def clip(camera: CameraSettings) -> Room:
    """The demo's clip, once."""
    source = Clip(replace(_whole(camera), source=str(_DEMO / "classroom.mp4"), loop=False), realtime=False)
    seats = {(float(pupil.x), pupil.y + pupil.face / 2) for pupil in (*BACK_ROW, *FRONT_ROW)}
    return Room("clip", len(seats), tuple(sorted(seats)), _played(source), 1 / FRAMES_PER_SECOND)


def _played(source: Clip) -> Iterator[Frame]:
    with source:
        yield from source.frames(threading.Event())


def composed(camera: CameraSettings, faces: int, seconds: float) -> Room:
    """A room of the camera's frame size in which so many people sit at desks and move their heads."""
    seats = seats_of(faces, camera.width, camera.height)
    step = 1 / camera.frames_per_second
    return Room(f"{faces} face{'' if faces == 1 else 's'}", faces, seats, _composed(camera, seats, seconds, step), step)


def seats_of(faces: int, width: int, height: int) -> tuple[Seat, ...]:
    """Rows of at most `IN_A_ROW` people, evenly over a frame of width x height."""
    rows = math.ceil(faces / IN_A_ROW)
    columns = math.ceil(faces / rows) if rows else 0
    places = ((number // columns, number % columns) for number in range(faces))
    return tuple(((column + 0.5) * width / columns, (row + 0.5) * height / rows) for row, column in places)


def face_height(width: int, height: int) -> float:
    """Of every face in a composed frame of width x height, pixels."""
    return min(FACE_HEIGHT * height, FACE_WIDTH * width)


def _composed(camera: CameraSettings, seats: tuple[Seat, ...], seconds: float, step: float) -> Iterator[Frame]:
    size = face_height(camera.width, camera.height)
    people = [_person(number, size) for number in range(min(len(seats), 2 * len(_PORTRAITS)))]
    wall = _wall(camera.width, camera.height)
    view = View(_whole(camera))
    for number in range(round(seconds / step)):
        picture = wall.copy()
        for place, (x, y) in enumerate(seats):
            swing = 2 * math.pi * number * step / SWAY_SECONDS + place
            centre = (x + SWAY * size * math.sin(swing), y + 0.5 * SWAY * size * math.cos(swing))
            _paste(picture, people[place % len(people)], centre)
        yield view.frame(picture, number, number * step)


def _whole(camera: CameraSettings) -> CameraSettings:
    """The camera's settings without those that say how it hangs in its own room."""
    return replace(camera, rotation=0, region=WHOLE, masks=())


def _person(number: int, size: float) -> NDArray[np.float32]:
    """(h, w, 4): head of a portrait, every other round mirrored; blue, green, red times the opacity, and that, 0..1."""
    portrait = _PORTRAITS[number % len(_PORTRAITS)]
    picture = read_picture(_DEMO / "portraits" / portrait.file)[..., ::-1]
    left, top, width, height = portrait.face
    x, y = left + width / 2, top + height / 2
    part = picture[
        round(y - HALF_HEIGHT * height) : round(y + HALF_HEIGHT * height),
        round(x - HALF_WIDTH * height) : round(x + HALF_WIDTH * height),
    ]
    half = (round(HALF_WIDTH * size), round(HALF_HEIGHT * size))
    head = cv2.resize(part, (2 * half[0], 2 * half[1]), interpolation=cv2.INTER_AREA)
    rows, columns = np.mgrid[0 : 2 * half[1], 0 : 2 * half[0]].astype(np.float32)
    radius = np.hypot((columns - half[0]) / half[0], (rows - half[1]) / half[1])
    opacity = np.clip((1 - radius) / SOFT_EDGE, 0, 1)[..., None]
    person: NDArray[np.float32] = np.concatenate([head * opacity, opacity], axis=2).astype(np.float32)
    return person[:, ::-1] if number // len(_PORTRAITS) % 2 else person


def _wall(width: int, height: int) -> NDArray[np.uint8]:
    """A mottled wall, always the same one, (height, width, 3) BGR."""
    random = np.random.default_rng(0)
    coarse = random.integers(90, 190, (9, 16, 1), dtype=np.uint8).repeat(3, axis=2)
    wall = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = random.integers(-6, 7, (height, width, 1), dtype=np.int8)
    return np.clip(wall.astype(np.int16) + grain, 0, 255).astype(np.uint8)


def _paste(picture: NDArray[np.uint8], person: NDArray[np.float32], centre: Seat) -> None:
    """Put a person into picture with the middle of the face at centre; what lies outside is cut off."""
    height, width = person.shape[:2]
    left, top = round(centre[0] - width / 2), round(centre[1] - height / 2)
    x1, y1 = max(0, left), max(0, top)
    x2, y2 = min(picture.shape[1], left + width), min(picture.shape[0], top + height)
    layer = person[y1 - top : y2 - top, x1 - left : x2 - left]
    part = picture[y1:y2, x1:x2]
    part[:] = part * (1 - layer[..., 3:]) + layer[..., :3]
