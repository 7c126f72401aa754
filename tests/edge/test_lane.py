"""What a refusal does to the order of sending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.connection import Backoff
from edge.lane import Lane
from edge.records import Observation
from edge.spool import NO_END, Spool
from tests.brokers import SECONDS


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool:
        spool.put(Observation(f"s-{number}", "happy", datetime.now(UTC)) for number in range(20))
        assert spool.flush(SECONDS)
        yield spool


def exchange(lane: Lane, spool: Spool, refused: set[int], window: int = 10) -> list[int]:
    """Send what the lane gives, up to window, and answer all of it; the sequences sent."""
    sent: list[int] = []
    while len(sent) < window and (row := lane.next(0, NO_END, sent)) is not None:
        lane.sent()
        sent.append(row.sequence)
    for sequence in sent:
        if sequence in refused:
            lane.refused(sequence, "Not authorized")
        else:
            spool.acknowledge(sequence)
            lane.accepted(sequence)
    return sent


def lane_of(spool: Spool) -> Lane:
    return Lane("classpulse/v1/room-101/observation/late", spool, Backoff(0.0, 0.0))


def test_accepted_observations_are_sent_once_and_in_order(spool: Spool) -> None:
    lane = lane_of(spool)
    assert exchange(lane, spool, set()) + exchange(lane, spool, set()) == list(range(1, 21))
    assert exchange(lane, spool, set()) == []


def test_refused_topic_is_tried_one_at_a_time_and_resumes_in_order(spool: Spool) -> None:
    lane, everything = lane_of(spool), set(range(1, 21))
    assert exchange(lane, spool, everything) == list(range(1, 11))
    assert [exchange(lane, spool, everything) for _ in range(2)] == [[1], [1]]
    assert exchange(lane, spool, set()) == [1]
    assert exchange(lane, spool, set()) == list(range(2, 12))


def test_one_refused_observation_does_not_block_the_others(spool: Spool) -> None:
    lane = lane_of(spool)
    sent = [exchange(lane, spool, {3}), exchange(lane, spool, {3})]
    assert sent == [list(range(1, 11)), list(range(11, 21))]
    assert [row.sequence for row in spool.pending(0, 100)] == [3]


def test_one_refused_observation_at_the_head_does_not_block_for_ever(spool: Spool) -> None:
    lane, everything = lane_of(spool), set(range(1, 21))
    exchange(lane, spool, everything)
    sent = [exchange(lane, spool, {1}) for _ in range(6)]
    assert sent == [[1], [1], [1], list(range(1, 9)), list(range(9, 19)), [19, 20]]
    assert [row.sequence for row in spool.pending(0, 100)] == [1]


def test_quota_that_ends_in_the_middle_keeps_the_order(spool: Spool) -> None:
    lane = lane_of(spool)
    assert exchange(lane, spool, set(range(6, 21))) == list(range(1, 11))
    assert exchange(lane, spool, set()) == [6]
    assert exchange(lane, spool, set()) == list(range(7, 17))


def test_new_connection_sends_again_what_is_not_acknowledged(spool: Spool) -> None:
    lane = lane_of(spool)
    exchange(lane, spool, {2})
    lane.restart()
    assert exchange(lane, spool, set(), window=3)[0] == 2
