"""A short run of what `python -m tests.soak` runs for an hour, and its arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.demo.broker import embedded_broker
from tests.brokers import Recorder
from tests.soak.rooms import demo_room
from tests.soak.run import MOST_MEMORY, Sample, growth, soak

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("resident", "expected"),
    [
        # what is allocated once, at the start, is no growth
        (lambda minute: 200 if minute else 150, 0.0),
        # nor is what comes and goes
        (lambda minute: 200 + 5 * (minute % 2), 0.0),
        # a leak of a megabyte in two minutes
        (lambda minute: 200 + 0.5 * minute, 0.12),
    ],
)
def test_growth_is_what_stays(resident: Callable[[int], float], expected: float) -> None:
    samples = [Sample(60.0 * m, round(resident(m) * MEGABYTE), 300 * MEGABYTE, m) for m in range(61)]
    assert growth(samples) == pytest.approx(expected, abs=0.01)


def test_the_daemon_stays_under_250_megabytes(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port, Recorder(port) as recorder:
        samples = list(soak(demo_room(tmp_path, port), recorder, seconds=30))
    assert samples[-1].seconds >= 30
    assert samples[-1].observations > 0  # it did work meanwhile
    assert samples[-1].peak < MOST_MEMORY
