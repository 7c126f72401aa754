from __future__ import annotations

import numpy as np
import pytest

from edge.probability import probabilities

SHARES = np.array([0.7, 0.2, 0.06, 0.03, 0.01], np.float32)


def test_a_model_that_ends_in_a_softmax_gets_no_second_one() -> None:
    np.testing.assert_allclose(probabilities(SHARES, "probabilities", 1.0), SHARES, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_temperature_does_to_probabilities_what_it_does_to_their_logits(temperature: float) -> None:
    logits = np.log(SHARES) + 3
    by_logits = probabilities(logits, "logits", temperature)
    np.testing.assert_allclose(probabilities(SHARES, "probabilities", temperature), by_logits, atol=1e-6)


def test_an_8_bit_softmax_that_says_0_or_1_stays_finite() -> None:
    sure = probabilities(np.array([0, 0, 1, 0, 0], np.float32), "probabilities", 2.0)
    assert np.isfinite(sure).all()
    assert sure.argmax() == 2
    assert sure.sum() == pytest.approx(1)


def test_huge_logits_do_not_overflow() -> None:
    assert probabilities(np.array([1e4, -1e4], np.float32), "logits", 0.1).tolist() == [1.0, 0.0]
