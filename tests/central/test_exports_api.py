"""What is taken out of the dashboard as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from central.config import SchoolSettings
from tests.central.lessons import Lessons, minutes
from tests.central.web_clients import Dashboard, open_dashboard

TIMELINE = ["at", "angry", "happy", "neutral", "sad", "tired", "observations", "students", "coverage"]


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    lessons = Lessons(dashboard)
    lessons.enrol("s-001", "=7b")
    lessons.observe("s-001", "happy", ago=minutes(30))
    lessons.observe("s-001", "tired", late=True)
    lessons.observe("s-002", "sad")
    return lessons


def rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_observations_are_all_that_are_kept_the_oldest_first(dashboard: Dashboard, lessons: Lessons) -> None:
    answer = dashboard.client("admin").get("/api/students/s-001/observations.csv")
    assert rows(answer) == [
        ["observed_at", "student_id", "classroom", "label", "late"],
        ["2026-03-02T08:45:31+00:00", "s-001", "room-101", "happy", "no"],
        ["2026-03-02T09:15:31+00:00", "s-001", "room-101", "tired", "yes"],
    ]


def test_observations_are_those_of_a_span_if_one_is_given(dashboard: Dashboard, lessons: Lessons) -> None:
    client = dashboard.client("admin")
    hour = {"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T09:00:00Z"}
    assert len(rows(client.get("/api/students/s-001/observations.csv", params=hour))) == 2
    ever = {"start": "0001-01-01T00:00:00+14:00", "end": "9999-12-31T23:59:59-14:00"}
    assert len(rows(client.get("/api/students/s-001/observations.csv", params=ever))) == 3


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("students/s-001", ["2026-03-02T09:00:00+00:00", "0", "0", "0", "0", "1", "1", "1", "1.0"]),
        ("classrooms/room-101", ["2026-03-02T09:00:00+00:00", "0", "0", "0", "1", "1", "2", "2"]),
    ],
)
def test_timeline_has_a_line_for_each_bucket(
    dashboard: Dashboard, lessons: Lessons, path: str, last: list[str]
) -> None:
    header, *lines = rows(dashboard.client("admin").get(f"/api/{path}/timeline.csv"))
    assert header == TIMELINE
    assert [line[0] for line in lines] == ["2026-03-02T08:00:00+00:00", "2026-03-02T09:00:00+00:00"]
    assert lines[-1][: len(last)] == last


def test_times_are_the_schools(tmp_path: Path) -> None:
    with open_dashboard(tmp_path, school=SchoolSettings(timezone="Europe/Berlin")) as dashboard:
        lessons = Lessons(dashboard)
        lessons.enrol("s-001")
        lessons.observe("s-001")
        client = dashboard.client("admin")
        (_, observation) = rows(client.get("/api/students/s-001/observations.csv"))
        (_, bucket) = rows(client.get("/api/students/s-001/timeline.csv"))
    assert (observation[0], bucket[0]) == ("2026-03-02T10:15:31+01:00", "2026-03-02T10:00:00+01:00")


def test_small_group_is_hidden_in_its_file_too(dashboard: Dashboard, lessons: Lessons) -> None:
    answer = dashboard.client("teacher", groups=["=7b"]).get("/api/groups/%3D7b/timeline.csv")
    assert rows(answer) == [TIMELINE]


def test_classroom_s_file_has_a_teacher_s_own_students_only(dashboard: Dashboard, lessons: Lessons) -> None:
    teacher = dashboard.client("teacher", groups=["=7b"])
    *_, last = rows(teacher.get("/api/classrooms/room-101/timeline.csv"))
    assert last[1:8] == ["0", "0", "0", "0", "1", "1", "1"]


@pytest.mark.parametrize(
    ("path", "action", "subject"),
    [
        ("students/s-001/observations.csv", "student.export", "s-001"),
        ("students/s-001/timeline.csv", "student.export", "s-001"),
        ("classrooms/room-101/timeline.csv", "classroom.export", "room-101"),
        ("groups/%3D7b/timeline.csv", "group.export", "=7b"),
    ],
)
def test_each_export_is_noted(dashboard: Dashboard, lessons: Lessons, path: str, action: str, subject: str) -> None:
    admin = dashboard.client("admin")
    for _ in range(2):
        admin.get(f"/api/{path}")
    entries = admin.get("/api/audit", params={"action": action}).json()["items"]
    assert [entry["subject"] for entry in entries] == [subject] * 2
