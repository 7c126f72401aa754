"""`/ws/live` as a browser finds it, with a real server behind a port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from central.api.models.observed import Present
from central.api.server import Entrance, WebServer
from central.api.socket import LiveConnections
from central.arrivals import Seen, Status
from central.config import WebSettings
from edge.notify import Notifier
from edge.watchdog import Watchdog
from tests.brokers import SECONDS, free_port, wait_until
from tests.central.stored import STREAM
from tests.central.web_clients import Dashboard, open_dashboard


class Lesson:
    """A dashboard that listens, fed as by the ingest."""

    def __init__(self, dashboard: Dashboard, port: int) -> None:
        self.dashboard, self._port = dashboard, port

    def see(self, student: str, label: str = "happy", room: str = "room-101") -> None:
        live = self.dashboard.services.live
        with live.feeding:
            live.feed([Seen(room, STREAM, 1, student, label, self.dashboard.now, False)], [])

    def status(self, room: str, online: bool) -> None:
        live = self.dashboard.services.live
        with live.feeding:
            live.feed([], [Status(room, online)])

    @contextmanager
    def open(self, client: TestClient, query: str = "", *, origin: str | None = None) -> Iterator[ClientConnection]:
        """As the page of that client does. origin: of another page."""
        with connect(
            f"ws://127.0.0.1:{self._port}/ws/live{query}",
            origin=Origin(origin or self.dashboard.origin),
            additional_headers={"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())},
            compression=None,
        ) as socket:
            yield socket


@pytest.fixture
def lesson(tmp_path: Path) -> Iterator[Lesson]:
    port = free_port()
    with open_dashboard(tmp_path, web=WebSettings(port=port)) as dashboard, serving(dashboard):
        yield Lesson(dashboard, port)


@contextmanager
def serving(dashboard: Dashboard) -> Iterator[WebServer]:
    heartbeat = Watchdog(Notifier(None), None).heartbeat("web", 90.0)
    services = dashboard.services
    with WebServer(
        dashboard.app, Entrance(services.settings.web), heartbeat, services.live_connections.close
    ) as server:
        yield server


def text(socket: ClientConnection) -> dict[str, Any]:
    """The next one."""
    content: dict[str, Any] = json.loads(socket.recv(SECONDS))
    return content


def changes(socket: ClientConnection) -> list[dict[str, Any]]:
    """Of the next text, which has some."""
    content = text(socket)
    assert content["type"] == "changes"
    found: list[dict[str, Any]] = content["changes"]
    return found


def closed_with(socket: ClientConnection, *, texts: int | None = None) -> int | None:
    """The code with which the server ends it, sooner or later. texts: so many come before."""
    count = 0
    with suppress(ConnectionClosedError):
        for _ in socket:
            count += 1
    assert texts in (None, count)
    return socket.close_code


def test_a_snapshot_comes_first_and_then_what_changes(lesson: Lesson) -> None:
    lesson.status("room-101", True)
    lesson.see("s-001", "sad")
    with lesson.open(lesson.dashboard.client("admin")) as socket:
        snapshot = text(socket)
        (room,) = snapshot["classrooms"]
        assert snapshot["type"] == "snapshot"
        assert (room["classroom"], room["simulated"], room["online"]) == ("room-101", False, True)
        (student,) = room["students"]
        assert Present.model_validate(student).label == "sad"
        lesson.see("s-001", "tired")
        (change,) = changes(socket)
        assert change.pop("kind") == "student"
        assert Present.model_validate(change).label == "tired"
        lesson.status("simulated-1", False)
        (change,) = changes(socket)
        assert (change["kind"], change["simulated"], change["online"]) == ("device", True, False)


def test_who_is_not_seen_any_more_is_told_to_be_gone_without_anything_coming(lesson: Lesson) -> None:
    lesson.see("s-001")
    with lesson.open(lesson.dashboard.client("admin")) as socket:
        text(socket)
        lesson.dashboard.now += lesson.dashboard.services.settings.school.present
        assert changes(socket) == [{"kind": "gone", "student_id": "s-001", "classroom": "room-101"}]


def test_a_teacher_hears_of_nobody_elses_students(lesson: Lesson) -> None:
    live = lesson.dashboard.services.live
    live.put_profile("s-001", "Ada", "7b")
    live.put_profile("s-002", "Bob", "7c")
    for student in ("s-001", "s-002", "s-003"):
        lesson.see(student)
    with lesson.open(lesson.dashboard.client("teacher", groups=["7b"])) as socket:
        (room,) = text(socket)["classrooms"]
        assert [student["student_id"] for student in room["students"]] == ["s-001"]
        for label in ("sad", "tired"):
            lesson.see("s-002", label)
            lesson.see("s-003", label)
        lesson.see("s-001", "sad")
        assert [change["student_id"] for change in changes(socket)] == ["s-001"]
        live.put_profile("s-001", "Ada", "7c")  # moved to another group: gone from this teacher's sight
        (room,) = text(socket)["classrooms"]
        assert room["students"] == []
        lesson.dashboard.now += lesson.dashboard.services.settings.school.present
        lesson.status("room-101", True)
        assert [change["kind"] for change in changes(socket)] == ["device"]  # and not who has gone


def test_a_slow_reader_gets_the_newest_state_and_no_queue(lesson: Lesson) -> None:
    students = [f"s-{number:03d}" for number in range(400)]
    with lesson.open(lesson.dashboard.client("admin")) as socket:
        text(socket)
        for turn in range(100):  # some 40 MB as texts, which no buffer between the two holds
            for student in students:
                lesson.see(student, "sad" if turn % 2 else "tired")
        for student in students:
            lesson.see(student, "angry")
        told = 0
        labels: dict[str, str] = {}
        while set(labels.values()) != {"angry"} or len(labels) < len(students):
            for change in changes(socket):
                if change["kind"] == "student":
                    told += 1
                    labels[change["student_id"]] = change["label"]
        assert told < 50 * len(students), "of 101 changes each most were passed over"


def test_a_connection_goes_on_where_the_one_before_ended(lesson: Lesson) -> None:
    admin = lesson.dashboard.client("admin")
    lesson.see("s-001")
    with lesson.open(admin) as socket:
        snapshot = text(socket)
    lesson.see("s-002")
    with lesson.open(admin, f"?epoch={snapshot['epoch']}&version={snapshot['version']}") as socket:
        assert [change["student_id"] for change in changes(socket)] == ["s-002"]
    other = lesson.dashboard.client("teacher", groups=["7b"])
    for query in (
        f"?epoch={snapshot['epoch']}&version=999999",
        f"?epoch={STREAM}&version={snapshot['version']}",  # of a process before this one
    ):
        with lesson.open(admin, query) as socket:
            assert text(socket)["type"] == "snapshot"
    with lesson.open(other, f"?epoch={snapshot['epoch']}&version={snapshot['version']}") as socket:
        assert text(socket)["type"] == "snapshot"  # who may know less begins anew


def test_silence_is_broken_by_a_heartbeat(tmp_path: Path) -> None:
    port = free_port()
    with open_dashboard(tmp_path, web=WebSettings(port=port)) as silent:
        dashboard = silent.but(live_connections=LiveConnections(heartbeat_seconds=0.01))
        with serving(dashboard), Lesson(dashboard, port).open(dashboard.client("admin")) as socket:
            version = text(socket)["version"]
            heartbeat = text(socket)
            assert (heartbeat["type"], heartbeat["version"]) == ("heartbeat", version)


def test_another_page_is_refused_whoever_visits_it(lesson: Lesson) -> None:
    with (
        pytest.raises(InvalidStatus) as error,
        lesson.open(lesson.dashboard.client("admin"), origin="http://evil.example"),
    ):
        pass
    assert error.value.response.status_code == 403


@pytest.mark.parametrize(
    ("who", "code"), [("stranger", 4401), ("technician", 4403), ("admin before the legal note", 4403)]
)
def test_who_may_see_no_labels_is_told_so_and_nothing_else(lesson: Lesson, who: str, code: int) -> None:
    lesson.see("s-001")
    dashboard = lesson.dashboard
    if who == "stranger":
        client = dashboard.stranger()
    elif who == "technician":
        client = dashboard.client("technician")
    else:
        client = dashboard.client("admin", note=False)
    with lesson.open(client) as socket:
        assert closed_with(socket, texts=0) == code


def test_a_session_that_ends_ends_its_sockets(lesson: Lesson) -> None:
    admin = lesson.dashboard.client("admin")
    with lesson.open(admin) as socket:
        text(socket)
        assert admin.delete("/api/session").status_code == 204
        assert closed_with(socket) == 4401


def test_an_erased_student_is_gone_from_every_screen_at_once(lesson: Lesson) -> None:
    lesson.see("s-001")
    lesson.see("s-002")
    with lesson.open(lesson.dashboard.client("admin")) as socket:
        text(socket)
        lesson.dashboard.services.live.erase("s-001")
        (room,) = text(socket)["classrooms"]
        assert [student["student_id"] for student in room["students"]] == ["s-002"]


def test_what_a_browser_says_is_passed_over_and_too_much_ends_it(lesson: Lesson) -> None:
    with lesson.open(lesson.dashboard.client("admin")) as socket:
        text(socket)
        socket.send("hello")
        lesson.see("s-001")
        assert len(changes(socket)) == 2  # the classroom is new too
        socket.send("x" * 100_000)
        assert closed_with(socket) == 1009


def test_a_stop_says_that_it_goes_away(tmp_path: Path) -> None:
    port = free_port()
    with open_dashboard(tmp_path, web=WebSettings(port=port)) as dashboard:
        lesson = Lesson(dashboard, port)
        codes: list[int | None] = []

        def watch(client: TestClient) -> None:
            with lesson.open(client) as socket:
                codes.append(closed_with(socket))

        with serving(dashboard):
            watching = threading.Thread(target=watch, args=[dashboard.client("admin")])
            watching.start()
            wait_until(lambda: dashboard.services.live_connections.count == 1)
        watching.join(SECONDS)
        assert codes == [1001]
        assert dashboard.services.live_connections.count == 0
