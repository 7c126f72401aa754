"""Fifteen faults and a short outage: the same code as `make faults`, in two minutes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.brokers import MOSQUITTO, wait_until
from tests.faults.classroom import STUDENTS
from tests.faults.jobs import jobs, make_all
from tests.faults.ledger import Ledger
from tests.faults.outage import outage
from tests.faults.plan import KINDS
from tests.faults.school import School
from tests.faults.tap import handed_over
from tests.faults.verdict import Account, Kill, Verdict, judge

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


def test_fifteen_faults_lose_nothing_double_nothing_and_keep_the_order(tmp_path: Path) -> None:
    chosen = jobs(tmp_path, seed=1, faults=15, clip_faults=0, longest=4.0, commit=None, per_run=5)
    results = make_all(chosen, parallel=3)
    failures = {job.again: result.verdict.failures for job, result in results.items() if result.verdict.failures}
    assert not failures
    events = [event for result in results.values() for event in result.events]
    assert len(events) == 15
    assert {event.kind for event in events} == set(KINDS)
    assert sum(result.verdict.committed for result in results.values()) >= 15 * STUDENTS  # there was load


def test_what_a_broker_forgets_is_proved_by_its_acknowledgement_on_the_line(tmp_path: Path) -> None:
    school = School(tmp_path, seed=1, saving="every 5 s")
    ledger = Ledger(school.spool)
    kills: list[Kill] = []

    def verdict() -> Verdict:
        ledger.follow()
        line = handed_over(school.proxy.captures, school.key_log)
        return judge(Account(ledger.entries, school.recorder.arrivals, school.plain.arrivals, line, kills), [])

    with school:
        school.classroom.start()
        wait_until(lambda: len(school.recorder.arrivals) >= STUDENTS)
        school.recorder.leave()
        last_saved = tmp_path / "last-saved.db"
        shutil.copy2(school.database, last_saved)  # as if the broker saved nothing from now on
        before = len(school.plain.arrivals)
        wait_until(lambda: len(school.plain.arrivals) >= before + STUDENTS)
        killed_at = time.time()
        school.broker.kill()
        last_saved.replace(school.database)
        kills.append(Kill(killed_at, school.broker_saved_at, time.time()))
        school.broker.start()
        school.recorder.come_back()
        school.classroom.stop()
        school.classroom.start("--empty")
        wait_until(lambda: not verdict().lost)
    found = verdict()
    assert found.lost_by_broker
    assert found.failures == []
    kills.clear()
    assert verdict().failures, "without a kill the broker is not to blame"


def test_a_school_with_the_demos_clip_has_its_cast_enrolled(tmp_path: Path) -> None:
    with School(tmp_path, seed=1, source="clip") as school:
        school.classroom.start()
        wait_until(lambda: "gallery: 3 students" in (tmp_path / "daemon.log").read_text())


def test_a_full_spool_drains_whole_and_in_order_while_the_room_is_seen(tmp_path: Path) -> None:
    drained = outage(tmp_path, seed=1, count=20_000)
    assert drained.failures == []
    assert drained.live_in_all > 0
    assert drained.megabytes < 4  # of 100 for 500,000
