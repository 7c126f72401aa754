from __future__ import annotations

import numpy as np
import pytest

from converter.face_thresholds import choose_threshold, identification_figures


def test_the_threshold_lets_one_stranger_in_a_hundred_pass() -> None:
    strangers = np.array([0.1] * 295 + [0.7004, 0.75, 0.8, 0.9, 0.95])
    threshold = choose_threshold(strangers)
    assert threshold == pytest.approx(0.751)  # three of 300 may pass
    assert (strangers >= threshold).sum() == 3


def test_with_fewer_than_a_hundred_strangers_none_may_pass() -> None:
    assert choose_threshold(np.array([0.2, 0.6123, 0.4])) == pytest.approx(0.613)


@pytest.mark.parametrize("strangers", [[], [0.0, 0.1], [0.4999]])
def test_a_student_needs_a_majority_whatever_strangers_get(strangers: list[float]) -> None:
    assert choose_threshold(np.array(strangers)) == 0.5


def test_a_threshold_that_nobody_could_reach_is_not_chosen() -> None:
    assert choose_threshold(np.ones(10)) == 0.999


def test_figures_count_who_is_identified_who_is_mistaken_and_who_intrudes() -> None:
    right = np.array([True, True, True, False, False])
    confidences = np.array([0.9, 0.8, 0.4, 0.9, 0.0])  # the last: no face found
    figures = identification_figures(right, confidences, np.array([0.6, 0.1, 0.0, 0.0]), 0.5)
    assert (figures["accuracy"], figures["tpir"], figures["misidentified"]) == (0.6, 0.4, 1)
    assert figures["fpir"] == 0.25
    assert figures["tpir_at_fpir_1e-2"] == 0.4
    low, high = figures["fpir_interval"]
    assert low < 0.25 < high
