"""Profiles over HTTP: who may do what, what is noted, and what a file of students does."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.testclient import TestClient

from central.accounts.audit import append
from central.config import SchoolSettings
from central.store.erasure import Erasure
from tests.central.lessons import Lessons
from tests.central.web_clients import Dashboard, open_dashboard

ADA = {"student_id": "s-001", "display_name": "Ada", "group": "7b", "consent_reference": "form 1"}
HEADER = "student_id,display_name,group,consent_reference,consent_expires"


@pytest.fixture
def lessons(dashboard: Dashboard) -> Lessons:
    return Lessons(dashboard)


@pytest.fixture
def admin(dashboard: Dashboard) -> TestClient:
    return dashboard.client("admin")


def audit(dashboard: Dashboard) -> list[tuple[str, str, str, str]]:
    """What was noted about students, the oldest first."""
    with dashboard.services.store.reading() as connection:
        found = connection.exec_driver_sql("SELECT account, action, subject, detail FROM audit ORDER BY number")
        return [tuple(row) for row in found if row[1].startswith("student.")]  # type: ignore[misc]


def send(client: TestClient, text: str, *, apply: bool = False) -> dict[str, Any]:
    answer = client.post(
        "/api/student-imports", params={"apply": apply}, content=text, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_profile_is_created_shown_changed_and_archived(dashboard: Dashboard, admin: TestClient) -> None:
    created = admin.post("/api/students", json=ADA | {"tags": ["choir", "choir"]})
    assert created.status_code == 201
    assert created.json() == ADA | {
        "tags": ["choir"], "notes": "", "consent_expires": None, "archived": False, "consent_expired": False,
        "created_at": "2026-03-02T09:15:31Z", "updated_at": "2026-03-02T09:15:31Z", "last_seen": None, "present": None,
    }  # fmt: skip
    assert admin.get("/api/students/s-001").json() == created.json()
    changed = admin.patch("/api/students/s-001", json={"notes": "a\nb", "group": None, "display_name": None})
    assert (changed.json()["notes"], changed.json()["group"], changed.json()["display_name"]) == ("a\nb", None, "Ada")
    assert admin.patch("/api/students/s-001", json={"archived": True}).json()["archived"]
    assert admin.get("/api/students").json()["items"] == []
    assert admin.get("/api/students?archived=true").json()["total"] == 1
    assert admin.patch("/api/students/s-001", json={"notes": "a\nb"}).status_code == 200  # nothing is new
    assert audit(dashboard) == [
        ("admin", "student.create", "s-001", ""),
        ("admin", "student.view", "s-001", ""),
        ("admin", "student.change", "s-001", "group, notes"),
        ("admin", "student.archive", "s-001", "archived"),
    ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"student_id": "S 1"}, "student_id"),
        ({"display_name": " Ada"}, "display_name"),
        ({"display_name": "A\x00da"}, "display_name"),
        ({"group": ".."}, "group"),
        ({"tags": ["x" * 33]}, "tags.0"),
        ({"notes": "x" * 2001}, "notes"),
        ({"consent_reference": ""}, "consent_reference"),
        ({"consent_expires": "soon"}, "consent_expires"),
        ({"surname": "L"}, "surname"),
    ],
)
def test_a_profile_that_cannot_be_is_refused_with_the_key(
    admin: TestClient, change: dict[str, Any], where: str
) -> None:
    answer = admin.post("/api/students", json=ADA | change)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]
    assert admin.get("/api/students").json()["total"] == 0


def test_a_second_profile_of_an_id_is_a_conflict(admin: TestClient) -> None:
    assert admin.post("/api/students", json=ADA).status_code == 201
    again = admin.post("/api/students", json=ADA)
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert "edit that" in again.json()["detail"]


def test_the_list_says_who_is_in_view_and_when_each_was_last_seen(admin: TestClient, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b", name="Ada")
    lessons.enrol("s-002", "7b", name="Bo")
    lessons.observe("s-001", "tired")
    ada, bo = admin.get("/api/students").json()["items"]
    assert (ada["last_seen"], ada["present"]["label"]) == ("2026-03-02T09:15:31Z", "tired")
    assert (ada["present"]["name"], ada["present"]["group"]) == ("Ada", "7b")
    assert (bo["last_seen"], bo["present"]) == (None, None)


def test_the_list_is_searched_filtered_and_paged(admin: TestClient, lessons: Lessons) -> None:
    for number in range(5):
        lessons.enrol(f"s-{number}", "7b" if number % 2 else "8a", name=f"Name {number}")
    first = admin.get("/api/students?limit=2").json()
    assert ([one["student_id"] for one in first["items"]], first["total"]) == (["s-0", "s-1"], 5)
    second = admin.get(f"/api/students?limit=4&after={first['next']}").json()
    assert ([one["student_id"] for one in second["items"]], second["next"]) == (["s-2", "s-3", "s-4"], None)
    assert admin.get("/api/students?group=7b").json()["total"] == 2
    assert admin.get("/api/students?query=NAME 3").json()["items"][0]["student_id"] == "s-3"
    gone = admin.get("/api/students?after=s-9")
    assert (gone.status_code, "first page" in gone.json()["detail"]) == (422, True)


def test_an_expired_consent_is_shown_by_the_schools_day(tmp_path: Path) -> None:
    with open_dashboard(tmp_path, school=SchoolSettings(timezone="Pacific/Kiritimati")) as dashboard:
        admin = dashboard.client("admin")
        admin.post("/api/students", json=ADA | {"consent_expires": "2026-03-02"})
        dashboard.now = datetime(2026, 3, 2, 9, 59, tzinfo=UTC)  # 14 hours later there
        assert not admin.get("/api/students/s-001").json()["consent_expired"]
        dashboard.now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
        assert admin.get("/api/students/s-001").json()["consent_expired"]


def test_a_teacher_sees_their_groups_and_changes_nothing(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b")
    lessons.enrol("s-002", "8a")
    lessons.enrol("s-003")
    teacher = dashboard.client("teacher", groups=["7b"])
    assert [one["student_id"] for one in teacher.get("/api/students").json()["items"]] == ["s-001"]
    assert teacher.get("/api/students?group=8a").json()["total"] == 0
    assert teacher.get("/api/students?query=s-002").json()["total"] == 0
    assert teacher.get("/api/students/s-001").status_code == 200
    missing = teacher.get("/api/students/s-999")
    for hidden in ("s-002", "s-003"):
        answer = teacher.get(f"/api/students/{hidden}")
        assert (answer.status_code, answer.json()) == (404, missing.json())
        assert teacher.get(f"/api/students?after={hidden}").json() == teacher.get("/api/students?after=s-9").json()
    _may_not_write(teacher)


def test_a_technician_sees_nobody(dashboard: Dashboard, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b")
    technician = dashboard.client("technician")
    assert technician.get("/api/students").status_code == 403
    assert technician.get("/api/students/s-001").status_code == 403
    _may_not_write(technician)


def _may_not_write(client: TestClient) -> None:
    csv = {"Content-Type": "text/csv"}
    answers = [
        client.post("/api/students", json=ADA | {"student_id": "s-100"}),
        client.patch("/api/students/s-001", json={"notes": "x"}),
        client.request("DELETE", "/api/students/s-001", json={"confirm": "s-001"}),
        client.get("/api/unknown-students"),
        client.get("/api/students.csv"),
        client.post("/api/student-imports?apply=true", content=HEADER, headers=csv),
    ]
    assert [answer.status_code for answer in answers] == [403] * 6


def test_ids_without_a_profile_are_listed_until_they_have_one(admin: TestClient, lessons: Lessons) -> None:
    lessons.observe("s-001", classroom="room-101")
    lessons.observe("s-001", classroom="room-102")
    assert admin.get("/api/unknown-students").json() == [
        {
            "student_id": "s-001", "classrooms": ["room-101", "room-102"], "observations": 2,
            "first_seen": "2026-03-02T09:15:31Z", "last_seen": "2026-03-02T09:15:31Z",
        }
    ]  # fmt: skip
    shown = admin.post("/api/students", json=ADA).json()
    assert (shown["present"]["name"], shown["present"]["classroom"]) == ("Ada", "room-102")
    assert admin.get("/api/unknown-students").json() == []


def test_a_file_is_looked_at_first_and_then_applied(dashboard: Dashboard, admin: TestClient, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b", name="Ada")
    lessons.observe("s-002")
    text = f"{HEADER}\ns-001,Ada,8a,form 1,\ns-002,Bo,8a,form 2,2026-07-31\n"
    rows = [
        {"line": 2, "student_id": "s-001", "action": "change"},
        {"line": 3, "student_id": "s-002", "action": "add"},
    ]
    assert send(admin, text) == {"applied": False, "rows": rows, "errors": []}
    assert admin.get("/api/students/s-002").status_code == 404
    assert send(admin, text, apply=True) == {"applied": True, "rows": rows, "errors": []}
    bo = admin.get("/api/students/s-002").json()
    assert (bo["consent_expires"], bo["present"]["name"]) == ("2026-07-31", "Bo")
    assert {row["action"] for row in send(admin, text, apply=True)["rows"]} == {"same"}
    imports = [entry for entry in audit(dashboard) if entry[1] == "student.import"]
    assert imports[0] == ("admin", "student.import", "", "1 added, 1 changed, 0 as they were")


def test_with_one_mistake_nothing_of_a_file_is_done(dashboard: Dashboard, admin: TestClient) -> None:
    found = send(admin, f"{HEADER}\ns-001,Ada,7b,form 1,\ns-002,Bo,7b,,31/7/26\n", apply=True)
    assert not found["applied"]
    assert found["errors"] == [
        {"where": "line 3", "reason": "consent_expires is '31/7/26'; write a date like 2026-07-31"},
        {"where": "line 3", "reason": "consent_reference is empty"},
    ]
    assert admin.get("/api/students").json()["total"] == 0
    assert audit(dashboard) == []


def test_a_file_that_is_too_large_or_no_csv_is_refused(admin: TestClient) -> None:
    large = admin.post("/api/student-imports", content="x" * (4 << 20) + "x", headers={"Content-Type": "text/csv"})
    assert large.status_code == 413
    assert admin.post("/api/student-imports", json={}).status_code == 415
    assert admin.get("/api/students").json()["total"] == 0
    assert send(admin, "")["errors"][0]["where"] == "line 1"


def test_what_is_exported_can_be_imported_again(dashboard: Dashboard, admin: TestClient, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b", name="=HYPERLINK(1)", tags=("choir", "a,b"), notes="one\ntwo")
    lessons.enrol("s-002", name="Åsa", archived=True)
    answer = admin.get("/api/students.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "\"'=HYPERLINK(1)" in answer.text or "'=HYPERLINK(1)" in answer.text
    again = send(admin, answer.content.decode())
    assert (again["errors"], [row["action"] for row in again["rows"]]) == ([], ["same", "same"])
    assert ("admin", "student.export", "", "2 profiles") in audit(dashboard)


def test_an_erasure_gives_a_receipt_and_leaves_nothing_to_be_seen(
    dashboard: Dashboard, admin: TestClient, lessons: Lessons
) -> None:
    lessons.enrol("s-001", "7b", name="Ada")
    lessons.observe("s-001", classroom="room-101")
    lessons.observe("s-001", classroom="simulated-1")
    answer = admin.request("DELETE", "/api/students/s-001", json={"confirm": "s-001"})
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert (receipt["student_id"], receipt["erased_by"], receipt["profile"]) == ("s-001", "admin", True)
    assert (receipt["observations"], receipt["aggregates"], receipt["retained_messages"]) == (2, 6, None)
    assert receipt["classrooms"] == [
        {"classroom": "room-101", "observations": 1},
        {"classroom": "simulated-1", "observations": 1},
    ]
    assert receipt["left_to_do"][0] == "room-101: on its device, run: sudo classpulse-edge forget s-001"
    assert not any("simulated-1" in todo for todo in receipt["left_to_do"])

    assert admin.get("/api/students/s-001").status_code == 404
    assert admin.get("/api/unknown-students").json() == []
    assert dashboard.services.live.snapshot().students == ()
    lessons.observe("s-001")
    assert admin.get("/api/unknown-students").json() == []
    (entry,) = [entry for entry in audit(dashboard) if entry[1] == "student.erase"]
    assert entry[2] == "s-001"
    assert receipt["receipt"] in entry[3]
    assert "Ada" not in str(audit(dashboard))

    assert admin.request("DELETE", "/api/students/s-001", json={"confirm": "s-001"}).json() == receipt
    assert send(admin, f"{HEADER}\ns-001,Ada,7b,form 1,\n", apply=True)["errors"][0]["where"] == "line 2"
    assert admin.post("/api/students", json=ADA).status_code == 201
    lessons.observe("s-001")
    assert admin.get("/api/students/s-001").json()["present"]["label"] == "happy"


def test_erasures_that_wait_for_each_other_keep_nobody_else_waiting(
    dashboard: Dashboard, admin: TestClient, lessons: Lessons
) -> None:
    services, searching, found = dashboard.services, threading.Event(), threading.Event()

    def search(student_id: str) -> None:
        searching.set()
        assert found.wait(60)

    slow = Erasure(services.store, services.clock, note=append, hide=services.live.erase, retained=search)
    students = ["s-001", "s-002", "s-003"]
    for student in students:
        lessons.enrol(student, "7b")
    statuses = []

    async def erase(browser: AsyncClient, student: str) -> None:
        answer = await browser.request("DELETE", f"/api/students/{student}", json={"confirm": student})
        statuses.append(answer.status_code)

    async def look_meanwhile() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        transport = ASGITransport(dashboard.but(erasure=slow).app)
        async with AsyncClient(
            transport=transport, base_url=dashboard.origin, headers=admin.headers, cookies=dict(admin.cookies)
        ) as browser, anyio.create_task_group() as group:  # fmt: skip
            for student in students:
                group.start_soon(erase, browser, student)
            try:
                with anyio.fail_after(20):
                    while not searching.is_set():
                        await anyio.sleep(0.001)
                    assert (await browser.get("/api/overview")).status_code == 200
                    assert statuses == []
            finally:
                found.set()

    anyio.run(look_meanwhile)
    assert statuses == [200, 200, 200]


def test_an_erasure_must_be_confirmed_with_the_id(admin: TestClient, lessons: Lessons) -> None:
    lessons.enrol("s-001", "7b")
    for body in ({"confirm": "s-002"}, {}):
        answer = admin.request("DELETE", "/api/students/s-001", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "confirm")
    assert admin.get("/api/students/s-001").status_code == 200
    unknown = admin.request("DELETE", "/api/students/s-009", json={"confirm": "s-009"})
    assert unknown.status_code == 404
