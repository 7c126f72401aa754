"""Identification figures of embeddings that are chosen so that the right answer can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from converter.evaluate_faces import FaceSet, smallest_face
from converter.identification import Answers, Draw, answers, drawn, figures, pictures_by_person
from converter.intervals import wilson
from edge.embedder import Embedding
from edge.errors import PictureError

ANN, BOB = np.eye(3, dtype=np.float32)[:2]


def looking(like_ann: float, like_bob: float) -> Embedding:
    """A unit vector of these cosines to Ann and Bob."""
    return np.array([like_ann, like_bob, np.sqrt(1 - like_ann**2 - like_bob**2)], np.float32)


class Given(FaceSet):
    """Pictures whose embeddings are given; None: no face was found."""

    def __init__(self, embeddings: Mapping[str, Embedding | None]) -> None:
        self.embeddings = {name: each for name, each in embeddings.items() if each is not None}
        self.undetected = [name for name, each in embeddings.items() if each is None]
        self.unreadable = []


SCENE = {
    "ann/1": ANN,
    "bob/1": BOB,
    "ann/clear": looking(0.8, 0.0),
    "ann/like-bob-too": looking(0.6, 0.58),
    "ann/no-face": None,
    "bob/like-ann": looking(0.7, 0.1),
    "bob/poor": looking(0.0, 0.45),
    "cy/like-ann": looking(0.52, 0.0),
    "cy/unlike": looking(0.3, 0.0),
    "dee/unlike": looking(0.0, 0.1),
    "dee/no-face": None,
}
DRAW = Draw(
    enrolled={"ann": ["ann/1"], "bob": ["bob/1"]},
    probes={"ann": ["ann/clear", "ann/like-bob-too", "ann/no-face"], "bob": ["bob/like-ann", "bob/poor"]},
    strangers={"cy": ["cy/like-ann", "cy/unlike"], "dee": ["dee/unlike", "dee/no-face"]},
)


def test_every_figure_is_the_one_worked_out_by_hand() -> None:
    scene = Given(SCENE)
    found = figures(answers([DRAW], scene, scene), threshold=0.5)
    assert (found["probes"], found["probes_without_face"], found["stranger_pictures"]) == (5, 1, 3)
    assert found["rank1"]["share"] == pytest.approx(3 / 5)  # clear, like-bob-too and poor
    shipped = found["shipped"]
    assert shipped["tpir"]["share"] == pytest.approx(1 / 5)  # clear; like-bob-too lacks the margin, poor the threshold
    assert shipped["misidentified"]["share"] == pytest.approx(1 / 5)  # like-ann
    assert shipped["fpir"]["share"] == pytest.approx(1 / 3)  # cy/like-ann


def test_the_threshold_for_a_false_positive_rate_lets_no_more_strangers_in() -> None:
    scene = Given(SCENE)
    at = figures(answers([DRAW], scene, scene), threshold=0.5)["at_fpir"]["0.01"]
    assert at["threshold"] == pytest.approx(0.52)
    assert (at["fpir"], at["tpir"]["share"]) == (0, pytest.approx(1 / 5))


def test_a_lower_threshold_names_the_poor_picture_too() -> None:
    scene = Given(SCENE)
    shipped = figures(answers([DRAW], scene, scene), threshold=0.4)["shipped"]
    assert shipped["tpir"]["share"] == pytest.approx(2 / 5)


def test_reduced_pictures_are_searched_for_among_those_enrolled_at_full_size() -> None:
    reduced = Given({**SCENE, "ann/1": BOB, "bob/1": ANN, "ann/clear": None})
    found = answers([DRAW], Given(SCENE), reduced)
    assert found.right.tolist() == [False, True, False, False, True]
    assert np.isneginf(found.scores).tolist() == [True, False, True, False, False]


def folders(**counts: int) -> dict[str, Embedding | None]:
    return {f"{name}/{number}": ANN for name, count in counts.items() for number in range(count)}


def test_a_draw_enrols_who_has_enough_pictures_and_searches_for_the_others() -> None:
    faces = Given({**folders(ann=6, bob=5, cy=4), "bob/0": None})
    draw = drawn(faces, pictures_by_person(faces, []), enrol=3, least=5, seed=0)
    assert {person: len(pictures) for person, pictures in draw.enrolled.items()} == {"ann": 3, "bob": 3}
    assert {person: len(pictures) for person, pictures in draw.probes.items()} == {"ann": 3, "bob": 2}
    assert not set(draw.enrolled["ann"]) & set(draw.probes["ann"])
    assert "bob/0" in draw.probes["bob"]  # nobody is enrolled from a picture without a face, but it counts
    assert list(draw.strangers) == ["cy"]


def test_a_seed_gives_the_same_draw_again_and_another_seed_another() -> None:
    faces = Given(folders(ann=9, bob=9, cy=1))
    people = pictures_by_person(faces, [])
    draws = [drawn(faces, people, 3, 5, seed).enrolled for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_two_spellings_are_one_person() -> None:
    faces = Given(folders(ann=5, bob=5, cy=1, hasan=3, hassan=2))
    people = pictures_by_person(faces, [frozenset({"hasan", "hassan"})])
    draw = drawn(faces, people, 3, 5, seed=0)
    assert len(people["hasan"]) == 5
    assert set(draw.enrolled) == {"ann", "bob", "hasan"}
    assert set(draw.strangers) == {"cy"}


@pytest.mark.parametrize(
    "counts",
    [
        {"ann": 5, "cy": 1},  # one to enrol
        {"ann": 5, "bob": 5},  # no stranger
    ],
)
def test_too_few_people_are_an_error(counts: dict[str, int]) -> None:
    faces = Given(folders(**counts))
    with pytest.raises(PictureError, match="needs two to enrol and a stranger at least"):
        drawn(faces, pictures_by_person(faces, []), 3, 5, seed=0)


def outcome(right: np.ndarray) -> Answers:
    """Ten pictures of each of ten people, named or not."""
    people = np.repeat(np.arange(10), 10)
    return Answers(1, right, np.where(right, 0.9, -1.0), people, np.zeros(10), np.arange(10))


def test_where_nothing_went_wrong_the_interval_has_a_width() -> None:
    rank1 = figures(outcome(np.ones(100, dtype=bool)), 0.5)["rank1"]
    assert rank1["share"] == 1
    assert rank1["interval"] == pytest.approx(wilson(100, 100))


def test_pictures_that_fail_together_widen_the_interval() -> None:
    together, apart = np.ones(100, dtype=bool), np.ones(100, dtype=bool)
    together[:10], apart[::10] = False, False
    intervals = [figures(outcome(each), 0.5)["rank1"]["interval"] for each in (together, apart)]
    assert intervals[0][0] < intervals[1][0] - 0.05
    assert intervals[1] == pytest.approx(wilson(90, 100))


def test_draws_are_told_apart_but_not_counted_as_more_pictures() -> None:
    one, scene = answers([DRAW], Given(SCENE), Given(SCENE)), Given(SCENE)
    three = answers([DRAW] * 3, scene, scene)
    assert figures(three, 0.5)["rank1"]["interval"] == pytest.approx(figures(one, 0.5)["rank1"]["interval"], abs=0.01)
    other = Draw(DRAW.enrolled, {**DRAW.probes, "ann": ["ann/clear"] * 3}, DRAW.strangers)
    low, high = figures(answers([DRAW, other], scene, scene), 0.5)["rank1"]["of_draws"]
    assert (low, high) == (pytest.approx(3 / 5), pytest.approx(4 / 5))


def test_smaller_faces_are_looked_for_below_their_size() -> None:
    assert [smallest_face(size, 40) for size in (None, 60, 30, 20, 12)] == [40, 40, 20, 13, 12]
