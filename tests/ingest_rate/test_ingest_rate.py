"""A few seconds of `python -m tests.ingest_rate`: that it counts, and that nothing is lost; never how fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brokers import MOSQUITTO
from tests.ingest_rate.run import Load, run

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


@pytest.mark.parametrize("kill_after", [None, 0.5])
def test_a_whole_school_is_stored_once_and_counted_once_also_when_serve_is_killed(
    tmp_path: Path, kill_after: float | None
) -> None:
    outcome = run(Load(rate=2000, seconds=1.5, kill_after=kill_after), tmp_path)
    assert outcome.wrong == []
    assert outcome.published == 3000
