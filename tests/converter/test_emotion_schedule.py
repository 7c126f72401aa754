"""The learning rate rises, falls and stays; the kept weights are a mean."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.converter

STEPS = 10
"""Batches in an epoch."""


def rate(step: int, epochs: int, tail_epochs: int) -> float:
    from converter.emotion_schedule import optimizer
    from converter.emotion_settings import TrainingSettings

    settings = TrainingSettings(epochs=epochs, tail_epochs=tail_epochs, learning_rate=0.01, tail_rate=0.001)
    return float(optimizer(settings, STEPS)._learning_rate(step))


def test_without_a_tail_the_rate_ends_at_nothing() -> None:
    assert rate(0, 10, 0) < rate(5, 10, 0) < rate(10, 10, 0) == pytest.approx(0.01)
    assert rate(10, 10, 0) > rate(50, 10, 0) > rate(99, 10, 0)
    assert rate(100, 10, 0) == pytest.approx(0, abs=1e-9)


def test_in_the_tail_the_rate_stays() -> None:
    assert rate(59, 10, 4) > rate(60, 10, 4) == rate(80, 10, 4) == rate(99, 10, 4) == pytest.approx(0.001)


def test_a_run_that_is_all_tail_never_exceeds_its_rate() -> None:
    assert max(rate(step, 4, 4) for step in range(0, 40)) == pytest.approx(0.001)


def test_the_tail_forgets_what_was_before_and_weighs_later_steps_more() -> None:
    from converter.emotion_schedule import kept_share
    from converter.emotion_settings import TrainingSettings

    settings = TrainingSettings(epochs=4, tail_epochs=2)
    weight, average = [0.0] * 40, 0.0
    for step in range(4 * STEPS):
        keep = kept_share(settings, STEPS, step)
        weight = [share * keep for share in weight]
        weight[step] = 1 - keep
        average = average * keep + step * (1 - keep)
    assert sum(weight[: 2 * STEPS]) == 0
    assert sum(weight) == pytest.approx(1)
    assert weight[2 * STEPS :] == sorted(weight[2 * STEPS :])
    assert 30 < average < 39
    assert weight[-1] < 0.2
