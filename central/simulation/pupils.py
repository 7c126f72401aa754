"""How a simulated student behaves. Nothing of it was observed: it shall look alive, and prove nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass

from edge.records import LABELS

PREFIX = "simulated-"
"""What the ID of every simulated classroom and student begins with, so that nobody takes them for real ones."""

_USUAL = {"angry": 0.03, "happy": 0.22, "neutral": 0.58, "sad": 0.07, "tired": 0.10}
_STAYS = 0.82
"""Of the labels in a row, the part that is the same as the one before."""
_UNREADABLE = 0.15
"""Of the intervals in view, those without an observation: turned away, or too unsure."""
_LEAVES, _RETURNS = 0.01, 0.15
"""Of the intervals in the room, and out of it, those at whose end that changes."""
_SLUMP = 13.5
"""The hour after which everybody is most tired."""
_FIRST = ("Ada", "Amir", "Ben", "Chloe", "Dario", "Elif", "Emil", "Farah", "Greta", "Hugo", "Ines", "Jonas", "Kira",
          "Leo", "Mila", "Noah", "Olga", "Paul", "Rosa", "Samir", "Tara", "Uma", "Victor", "Yara", "Zoe")  # fmt: skip
_LAST = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Holly", "Ivy", "Juniper", "Larch", "Maple", "Oak", "Pine",
         "Poplar", "Rowan", "Willow", "Yew")  # fmt: skip


@dataclass(frozen=True)
class Seat:
    """Where a simulated student belongs."""

    classroom: str
    student_id: str
    name: str
    """Made of given names and trees."""


def seats(classrooms: int, students: int) -> list[Seat]:
    """So many students in each of so many classrooms, the same ones every time."""
    found = []
    for room in range(1, classrooms + 1):
        names = random.Random(f"names of {room}")
        for number in range(1, students + 1):
            name = f"{names.choice(_FIRST)} {names.choice(_LAST)}"
            found.append(Seat(f"{PREFIX}{room:02d}", f"{PREFIX}{room:02d}-{number:02d}", name))
    return found


class Pupil:
    """One student from interval to interval."""

    def __init__(self, student_id: str, seed: int) -> None:
        """seed: the same one makes the same student."""
        self._random = random.Random(f"{seed} {student_id}")
        self._temper = {label: share * self._random.lognormvariate(0, 0.5) for label, share in _USUAL.items()}
        self._label = self._draw(12.0)
        self._here = self._random.random() < 0.95

    def observe(self, hour: float) -> str | None:
        """The label of the next interval; None: not in the room, or not readable. hour: of the day, 0..24."""
        if self._random.random() < (_LEAVES if self._here else _RETURNS):
            self._here = not self._here
        if self._random.random() > _STAYS:
            self._label = self._draw(hour)
        if not self._here or self._random.random() < _UNREADABLE:
            return None
        return self._label

    def _draw(self, hour: float) -> str:
        slump = max(0.0, 1.0 - abs(hour - _SLUMP) / 2)
        weights = self._temper | {"tired": self._temper["tired"] * (1 + 2 * slump)}
        return self._random.choices(LABELS, [weights[label] for label in LABELS])[0]
