"""One classroom, over HTTP."""

from __future__ import annotations

import pytest

from central.accounts.sessions import Role
from tests.central.lessons import Lessons, minutes
from tests.central.stored import NOW
from tests.central.web_clients import Dashboard


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    """s-001 of 7b and s-002 of 8c in one room."""
    lessons = Lessons(dashboard)
    lessons.enrol("s-001", "7b", name="Ada")
    lessons.enrol("s-002", "8c")
    lessons.observe("s-001", "happy", ago=minutes(0.5))
    lessons.observe("s-001", "happy")
    lessons.observe("s-002", "tired")
    return lessons


def test_students_in_view_have_their_name_and_since_when_they_look_so(dashboard: Dashboard, lessons: Lessons) -> None:
    found = dashboard.client("admin").get("/api/classrooms/room-101").json()
    assert found["present"][0] == {
        "student_id": "s-001",
        "name": "Ada",
        "group": "7b",
        "classroom": "room-101",
        "label": "happy",
        "since": "2026-03-02T09:15:01Z",
        "observed_at": "2026-03-02T09:15:31Z",
    }
    assert [student["student_id"] for student in found["present"]] == ["s-001", "s-002"]
    assert found["students"] == 2


def test_teacher_finds_their_own_students_there(dashboard: Dashboard, lessons: Lessons) -> None:
    found = dashboard.client("teacher", groups=["7b"]).get("/api/classrooms/room-101").json()
    assert [student["student_id"] for student in found["present"]] == ["s-001"]
    assert (found["students"], found["mix"]["tired"]) == (1, 0)


def test_whoever_looks_into_a_classroom_is_noted_once_an_hour(dashboard: Dashboard, lessons: Lessons) -> None:
    admin = dashboard.client("admin")
    for _ in range(2):
        admin.get("/api/classrooms/room-101")
    entries = admin.get("/api/audit", params={"action": "classroom.view"}).json()["items"]
    assert [(entry["account"], entry["subject"]) for entry in entries] == [("admin", "room-101")]


@pytest.mark.parametrize("path", ["", "/timeline", "/timeline.csv"])
def test_classroom_that_was_never_heard_of_is_not_found(dashboard: Dashboard, path: str) -> None:
    assert dashboard.client("admin").get(f"/api/classrooms/room-999{path}").status_code == 404


@pytest.mark.parametrize(("role", "groups", "students", "tired"), [("admin", [], 2, 1), ("teacher", ["7b"], 1, 0)])
def test_timeline_is_of_those_whom_the_viewer_may_see(
    dashboard: Dashboard, lessons: Lessons, role: Role, groups: list[str], students: int, tired: int
) -> None:
    client = dashboard.client(role, groups=groups)
    found = client.get("/api/classrooms/room-101/timeline", params={"resolution": "hour"}).json()
    (bucket,) = found["buckets"]
    assert (bucket["students"], bucket["shares"]["happy"], bucket["shares"]["tired"]) == (students, 2, tired)
    assert (bucket["at"], found["hidden"]) == ("2026-03-02T09:00:00Z", False)


def test_timeline_is_of_today_unless_another_span_is_asked_for(dashboard: Dashboard, lessons: Lessons) -> None:
    client = dashboard.client("admin")
    found = client.get("/api/classrooms/room-101/timeline").json()
    assert (found["start"], found["end"]) == ("2026-03-02T00:00:00Z", "2026-03-02T09:15:31Z")
    yesterday = {"start": "2026-03-01T00:00:00+01:00", "end": "2026-03-02T00:00:00+01:00"}
    found = client.get("/api/classrooms/room-101/timeline", params=yesterday).json()
    assert (found["start"], found["buckets"]) == ("2026-02-28T23:00:00Z", [])


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"start": "2026-03-02T10:00:00Z"}, "start"),  # later than now
        ({"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T07:00:00Z"}, "end"),
        ({"start": "2026-02-01T00:00:00Z", "resolution": "minute"}, "resolution"),
        ({"start": "2026-03-02T08:00:00"}, "start"),  # in which zone?
        ({"resolution": "second"}, "resolution"),
    ],
)
def test_span_that_makes_no_sense_is_refused_and_the_parameter_named(
    dashboard: Dashboard, lessons: Lessons, query: dict[str, str], where: str
) -> None:
    assert NOW.hour == 9
    answer = dashboard.client("admin").get("/api/classrooms/room-101/timeline", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["where"] for error in answer.json()["errors"]] == [where]
