"""Groups and the school, over HTTP: nobody by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.central.lessons import Lessons, minutes
from tests.central.web_clients import Dashboard

SMALLEST = 5


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    """6 students of 7b in view, of whom one has left, and 4 of 8/c; 2 more of that are elsewhere."""
    lessons = Lessons(dashboard)
    assert dashboard.services.settings.school.smallest_group == SMALLEST
    for number in range(6):
        lessons.enrol(f"b-{number}", "7b", archived=number == 0)
        lessons.observe(f"b-{number}", "happy")
    for number in range(6):
        lessons.enrol(f"c-{number}", "8/c")
    for number in range(SMALLEST - 1):
        lessons.observe(f"c-{number}", "tired", classroom=f"room-10{number}")
    return lessons


def by_name(client: Any) -> dict[str, dict[str, Any]]:
    return {view["group"]: view for view in client.get("/api/groups").json()}


def test_group_is_counted_without_those_who_have_left(dashboard: Dashboard, lessons: Lessons) -> None:
    view = by_name(dashboard.client("admin"))["7b"]
    assert (view["students"], view["present"], view["mix"]["happy"]) == (5, 5, 5)


def test_so_few_of_a_group_present_that_one_could_tell_who_are_not_shown(
    dashboard: Dashboard, lessons: Lessons
) -> None:
    view = by_name(dashboard.client("admin"))["8/c"]
    assert (view["students"], view["present"], view["mix"]) == (6, None, None)


def test_teacher_sees_their_own_groups_also_an_empty_one(dashboard: Dashboard, lessons: Lessons) -> None:
    views = by_name(dashboard.client("teacher", groups=["7b", "9a"]))
    assert {group: view["students"] for group, view in views.items()} == {"7b": 5, "9a": 0}


def test_timeline_of_a_group_has_those_who_are_in_it(dashboard: Dashboard, lessons: Lessons) -> None:
    client = dashboard.client("teacher", groups=["7b"])
    found = client.get("/api/groups/7b/timeline", params={"resolution": "hour"}).json()
    assert [(bucket["students"], bucket["shares"]["happy"]) for bucket in found["buckets"]] == [(5, 5)]
    assert not found["hidden"]


def test_timeline_leaves_out_when_so_few_were_there_and_says_so(dashboard: Dashboard, lessons: Lessons) -> None:
    client = dashboard.client("admin")
    found = client.get("/api/groups/8%2Fc/timeline", params={"resolution": "hour"}).json()
    assert (found["buckets"], found["hidden"]) == ([], True)
    lessons.observe(f"c-{SMALLEST}", ago=minutes(10))  # within the same hour: that makes five
    found = client.get("/api/groups/8/c/timeline", params={"resolution": "hour"}).json()
    assert ([bucket["students"] for bucket in found["buckets"]], found["hidden"]) == ([SMALLEST], False)


@pytest.mark.parametrize("path", ["/timeline", "/timeline.csv"])
def test_group_of_others_is_as_if_it_did_not_exist(dashboard: Dashboard, lessons: Lessons, path: str) -> None:
    teacher = dashboard.client("teacher", groups=["7b"])
    foreign, missing = teacher.get(f"/api/groups/8%2Fc{path}"), teacher.get(f"/api/groups/none{path}")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json() == missing.json()


def test_school_is_all_of_them_together_and_for_admins(dashboard: Dashboard, lessons: Lessons) -> None:
    found = dashboard.client("admin").get("/api/school/timeline", params={"resolution": "hour"}).json()
    (bucket,) = found["buckets"]
    assert (bucket["students"], bucket["shares"]["happy"], bucket["shares"]["tired"]) == (10, 6, 4)
    assert dashboard.client("teacher", groups=["7b"]).get("/api/school/timeline").status_code == 403
