"""Figures of two models on the same pictures, and the collapses that no bound excuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.compare import compare_embeddings, compare_labels
from converter.confusion import accuracy, confusion_matrix, macro_f1
from converter.evaluate_faces import FaceSet
from converter.face_figures import Pair
from edge.embedder import unit

CLASSES = ("angry", "happy", "sad")


def sure(predicted: np.ndarray) -> np.ndarray:
    """(N, 3) probabilities that name the labels in predicted."""
    return np.eye(3)[predicted] * 0.9 + 0.03


class Embedded(FaceSet):
    """A set whose embeddings are given."""

    def __init__(self, embeddings: dict[str, np.ndarray]) -> None:
        self._folder = Path("people")
        self.embeddings, self.undetected, self.unreadable = embeddings, [], []


def people(noise: float = 0.0, count: int = 20) -> Embedded:
    """Three pictures each of people who all look somewhat alike; noise moves each embedding a little."""
    random = np.random.default_rng(0)
    embeddings = {}
    for person in range(count):
        face = random.normal(size=64) + 3.0
        for picture in range(3):
            embeddings[f"p{person:02}/{picture}.jpg"] = unit((face + 0.3 * random.normal(size=64)).astype(np.float32))
    moved = np.random.default_rng(1)
    return Embedded(
        {name: unit((v + noise * moved.normal(size=64)).astype(np.float32)) for name, v in embeddings.items()}
    )


def test_agreement_is_not_accuracy() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    wrong_alike = np.array([1, 0, 1, 1, 2, 2])
    figures = compare_labels(labels, sure(wrong_alike), sure(wrong_alike), CLASSES)
    assert figures["agreement"] == 1
    assert figures["quantized"]["accuracy"] == pytest.approx(5 / 6)
    assert figures["failure"] == ""


def test_the_difference_is_paired() -> None:
    labels = np.arange(300) % 3
    reference = np.where(np.arange(300) < 60, (labels + 1) % 3, labels)  # 80% right
    quantized = reference.copy()
    quantized[297:] = (labels[297:] + 1) % 3  # and three more wrong
    figures = compare_labels(labels, sure(reference), sure(quantized), CLASSES)
    low, high = figures["difference"]["accuracy_interval"]
    assert figures["difference"]["accuracy"] == pytest.approx(-0.01)
    # Each model's own interval is nine points wide; that of the difference is not.
    assert -0.03 < low <= high <= 0
    assert figures["float"]["accuracy_interval"][1] - figures["float"]["accuracy_interval"][0] > 0.08


def test_a_model_that_answers_one_label_only_has_collapsed() -> None:
    labels = np.arange(60) % 3
    figures = compare_labels(labels, sure(labels), sure(np.full(60, 1)), CLASSES)
    assert "collapsed: it calls 100% of the pictures 'happy'" in figures["failure"]


def test_a_collapse_shows_on_pictures_of_mostly_one_label() -> None:
    labels = np.array([1] * 95 + [0, 0, 0, 2, 2])
    figures = compare_labels(labels, sure(labels), sure(np.full(100, 1)), CLASSES)
    assert figures["agreement"] == 0.95
    assert "and 100% of the 5 that the float model calls something else" in figures["failure"]


@pytest.mark.parametrize(
    ("reference", "quantized"),
    [
        (np.full(50, 1), np.full(50, 1)),  # pictures that are all of one label
        (np.array([1] * 45 + [0] * 5), np.array([1] * 46 + [0] * 4)),  # mostly, and one more than before
        (np.arange(50) % 2, (np.arange(50) + 1) % 2),  # wrong throughout, but of both labels
    ],
)
def test_what_is_no_collapse_is_not_called_one(reference: np.ndarray, quantized: np.ndarray) -> None:
    assert compare_labels(reference, sure(reference), sure(quantized), CLASSES)["failure"] == ""


def test_answers_that_are_no_numbers_fail() -> None:
    labels = np.arange(6) % 3
    figures = compare_labels(labels, sure(labels), np.full((6, 3), np.nan), CLASSES)
    assert figures["failure"] == "the quantized model gives answers that are not numbers"


def test_the_same_embeddings_compare_as_the_same() -> None:
    figures = compare_embeddings(people(), people(), [], [])
    assert figures["cosine"] == pytest.approx(1)
    assert figures["neighbours"] == 1
    assert figures["difference"]["tar"] == 0
    assert figures["difference"]["tar_interval"] == (0, 0)
    assert figures["failure"] == ""


def test_what_all_faces_have_in_common_does_not_flatter_the_cosine() -> None:
    reference, noisy = people(), people(noise=0.05)
    plain = np.mean([float(reference.embeddings[name] @ noisy.embeddings[name]) for name in reference.embeddings])
    figures = compare_embeddings(reference, noisy, [], [])
    assert plain > 0.9
    assert figures["cosine"] < 0.7
    assert figures["cosine_p5"] < figures["cosine"]


def test_listed_pairs_give_an_accuracy_and_its_change() -> None:
    pairs = [
        Pair(str(fold), same, f"p{fold:02}/0.jpg", f"p{fold if same else fold + 1:02}/1.jpg")
        for fold in range(10)
        for same in (True, False)
    ]
    figures = compare_embeddings(people(), people(noise=0.2), pairs, [])
    assert figures["float"]["accuracy"] == 1
    assert figures["quantized"]["accuracy"] < 1
    assert figures["difference"]["accuracy"] == pytest.approx(figures["quantized"]["accuracy"] - 1)


def test_one_picture_a_person_gives_no_true_accept_rate() -> None:
    alone = Embedded({name: v for name, v in people().embeddings.items() if name.endswith("/0.jpg")})
    figures = compare_embeddings(alone, alone, [], [])
    assert "tar" not in figures["quantized"]
    assert figures["cosine"] == pytest.approx(1)


def test_an_embedder_to_which_all_faces_look_alike_has_collapsed() -> None:
    reference = people()
    one = next(iter(reference.embeddings.values()))
    alike = Embedded({name: unit(one + 0.05 * v) for name, v in reference.embeddings.items()})
    assert "collapsed: its embeddings differ from each other" in compare_embeddings(reference, alike, [], [])["failure"]


def test_embeddings_that_are_no_numbers_fail() -> None:
    reference = people()
    broken = Embedded({name: v * np.float32(np.nan) for name, v in reference.embeddings.items()})
    assert "not numbers" in compare_embeddings(reference, broken, [], [])["failure"]


def test_macro_f1_counts_every_label_that_occurs_alike() -> None:
    confusion = confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 4)
    assert confusion[0].tolist() == [1, 1, 0, 0]
    assert accuracy(confusion) == pytest.approx(2 / 3)
    assert macro_f1(confusion) == pytest.approx(2 / 3)  # 2/3 each for the two labels that occur
