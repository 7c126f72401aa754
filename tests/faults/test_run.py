"""What becomes of a run whose faults are not recovered from, and which runs are made once more."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.faults.events import Event
from tests.faults.jobs import jobs
from tests.faults.ledger import Entry, Ledger
from tests.faults.plan import Fault
from tests.faults.run import Play, Result
from tests.faults.school import School
from tests.faults.verdict import Verdict
from tests.faults.witnesses import Arrival

RESULT = Result("a6553a7", 1, "room", 2, 3.0, [], Verdict(9, 9, 0, [], {}, 5, 1.0, 0, 9, []), 60.0)


class StillSchool:
    """A school in which nothing happens but what the test does; what is broken in it makes no difference."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.classroom = SimpleNamespace(look=lambda: None)
        self.recorder = SimpleNamespace(arrivals=self.arrivals)
        self.proxy = SimpleNamespace(become=lambda conditions: None, reset=lambda: None)

    def arrive(self, sequence: int) -> None:
        now = time.time()
        self.arrivals.append(Arrival("classpulse/v1/room-101/observation", "s", sequence, "s-001", "happy", now, now))


def play(school: StillSchool, *committed: int) -> Play:
    """With so much committed, and little patience."""
    entries = [Entry("s", sequence, "s-001", "happy", 1.0, 1.0) for sequence in committed]
    ledger = SimpleNamespace(follow=lambda: [entries.pop() for _ in list(entries)])
    told: list[str] = []
    return Play(cast(School, school), cast(Ledger, ledger), told.append, patience=0.3)


def fault(*, overlapping: bool = False) -> Fault:
    return Fault("slow", 0.3, 0.0, overlapping, 0.5)


def test_a_fault_that_is_not_recovered_from_is_a_failure() -> None:
    one = play(StillSchool(), 1)
    one.make(fault())
    one.recover()
    assert one.complaints == ["not recovered from slow within 0.3 s"]
    assert one.events[0].recovered is None


@pytest.mark.parametrize("recovers", [True, False])
def test_a_fault_overlaps_only_with_one_that_is_not_yet_recovered_from(recovers: bool) -> None:
    school = StillSchool()
    one = play(school, 1)
    one.make(fault())
    if recovers:
        school.arrive(1)
    one.make(fault(overlapping=True))
    assert [event.overlapping for event in one.events] == [False, not recovers]
    assert (one.events[0].recovered is not None) == recovers
    assert one.complaints == []


@pytest.mark.parametrize(
    ("made_at", "now_at", "again"),
    [
        pytest.param("a6553a7", "a6553a7", False, id="the same"),
        pytest.param("a6553a7", "b000000", True, id="another"),
        pytest.param("a6553a7-dirty", "a6553a7-dirty", True, id="changed since, and perhaps once more"),
        pytest.param(None, None, True, id="no repository"),
    ],
)
def test_a_result_is_reused_at_the_same_commit_only(
    tmp_path: Path, made_at: str | None, now_at: str | None, again: bool
) -> None:
    (job,) = jobs(tmp_path, 1, 2, 0, 3.0, now_at)
    result = replace(RESULT, commit=made_at, events=[Event("slow", 1.0, overlapping=False)])
    result.write(job.result)
    assert job.made() == (None if again else result)


def test_a_result_that_does_not_tell_its_commit_is_not_reused(tmp_path: Path) -> None:
    (job,) = jobs(tmp_path, 1, 2, 0, 3.0, "a6553a7")
    job.result.write_text('{"seed": 1}')
    assert job.made() is None
