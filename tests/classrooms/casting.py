"""Who plays in a clip, where and how: everything that a seed decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from edge.embedder import Embedder, Embedding
from edge.gallery import Gallery, Student
from tests.classrooms.people import Cutout, People
from tests.classrooms.scene import COLUMNS, HEIGHT, ROWS, WIDTH, Actor, Light, Scene

ENROLLED, STRANGERS = 20, 10
"""People in a room who are enrolled, and who are not."""
ENROLMENT_PICTURES = 3
WALKERS = 4
"""People who cross the room, two in each direction, before those who sit."""
SMALLEST_FACE = 60
"""Pixels; what smaller faces lose is measured elsewhere, by size."""


@dataclass(frozen=True, eq=False)
class Room:
    """A scene, and the gallery of the students who belong there."""

    scene: Scene
    gallery: Gallery


class Casting:
    """Draws rooms from the people of a folder."""

    def __init__(self, people: People, embedder: Embedder, same_person: list[frozenset[str]]) -> None:
        """same_person: folders that show one person under several names; only the first of each is cast."""
        twice = {name for names in same_person for name in sorted(names)[1:]}
        self._people = people
        self._embedder = embedder
        self._enrollable = [n for n in people.with_pictures(ENROLMENT_PICTURES + 1) if n not in twice]
        self._others = [n for n in people.pictures if n not in twice]
        self._templates: dict[str, Student | None] = {}

    def room(self, seed: int, seconds: float, frames_per_second: float) -> Room:
        """The room of a seed: the same people, places and light every time."""
        random = np.random.default_rng(seed)
        students = [s for name in random.permutation(self._enrollable) if (s := self._student(str(name))) is not None]
        students = students[:ENROLLED]
        enrolled = {student.student_id for student in students}
        outsiders = [str(n) for n in random.permutation(self._others) if _student_id(str(n)) not in enrolled]
        names = [n for n in self._people.pictures if _student_id(n) in enrolled]
        cast = [(name, _student_id(name)) for name in random.permutation(names)]
        cast += [(name, None) for name in outsiders[:STRANGERS]]
        portraits = [
            (name, student_id, cutout)
            for name, student_id in cast
            if (cutout := self._portrait(str(name), student_id is not None, random)) is not None
        ]
        random.shuffle(portraits)  # type: ignore[arg-type]
        actors = _actors(portraits, random, seconds)
        light = Light(
            depth=random.uniform(0, 0.25),
            seconds=random.uniform(3, 9),
            switched_at=random.uniform(0.4, 0.8) * seconds,
            switched_to=float(random.choice([0.6, 1.0, 1.35])),
        )
        scene = Scene(actors, light, seconds, frames_per_second, seed)
        return Room(scene, Gallery("mobilefacenet", tuple(students)))

    def _student(self, name: str) -> Student | None:
        """Enrolled from the first pictures; None where a face cannot be found in enough of them."""
        if name not in self._templates:
            embeddings: list[Embedding] = []
            for path in self._people.pictures[name][:ENROLMENT_PICTURES]:
                found = self._people.face(path)
                if found is not None:
                    embeddings.append(self._embedder.embed(*found))
            self._templates[name] = (
                Student(_student_id(name), "composed", date(2026, 1, 1), None, np.stack(embeddings))
                if len(embeddings) == ENROLMENT_PICTURES
                else None
            )
        return self._templates[name]

    def _portrait(self, name: str, enrolled: bool, random: np.random.Generator) -> Cutout | None:
        """A picture of the person; never one that the person was enrolled from."""
        pictures = self._people.pictures[name][ENROLMENT_PICTURES if enrolled else 0 :]
        return self._people.cutout(pictures[int(random.integers(len(pictures)))])


def _student_id(name: str) -> str:
    return "s-" + "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower())


def _actors(
    portraits: list[tuple[str, str | None, Cutout]], random: np.random.Generator, seconds: float
) -> list[Actor]:
    """Some cross the room, the others sit; a few seats change hands. From the back to the front."""
    walkers, sitters = portraits[:WALKERS], portraits[WALKERS:]
    seats = [(row, column) for row in range(len(ROWS)) for column in range(COLUMNS)]
    chosen = sorted(int(i) for i in random.permutation(len(seats))[: len(sitters)])
    actors = []
    for (name, student_id, cutout), seat in zip(sitters, chosen, strict=False):
        row, column = seats[seat]
        y, size = ROWS[row]
        pitch = WIDTH / COLUMNS
        begins, ends = (0.0, seconds) if random.random() < 0.6 else (random.uniform(0, seconds / 3), seconds)
        hidden_at = random.uniform(0, seconds) if random.random() < 0.2 else seconds
        actors.append(
            Actor(
                name,
                student_id,
                cutout,
                size=max(SMALLEST_FACE, size * random.uniform(0.95, 1.1)),
                start=(pitch * (column + 0.5), y + random.uniform(-15, 15)),
                velocity=(0.0, 0.0),
                sway=(random.uniform(0.05, 0.35), random.uniform(0, 0.06), random.uniform(3, 8)),
                phase=random.uniform(0, 6.28),
                roll=random.uniform(0, 10),
                begins=begins,
                ends=ends,
                hidden=(hidden_at, hidden_at + random.uniform(0.2, 1.2)),
            )
        )
    _change_hands(actors, random, seconds)
    for number, (name, student_id, cutout) in enumerate(walkers):
        size = random.uniform(95, 110)
        to_the_right = number % 2 == 0
        speed = random.uniform(100, 250)
        actors.append(
            Actor(
                name,
                student_id,
                cutout,
                size=size,
                start=(size if to_the_right else WIDTH - size, random.uniform(size, HEIGHT - size)),
                velocity=(speed if to_the_right else -speed, 0.0),
                sway=(0.0, random.uniform(0, 0.06), random.uniform(1, 2)),
                phase=0.0,
                roll=random.uniform(0, 5),
                begins=random.uniform(0, seconds / 3),
                ends=seconds,
                hidden=(seconds, seconds),
            )
        )
    return actors


def _change_hands(actors: list[Actor], random: np.random.Generator, seconds: float) -> None:
    """Two of those who sit make place for two others, who take the seat within a second."""
    for _ in range(2):
        if len(actors) < 2:
            return
        leaving, taking = (int(i) for i in random.permutation(len(actors))[:2])
        left_at = random.uniform(0.5, 0.7) * seconds
        seat = actors[leaving]
        if seat.ends < seconds or actors[taking].begins > 0.4 * seconds:
            continue
        actors[leaving] = replace(seat, ends=left_at)
        actors[taking] = replace(
            actors[taking], start=seat.start, size=seat.size, begins=left_at + random.uniform(0.4, 1.0)
        )
