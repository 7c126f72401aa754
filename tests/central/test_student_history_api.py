"""One student over time, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.central.lessons import Lessons, minutes
from tests.central.web_clients import Dashboard

DAY = timedelta(days=1)


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    lessons = Lessons(dashboard)
    lessons.enrol("s-001", "7b")
    return lessons


@pytest.fixture
def teacher(dashboard: Dashboard) -> Any:
    return dashboard.client("teacher", groups=["7b"])


def test_timeline_follows_a_student_from_room_to_room(teacher: Any, lessons: Lessons) -> None:
    lessons.observe("s-001", "happy", ago=minutes(60))
    lessons.observe("s-001", "tired", classroom="room-102")
    found = teacher.get("/api/students/s-001/timeline").json()
    assert [(bucket["at"], bucket["shares"]["happy"], bucket["shares"]["tired"]) for bucket in found["buckets"]] == [
        ("2026-03-02T08:00:00Z", 1, 0),
        ("2026-03-02T09:00:00Z", 0, 1),
    ]


def test_coverage_is_the_part_of_the_lesson_in_which_the_student_was_seen(teacher: Any, lessons: Lessons) -> None:
    for ago in range(4):
        lessons.observe("s-002", ago=minutes(ago))
    lessons.observe("s-001", ago=minutes(2))
    (bucket,) = teacher.get("/api/students/s-001/timeline").json()["buckets"]
    assert bucket["coverage"] == 0.25


def test_pattern_is_by_weekday_and_hour_over_the_weeks(teacher: Any, lessons: Lessons) -> None:
    for days in (7, 14, 21):  # 2 March 2026 is a Monday
        lessons.observe("s-001", "sad", ago=days * DAY)
    found = teacher.get("/api/students/s-001/pattern", params={"weeks": 2}).json()
    assert [(cell["weekday"], cell["hour"], cell["shares"]["sad"]) for cell in found["cells"]] == [(0, 9, 2)]
    assert found["start"] == "2026-02-16T00:00:00Z"


def test_baseline_is_the_last_week_beside_the_student_s_own_weeks_before(teacher: Any, lessons: Lessons) -> None:
    lessons.observe("s-001", "happy", ago=3 * DAY)
    for days in (10, 20):
        lessons.observe("s-001", "sad", ago=days * DAY)
    baseline = teacher.get("/api/students/s-001/pattern").json()["baseline"]
    assert (baseline["recent"]["happy"], baseline["recent"]["sad"]) == (1, 0)
    assert (baseline["before"]["happy"], baseline["before"]["sad"]) == (0, 2)
    assert baseline["recent_start"] == "2026-02-23T00:00:00Z"


def test_observations_come_in_pages_the_newest_first(teacher: Any, lessons: Lessons) -> None:
    for ago in range(5):
        lessons.observe("s-001", "happy" if ago else "tired", ago=minutes(ago), late=ago == 4)
    rows, after = [], None
    while True:
        query = {"limit": 2} | ({"after": after} if after else {})
        page = teacher.get("/api/students/s-001/observations", params=query).json()
        assert page["total"] == 5
        rows += page["items"]
        if (after := page["next"]) is None:
            break
    assert [row["observed_at"][14:16] for row in rows] == ["15", "14", "13", "12", "11"]
    assert [row["late"] for row in rows] == [False] * 4 + [True]
    assert rows[0] == {
        "observed_at": "2026-03-02T09:15:31Z", "classroom": "room-101", "label": "tired", "late": False
    }  # fmt: skip


@pytest.mark.parametrize("query", [{"after": "nonsense"}, {"limit": 501}, {"limit": 0}])
def test_page_that_there_is_not_is_refused(teacher: Any, lessons: Lessons, query: dict[str, Any]) -> None:
    answer = teacher.get("/api/students/s-001/observations", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, next(iter(query)))


def test_whoever_looks_at_a_student_is_noted_once_an_hour(dashboard: Dashboard, teacher: Any, lessons: Lessons) -> None:
    for path in ("timeline", "pattern", "observations"):
        teacher.get(f"/api/students/s-001/{path}")
    dashboard.now += timedelta(hours=1, seconds=1)
    teacher.get("/api/students/s-001/timeline", headers={"X-Background": "1"})  # which hides no look
    admin = dashboard.client("admin")
    entries = admin.get("/api/audit", params={"action": "student.view"}).json()["items"]
    assert [(entry["account"], entry["subject"]) for entry in entries] == [("teacher", "s-001")] * 2


@pytest.mark.parametrize("path", ["timeline", "pattern", "observations", "timeline.csv", "observations.csv"])
def test_student_of_others_is_as_if_there_were_none(
    dashboard: Dashboard, teacher: Any, lessons: Lessons, path: str
) -> None:
    lessons.enrol("s-002", "8c")
    lessons.enrol("s-003")
    lessons.observe("s-002")
    lessons.observe("s-004")  # without a profile
    answers = [teacher.get(f"/api/students/{student}/{path}") for student in ("s-002", "s-003", "s-004", "s-999")]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.text for answer in answers}) == 1
    noted = dashboard.client("admin").get("/api/audit", params={"account": "teacher"}).json()["items"]
    assert not [entry for entry in noted if entry["subject"].startswith("s-")]
