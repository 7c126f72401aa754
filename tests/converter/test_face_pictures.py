"""Whose pictures are used for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.face_pictures import FacePicture, find_strangers, find_students, split_strangers, split_students
from edge.errors import PictureError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.fixture
def school(tmp_path: Path) -> Path:
    touch(tmp_path, *(f"{student}/{i}.jpg" for student in ("s-001", "s-002") for i in range(10)), "s-001/notes.txt")
    return tmp_path


def test_every_student_is_on_every_side_and_no_picture_on_two(school: Path) -> None:
    pictures = find_students(school)
    split = split_students(pictures, 0.2, seed=1)
    sides = (split.training, split.validation, split.test)
    assert [len(side) for side in sides] == [12, 4, 4]
    assert all({picture.person for picture in side} == {"s-001", "s-002"} for side in sides)
    assert sorted(p.path for side in sides for p in side) == sorted(p.path for p in pictures)


def test_what_belongs_together_stays_together(school: Path) -> None:
    rows = [f"{i},{student},day-{i // 2}" for student in ("s-001", "s-002") for i in range(10)]
    (school / "manifest.csv").write_text("name,label,group\n" + "\n".join(rows) + "\n")
    split = split_students(find_students(school), 0.2, seed=1)
    groups = [{(p.person, p.group) for p in side} for side in (split.training, split.validation, split.test)]
    assert not groups[0] & groups[1]
    assert not groups[1] & groups[2]
    assert not groups[0] & groups[2]
    assert len(split.test) == 4


def test_three_pictures_are_enough_to_have_one_for_each_purpose(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{student}/{i}.png" for student in ("a", "b") for i in range(3)))
    split = split_students(find_students(tmp_path), 0.4, seed=1)
    assert [len(side) for side in (split.training, split.validation, split.test)] == [2, 2, 2]


def test_a_stranger_that_was_trained_on_is_not_measured_on(tmp_path: Path) -> None:
    touch(tmp_path, *(f"person-{i}/{j}.jpg" for i in range(8) for j in range(3)), "loose-1.jpg", "loose-2.jpg")
    pictures = find_strangers(tmp_path)
    assert len(pictures) == 26
    split = split_strangers(pictures, seed=1)
    people = [{p.person for p in side} for side in (split.training, split.validation, split.test)]
    assert [len(side) for side in people] == [2, 4, 4]
    assert len(set.union(*people)) == 10


def test_the_folder_of_unknown_people_is_no_student(school: Path) -> None:
    touch(school, "unknown/somebody.jpg")
    assert {picture.person for picture in find_students(school)} == {"s-001", "s-002"}


def test_the_same_seed_gives_the_same_split(school: Path) -> None:
    pictures: tuple[FacePicture, ...] = find_students(school)
    assert split_students(pictures, 0.2, 3) == split_students(pictures, 0.2, 3)
    assert split_students(pictures, 0.2, 3) != split_students(pictures, 0.2, 4)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (["Anna Smith/1.jpg"], "Anna Smith: is no student ID: a-z, 0-9 and '-'"),
        (["s-001/1.jpg", "s-001/2.jpg"], "s-001: 2 pictures in 2 groups; a student needs 3 or more"),
        (["s-001/1.jpg", "s-001/2.jpg", "s-001/3.jpg"], "1 folders of students there; a classifier needs two"),
        (["1.jpg"], "0 folders of students there"),
        (["s-001/notes.txt"], "s-001: 0 pictures"),
    ],
)
def test_what_cannot_be_trained_on_is_named(tmp_path: Path, files: list[str], complaint: str) -> None:
    touch(tmp_path, *files)
    with pytest.raises(PictureError, match=complaint):
        find_students(tmp_path)


def test_too_few_strangers_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "one/1.jpg", "one/2.jpg", "two.jpg")
    with pytest.raises(PictureError, match="pictures of 2 people there; give 3 or more"):
        find_strangers(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="nowhere: no such folder"):
        find_students(tmp_path / "nowhere")
