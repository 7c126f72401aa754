"""Labelled pictures of people for a classifier of faces: whose they are, and on which side of a split they fall.

    DIR/s-042/*.jpg ...          a folder for each student, called by the student's ID
    DIR/unknown/...              other people: a folder for each, or single pictures
    DIR/manifest.csv             columns name, label and group, where pictures belong together

`group` is what must not be torn apart: the pictures of one day or one clip are so alike that figures on half of
them would flatter a model that was trained on the other half.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.emotion_data import read_manifest
from edge.errors import PictureError
from edge.pictures import SUFFIXES
from edge.wire import ID_PATTERN

UNKNOWN = "(unknown)"
"""The label of everybody who is no student; it can be nobody's ID."""
UNKNOWN_FOLDER = "unknown"
FEWEST = 3
"""Pictures, or groups of them, of a student, and strangers: one to train on, one to stop by, one to measure."""


@dataclass(frozen=True)
class FacePicture:
    """One picture of one person."""

    path: Path
    person: str
    """Student ID, or who a stranger is told apart by."""
    group: str
    """Pictures of one person and group stay together."""


@dataclass(frozen=True)
class Split:
    """Pictures by what they are for; nobody's group is in two of them."""

    training: tuple[FacePicture, ...]
    validation: tuple[FacePicture, ...]
    """To stop by, and to choose the threshold on."""
    test: tuple[FacePicture, ...]
    """For the figures, and nothing else."""


def find_students(folder: Path) -> tuple[FacePicture, ...]:
    """The pictures in the folders of students below `folder`, in a fixed order.

    Raises PictureError when there are fewer than two students, a folder's name is no student ID, or
    a student has too few pictures to split.
    """
    manifest = folder / "manifest.csv"
    described = read_manifest(manifest) if manifest.is_file() else {}
    found: list[FacePicture] = []
    students = [path for path in _folders(folder) if path.name != UNKNOWN_FOLDER]
    for student in students:
        if not re.fullmatch(ID_PATTERN, student.name):
            raise PictureError(
                f"{student}: is no student ID: a-z, 0-9 and '-', at most 63; call the folder as the student is enrolled"
            )
        pictures = []
        for path in _pictures(student):
            row = described.get((student.name, path.stem), {})
            pictures.append(FacePicture(path, student.name, row.get("group") or path.name))
        groups = len({picture.group for picture in pictures})
        if groups < FEWEST:
            raise PictureError(
                f"{student}: {len(pictures)} pictures in {groups} groups; a student needs {FEWEST} or more, "
                "better 10, taken on several days"
            )
        found.extend(pictures)
    if len(students) < 2:
        raise PictureError(f"{folder}: {len(students)} folders of students there; a classifier needs two or more")
    return tuple(found)


def find_strangers(folder: Path) -> tuple[FacePicture, ...]:
    """The pictures of other people in `folder`: each one somebody else, but for those that share a folder."""
    loose = [FacePicture(path, path.name, path.name) for path in _pictures(folder)]
    people = [FacePicture(path, f"{person.name}/", "") for person in _folders(folder) for path in _pictures(person)]
    found = (*loose, *people)
    count = len({picture.person for picture in found})
    if count < FEWEST:
        raise PictureError(
            f"{folder}: pictures of {count} people there; give {FEWEST} or more who are no students, better a thousand"
        )
    return found


def split_students(pictures: Sequence[FacePicture], share: float, seed: int) -> Split:
    """About `share` of each student's pictures for validation, as many for the test, and at least one group each."""
    by_student: dict[str, dict[str, list[FacePicture]]] = defaultdict(lambda: defaultdict(list))
    for picture in pictures:
        by_student[picture.person][picture.group].append(picture)
    sides: tuple[list[FacePicture], ...] = ([], [], [])
    for place, student in enumerate(sorted(by_student)):
        groups = list(by_student[student].values())
        order = np.random.default_rng([seed, place]).permutation(len(groups))
        held = max(1, min(round(share * len(groups)), (len(groups) - 1) // 2))
        for rank, index in enumerate(order):
            side = 1 if rank < held else 2 if rank < 2 * held else 0
            sides[side].extend(groups[index])
    return Split(*(tuple(side) for side in sides))


def split_strangers(pictures: Sequence[FacePicture], seed: int) -> Split:
    """A third of the people for each purpose: whoever was trained on is no stranger any more."""
    people = sorted({picture.person for picture in pictures})
    order = np.random.default_rng(seed).permutation(len(people))
    third = math.ceil(len(people) / 3)
    side_of = {people[index]: min(2, rank // third) for rank, index in enumerate(order)}
    # The last third is the smallest: training can do without one more stranger, the figures cannot.
    sides = [tuple(p for p in pictures if side_of[p.person] == side) for side in (2, 1, 0)]
    return Split(*sides)


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PictureError(f"{folder}: no such folder")
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PictureError(f"{folder}: no such folder")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
