"""After calibration a confidence of 0.8 means right in four of five."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from converter.calibration import calibrate, cross_fitted, expected_calibration_error, fit_temperature
from converter.softmax import softmax


def honest_logits(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits whose softmax is the very probability of each label, and labels drawn from it."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (count, 5))
    labels = np.array([generator.choice(5, p=p) for p in softmax(logits)], dtype=np.int64)
    return logits, labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])  # too shy, right, too sure
def test_temperature_undoes_wrong_confidence(factor: float) -> None:
    logits, labels = honest_logits(6000, seed=1)
    temperature = fit_temperature(logits * factor, labels)
    assert temperature == pytest.approx(factor, rel=0.1)
    assert expected_calibration_error(softmax(logits * factor, temperature), labels) < 0.03


def test_temperature_changes_no_label() -> None:
    logits, _ = honest_logits(200, seed=2)
    assert (softmax(logits, 2.5).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_probabilities_sum_to_one_even_for_huge_logits() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 0, 0, 0, -1e4], [0, 0, 0, 0, 0]])).sum(axis=1), 1)


def test_labels_that_are_never_wrong_still_give_a_temperature_in_range() -> None:
    logits = np.eye(5) * 4
    assert 0.05 <= fit_temperature(logits, np.arange(5)) <= 20


def test_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = np.tile([0.9, 0.1, 0, 0, 0], (10, 1))
    labels = np.array([0] * 6 + [1] * 4)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.3)
    assert expected_calibration_error(np.eye(5), np.arange(5)) == 0


def test_cross_fitted_error_is_small_for_an_honest_model_whatever_its_scale() -> None:
    logits, labels = honest_logits(3000, seed=4)
    assert expected_calibration_error(cross_fitted(logits * 4, labels, 0), labels) < 0.04
    assert expected_calibration_error(softmax(logits * 4), labels) > 0.1


def test_a_share_of_the_shift_is_taken_and_none_when_none_is_asked_for() -> None:
    logits, labels = honest_logits(2000, seed=6)
    logits[:, 3] += 1
    whole, half, none = (np.array(calibrate(logits, labels, share).shift) for share in (1.0, 0.5, 0.0))
    np.testing.assert_allclose(half, whole / 2)
    np.testing.assert_array_equal(none, 0)
    assert whole[3] < -0.5
    assert whole.sum() == pytest.approx(0)


def test_the_shift_is_as_large_as_the_logits_are() -> None:
    logits, labels = honest_logits(2000, seed=6)
    logits[:, 3] += 1
    small, large = (calibrate(logits * scale, labels, 1.0) for scale in (1, 5))
    np.testing.assert_allclose(np.array(large.shift), 5 * np.array(small.shift), rtol=0.02, atol=0.02)
    assert large.temperature == pytest.approx(5 * small.temperature, rel=0.02)


def test_cross_fitting_does_not_look_at_the_picture_it_judges() -> None:
    logits, labels = honest_logits(400, seed=7)
    before = cross_fitted(logits, labels, 1.0)
    # Other labels in one fold change what is said of other folds, and not of that fold.
    fold = np.random.default_rng(0).permutation(400) % 5 == 0
    after = cross_fitted(logits, np.where(fold, (labels + 1) % 5, labels), 1.0)
    np.testing.assert_array_equal(before[fold], after[fold])
    assert not np.allclose(before[~fold], after[~fold])


def test_labels_told_apart_without_mistake_do_not_break_the_fit() -> None:
    calibration = calibrate(np.tile(np.eye(5) * 4, (20, 1)), np.tile(np.arange(5), 20), 1.0)
    assert np.isfinite(calibration.shift).all()
