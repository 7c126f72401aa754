"""The judge of the faults finds what it is there to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.faults.ledger import Entry
from tests.faults.plan import KINDS, plan
from tests.faults.tap import Handed
from tests.faults.verdict import Account, Kill, judge
from tests.faults.witnesses import Arrival, Plain

LIVE, LATE = "classpulse/v1/room-101/observation", "classpulse/v1/room-101/observation/late"


def entry(sequence: int, observed_at: float = 100.0) -> Entry:
    return Entry("stream", sequence, f"s-{sequence:03}", "happy", observed_at, observed_at + 1)


def arrival(sequence: int, *, topic: str = LIVE, observed_at: float = 100.0, at: float = 102.0) -> Arrival:
    return Arrival(topic, "stream", sequence, f"s-{sequence:03}", "happy", observed_at, at)


def account(arrivals: Sequence[Arrival], *, plain: Sequence[Plain] = (), kills: Sequence[Kill] = ()) -> Account:
    """Three observations were committed, sent at 101.5 and acknowledged at 101.6."""
    line = {("stream", sequence): [Handed(LIVE, 101.5, 101.6, 0)] for sequence in (1, 2, 3)}
    return Account([entry(1), entry(2), entry(3)], arrivals, plain, line, kills)


def three() -> list[Arrival]:
    return [arrival(1), arrival(2), arrival(3)]


def test_everything_once_and_in_order_is_no_failure() -> None:
    verdict = judge(account(three()), [])
    assert (verdict.committed, verdict.arrived, verdict.doubled, verdict.failures) == (3, 3, 0, [])


def test_a_repeat_is_counted_and_no_failure() -> None:
    verdict = judge(account([*three(), arrival(2, topic=LATE), arrival(2)]), [])
    assert (verdict.arrived, verdict.doubled, verdict.failures) == (3, 2, [])


def test_an_observation_that_never_arrived_is_lost_even_if_the_broker_acknowledged_it() -> None:
    verdict = judge(account([arrival(1), arrival(3)]), [])
    assert verdict.lost == [("stream", 2)]
    assert verdict.failures


def test_what_the_broker_acknowledged_just_before_it_was_killed_is_its_own_loss() -> None:
    verdict = judge(account([arrival(1), arrival(3)], kills=[Kill(50.0, 49.0, 60.0), Kill(102.0, 101.0, 104.0)]), [])
    assert (verdict.lost, verdict.failures) == ([], [])
    assert verdict.lost_by_broker == {
        "stream 2": "PUBACK with reason 0 on the line 0.400 s before kill -9, 0.600 s after the broker last saved"
    }


@pytest.mark.parametrize(
    "handed",
    [
        pytest.param(Handed(LIVE, 101.5, None, 0), id="no PUBACK"),
        pytest.param(Handed(LIVE, 101.5, 101.6, 0x87), id="refused"),
        pytest.param(Handed(LIVE, 1.0, 1.1, 0), id="saved since"),
        pytest.param(Handed(LIVE, 103.0, 103.1, 0), id="by the next broker"),
    ],
)
def test_a_kill_of_the_broker_proves_nothing_without_its_acknowledgement_just_before(handed: Handed) -> None:
    seen = account([arrival(1), arrival(3)], kills=[Kill(102.0, 101.0, 103.0)])
    verdict = judge(replace(seen, line={**seen.line, ("stream", 2): [handed]}), [])
    assert verdict.lost == [("stream", 2)]


def test_an_order_that_changed_on_a_topic_is_a_failure() -> None:
    assert judge(account([arrival(1), arrival(3), arrival(2)]), []).failures
    assert not judge(account([arrival(1), arrival(3), arrival(2, topic=LATE)]), []).failures


def test_another_content_than_was_committed_is_a_failure() -> None:
    assert judge(account([arrival(1), replace(arrival(2), emotion="sad"), arrival(3)]), []).failures


def test_a_repeat_with_another_content_or_time_is_a_failure() -> None:
    for repeat in (replace(arrival(2), emotion="sad"), arrival(2, observed_at=100.1)):
        assert judge(account([*three(), replace(repeat, topic=LATE)]), []).failures


def test_an_observation_that_nobody_committed_is_a_failure() -> None:
    assert judge(account([*three(), arrival(4)]), []).failures


def test_one_sequence_for_two_observations_is_a_failure() -> None:
    seen = account(three())
    assert judge(replace(seen, committed=[*seen.committed, entry(3)]), []).failures


def test_a_plain_subscriber_must_not_get_what_is_older_than_a_minute() -> None:
    got = Plain(b'{"student_id": "s-002", "emotion": "happy"}', 162.1)
    old = [arrival(1, at=162.0), arrival(2, at=162.0), arrival(3, at=162.0)]
    verdict = judge(account(old, plain=[got]), [])
    assert verdict.plain_oldest_seconds == pytest.approx(62.1)
    assert verdict.failures
    assert not judge(account(three(), plain=[replace(got, at=102.1)]), []).failures


def test_a_plain_message_that_the_recorder_missed_is_dated_by_the_ledger() -> None:
    got = Plain(b'{"student_id": "s-002", "emotion": "happy"}', 103.0)
    verdict = judge(account([arrival(1), arrival(3)], plain=[got], kills=[Kill(102.0, 101.0, 103.0)]), [])
    assert verdict.plain_undated == 1
    assert verdict.plain_oldest_seconds == pytest.approx(3.0)


def test_a_seed_always_plans_the_same_faults_and_consecutive_seeds_cover_every_kind() -> None:
    assert plan(7, 10, 60.0) == plan(7, 10, 60.0) != plan(8, 10, 60.0)
    for seed in range(20):
        both = [fault for number in (seed, seed + 1) for fault in plan(number, 5, 60.0)]
        assert {fault.kind for fault in both} == set(KINDS)
        assert all(2.0 <= fault.seconds <= 60.0 for fault in both)


def test_every_kind_lasts_briefly_and_long() -> None:
    faults = [fault for seed in range(40) for fault in plan(seed, 10, 60.0)]
    for kind in KINDS:
        lengths = [fault.seconds for fault in faults if fault.kind == kind]
        assert min(lengths) < 10.0 < 30.0 < max(lengths), kind
