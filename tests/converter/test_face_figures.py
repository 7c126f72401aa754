from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.evaluate_faces import FaceSet, cross_scores, verification
from converter.face_figures import Pair, best_threshold, fold_accuracy, read_aliases, read_pairs, tar_at_far
from converter.intervals import bootstrap, wilson
from edge.embedder import unit
from edge.errors import PictureError


def test_the_best_threshold_lies_between_the_two_kinds() -> None:
    similarity = np.array([0.1, 0.2, 0.6, 0.9])
    assert best_threshold(similarity, np.array([False, False, True, True])) == pytest.approx(0.4)


def test_a_threshold_is_found_when_all_pairs_are_of_one_kind() -> None:
    similarity = np.array([0.1, 0.2])
    assert best_threshold(similarity, np.array([True, True])) < 0.1
    assert best_threshold(similarity, np.array([False, False])) > 0.2


def test_a_face_that_was_not_found_is_never_the_same_person() -> None:
    similarity = np.array([-np.inf, -np.inf, 0.2])
    threshold = best_threshold(similarity, np.array([True, True, False]))
    assert (similarity >= threshold).tolist() == [False, False, False]


def test_a_fold_is_decided_by_the_threshold_of_the_others() -> None:
    # On folds a and b 0.5 separates; fold c alone would be separated by 0.9.
    similarity = np.array([0.4, 0.6, 0.3, 0.7, 0.8, 0.95])
    same = np.array([False, True, False, True, False, True])
    right, thresholds = fold_accuracy(similarity, same, np.array(["a", "a", "b", "b", "c", "c"]))
    assert right.tolist() == [True, True, True, True, False, True]
    assert thresholds["c"] == pytest.approx(0.5)


def test_tar_accepts_no_more_impostors_than_asked() -> None:
    impostor = np.linspace(0, 0.5, 1001)
    genuine = np.array([0.2, 0.4996, 0.6, 0.7])
    tar, threshold = tar_at_far(genuine, impostor, 0.001)
    assert (impostor >= threshold).mean() <= 0.001
    assert tar == pytest.approx(0.75)  # 0.4996 lies above all impostors but the one that may pass


def test_tar_at_a_far_finer_than_the_pairs_admits_no_impostor() -> None:
    impostor = np.array([0.1, 0.5])
    _, threshold = tar_at_far(np.array([0.9]), impostor, 0.0001)
    assert threshold > 0.5


class Scored(FaceSet):
    """A set whose embeddings are given."""

    def __init__(self, embeddings: dict[str, np.ndarray], undetected: list[str]) -> None:
        self._folder = Path("people")
        self.embeddings, self.undetected, self.unreadable = embeddings, undetected, []


def people() -> Scored:
    base = {name: unit(np.eye(8, dtype=np.float32)[i]) for i, name in enumerate(("ann", "bob", "cy", "cye"))}
    embeddings = {f"{name}/{i}.jpg": vector for name, vector in base.items() for i in (1, 2)}
    embeddings["cye/1.jpg"] = embeddings["cye/2.jpg"] = base["cy"]  # cy and cye are one person, spelt twice
    return Scored(embeddings, ["bob/3.jpg"])


def test_pairs_of_two_spellings_count_as_neither() -> None:
    genuine, impostor = cross_scores(people(), [frozenset({"cy", "cye"})])
    assert impostor.max() == 0
    assert len(impostor) == 4 * 5  # ann-bob, ann-cy, ann-cye, bob-cy, bob-cye
    assert np.isfinite(genuine).sum() == 4


def test_without_the_alias_list_they_are_impostors() -> None:
    _, impostor = cross_scores(people(), [])
    assert impostor.max() == pytest.approx(1)


def test_a_face_that_was_not_found_counts_against_the_tar() -> None:
    genuine, _ = cross_scores(people(), [])
    assert np.isneginf(genuine).sum() == 2  # bob/3 with bob/1 and bob/2


def test_one_person_alone_gives_no_figures() -> None:
    alone = Scored({"ann/1.jpg": unit(np.eye(8, dtype=np.float32)[0])}, [])
    with pytest.raises(PictureError, match="those of two people at least"):
        cross_scores(alone, [])


def test_verification_reports_what_its_json_promises() -> None:
    pairs = [
        Pair("1", True, "ann/1.jpg", "ann/2.jpg"),
        Pair("1", False, "ann/1.jpg", "bob/1.jpg"),
        Pair("2", True, "bob/1.jpg", "bob/3.jpg"),  # not found: a miss
        Pair("2", False, "bob/1.jpg", "cy/1.jpg"),
    ]
    figures = verification(people(), pairs, [frozenset({"cy", "cye"})])
    assert figures["count"] == 4
    assert figures["accuracy"] == 0.75
    assert set(figures["tar"]) == {"0.01", "0.001", "0.0001"}
    assert figures["tar"]["0.001"] == pytest.approx(4 / 6)


def test_without_a_list_of_pairs_all_pairs_of_people_give_the_thresholds() -> None:
    figures = verification(people(), [], [frozenset({"cy", "cye"})])
    assert "accuracy" not in figures
    assert figures["tar"]["0.001"] == pytest.approx(4 / 6)
    assert set(figures["threshold_at_far"]) == set(figures["tar"])


def test_a_pair_that_names_a_missing_picture_is_an_error() -> None:
    pairs = [Pair("1", True, "ann/1.jpg", "ann/9.jpg")]
    with pytest.raises(PictureError, match=r"ann/9\.jpg: listed among the pairs"):
        verification(people(), pairs, [])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("fold,a,b\n", ":1: has no column same"),
        ("fold,same,a,b\n1,yes,x,y\n", ":2: same must be 0 or 1"),
        ("fold,same,a,b\n1,1,x,y\n", "at least two folds"),
        ("", "has no column"),
    ],
)
def test_a_wrong_list_of_pairs_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(PictureError, match=complaint):
        read_pairs(path)


def test_aliases_are_read_without_comments(tmp_path: Path) -> None:
    path = tmp_path / "aliases.txt"
    path.write_text("# spelt twice\nAnn_A Anne_A  # same person\n\n")
    assert read_aliases(path) == [frozenset({"Ann_A", "Anne_A"})]


def test_the_wilson_interval_is_the_known_one() -> None:
    low, high = wilson(9, 10)  # Wilson 1927: 0.5958..0.9821
    assert (low, high) == (pytest.approx(0.5958, abs=1e-4), pytest.approx(0.9821, abs=1e-4))
    assert wilson(10, 10)[1] == pytest.approx(1)
    assert wilson(0, 0) == (0, 1)


def test_the_bootstrap_covers_the_mean_and_repeats() -> None:
    values = np.random.default_rng(0).normal(5, 1, 400)
    interval = bootstrap(lambda chosen: float(values[chosen].mean()), 400)
    assert interval[0] < 5 < interval[1]
    assert interval[1] - interval[0] == pytest.approx(4 / 20, rel=0.15)
    assert interval == bootstrap(lambda chosen: float(values[chosen].mean()), 400)
