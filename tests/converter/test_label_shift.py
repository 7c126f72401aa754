"""A number added to each label's logit weighs one kind of mistake against another."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from converter.confusion import confusion_matrix, macro_f1
from converter.label_shift import LEAST_RECALL, fairest_shift


def answers(
    frequency: list[float], strength: float, count: int = 4000
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits of a network that does not know how frequent labels are, and the labels."""
    generator = np.random.default_rng(3)
    labels = generator.choice(5, count, p=frequency)
    return generator.normal(0, 1, (count, 5)) + strength * np.eye(5)[labels], labels.astype(np.int64)


def score(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return macro_f1(confusion_matrix(labels, logits.argmax(axis=1), 5))


def test_labels_that_occur_seldom_are_given_less_readily() -> None:
    logits, labels = answers([0.1, 0.33, 0.4, 0.13, 0.04], strength=3)
    shift = fairest_shift(logits, labels)
    assert shift[4] == shift.min()
    assert shift[2] == shift.max()
    assert score(logits + shift, labels) > score(logits, labels) + 0.01
    assert shift.sum() == pytest.approx(0)


def test_what_training_got_wrong_by_a_constant_is_made_good() -> None:
    logits, labels = answers([0.2] * 5, strength=3)
    moved = np.array([0.9, -0.6, 0.0, 0.5, -0.8])
    found = fairest_shift(logits + moved, labels) - fairest_shift(logits, labels)
    np.testing.assert_allclose(found, -moved, atol=0.15)


def test_no_label_is_given_up_for_the_others() -> None:
    logits, labels = answers([0.02, 0.45, 0.47, 0.03, 0.03], strength=2.2)
    called = (logits + fairest_shift(logits, labels)).argmax(axis=1)
    for label in range(5):
        assert (called[labels == label] == label).mean() > LEAST_RECALL - 0.05


def test_a_label_without_pictures_and_faultless_answers_do_not_break_the_fit() -> None:
    logits, labels = answers([0.3, 0.3, 0.4, 0, 0], strength=3)
    assert np.isfinite(fairest_shift(logits, labels)).all()
    assert np.isfinite(fairest_shift(np.tile(np.eye(5) * 4, (20, 1)), np.tile(np.arange(5), 20))).all()
