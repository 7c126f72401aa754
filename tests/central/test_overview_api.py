"""Every classroom at a glance, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.central.lessons import Lessons, minutes, moment
from tests.central.stored import NOW
from tests.central.web_clients import Dashboard

NOBODY = {"angry": 0, "happy": 0, "neutral": 0, "sad": 0, "tired": 0}


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    return Lessons(dashboard)


def rooms(client: Any) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/overview")
    assert answer.status_code == 200, answer.text
    return {room["classroom"]: room for room in answer.json()["classrooms"]}


def test_classroom_has_its_students_by_label_and_its_device(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.status("room-101", True)
    lessons.observe("s-001", "happy")
    lessons.observe("s-002", "tired")
    room = rooms(dashboard.client("admin"))["room-101"]
    assert room["mix"] == NOBODY | {"happy": 1, "tired": 1}
    assert (room["students"], room["online"], moment(room["since"]), room["simulated"]) == (2, True, NOW, False)
    assert moment(room["observed_at"]) == NOW


def test_classroom_whose_device_only_ever_said_that_it_is_there_is_shown_empty(
    dashboard: Dashboard, lessons: Lessons
) -> None:
    lessons.status("simulated-1", False)
    room = rooms(dashboard.client("admin"))["simulated-1"]
    assert (room["mix"], room["students"], room["online"], room["simulated"]) == (NOBODY, 0, False, True)
    assert (room["observed_at"], room["trend"]) == (None, [NOBODY] * 12)


def test_trend_is_the_last_hour_with_what_came_late(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.observe("s-001", "sad", ago=minutes(32), late=True)
    lessons.observe("s-001", "happy")
    trend = rooms(dashboard.client("admin"))["room-101"]["trend"]
    assert [bucket["happy"] for bucket in trend] == [0] * 11 + [1]
    assert sum(bucket["sad"] for bucket in trend[4:7]) == 1


def test_teacher_sees_every_classroom_with_their_own_students_only(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b")
    lessons.enrol("s-002", "8c")
    lessons.observe("s-001", "happy", ago=minutes(0.5))
    lessons.observe("s-002", "tired")
    lessons.observe("s-003", "angry", classroom="room-102")  # nobody's
    seen = rooms(dashboard.client("teacher", groups=["7b"]))
    assert seen["room-101"]["mix"] == NOBODY | {"happy": 1}
    assert moment(seen["room-101"]["observed_at"]) == NOW - minutes(0.5)
    assert seen["room-101"]["trend"][-1] == NOBODY | {"happy": 1}
    assert (seen["room-102"]["students"], seen["room-102"]["observed_at"]) == (0, None)
    assert seen["room-102"]["trend"] == [NOBODY] * 12


def test_teacher_without_groups_sees_nobody(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.observe("s-001")
    assert rooms(dashboard.client("teacher"))["room-101"]["students"] == 0
