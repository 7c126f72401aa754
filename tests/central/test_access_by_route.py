"""Who may use which route: every route of the app, for everybody there is.

The table below is compared with the app's own routes, so that a route without an entry is a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from fastapi.routing import APIWebSocketRoute
from starlette.routing import BaseRoute, Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from central.accounts.sessions import Role
from tests.central.lessons import Lessons, minutes
from tests.central.web_clients import PASSWORD, Dashboard, open_dashboard

Viewer = Literal["stranger", "admin", "own teacher", "another teacher", "technician"]
OWN, OTHER = "7b", "8c"
"""The groups of the two teachers. Everything that the paths below name belongs to OWN."""
SECRETS = ("s-001", "Ada")
VIEWERS: dict[Viewer, tuple[Role | None, list[str]]] = {
    "stranger": (None, []),
    "admin": ("admin", []),
    "own teacher": ("teacher", [OWN]),
    "another teacher": ("teacher", [OTHER]),
    "technician": ("technician", []),
}

ADMIN: set[Role | None] = {"admin"}
LABELS: set[Role | None] = {"admin", "teacher"}
MACHINES: set[Role | None] = {"admin", "technician"}
LOGGED_IN: set[Role | None] = {"admin", "teacher", "technician"}
PUBLIC: set[Role | None] = {None, *LOGGED_IN}

NEW_STUDENT = {"student_id": "s-new", "display_name": "New", "consent_reference": "form 2"}


@dataclass(frozen=True)
class Use:
    """A request to a route, and who may make it."""

    who: set[Role | None]
    path: str
    status: int = 200
    """What those get who may."""
    send: dict[str, Any] = field(default_factory=dict)
    of_a_group: bool = False
    """It is about somebody or something of one group: for a teacher of another one it is as if it did not exist."""
    new_login: bool = False
    """It changes or ends the session."""


USES = {
    "GET /api/session": Use(LOGGED_IN, "/api/session"),
    "POST /api/session": Use(
        PUBLIC, "/api/session", send={"json": {"account": "somebody", "password": PASSWORD}}, new_login=True
    ),
    "DELETE /api/session": Use(LOGGED_IN, "/api/session", 204, new_login=True),
    "POST /api/session/legal-note": Use(LOGGED_IN, "/api/session/legal-note"),
    "POST /api/session/password": Use(
        LOGGED_IN, "/api/session/password", send={"json": {"current": PASSWORD, "new": "one more long pass phrase"}},
        new_login=True,
    ),
    # Whoever has the link may use it. There is no such link, which is said to everybody alike.
    "GET /api/invitation": Use(PUBLIC, "/api/invitation", 404, {"headers": {"X-Invitation": "none"}}),
    "POST /api/invitation": Use(PUBLIC, "/api/invitation", 404, {"json": {"token": "none", "password": PASSWORD}}),
    "GET /api/overview": Use(LABELS, "/api/overview"),
    "GET /api/classrooms/{classroom}": Use(LABELS, "/api/classrooms/room-101"),
    "GET /api/classrooms/{classroom}/timeline": Use(LABELS, "/api/classrooms/room-101/timeline"),
    "GET /api/classrooms/{classroom}/timeline.csv": Use(LABELS, "/api/classrooms/room-101/timeline.csv"),
    "GET /api/groups": Use(LABELS, "/api/groups"),
    "GET /api/groups/{group}/timeline": Use(LABELS, "/api/groups/7b/timeline", of_a_group=True),
    "GET /api/groups/{group}/timeline.csv": Use(LABELS, "/api/groups/7b/timeline.csv", of_a_group=True),
    "GET /api/school/timeline": Use(ADMIN, "/api/school/timeline"),
    "GET /api/students": Use(LABELS, "/api/students"),
    "POST /api/students": Use(ADMIN, "/api/students", 201, {"json": NEW_STUDENT}),
    "GET /api/students/{student_id}": Use(LABELS, "/api/students/s-001", of_a_group=True),
    "PATCH /api/students/{student_id}": Use(ADMIN, "/api/students/s-001", send={"json": {"notes": "a note"}}),
    "DELETE /api/students/{student_id}": Use(ADMIN, "/api/students/s-leaver", send={"json": {"confirm": "s-leaver"}}),
    "GET /api/students/{student_id}/timeline": Use(LABELS, "/api/students/s-001/timeline", of_a_group=True),
    "GET /api/students/{student_id}/timeline.csv": Use(LABELS, "/api/students/s-001/timeline.csv", of_a_group=True),
    "GET /api/students/{student_id}/pattern": Use(LABELS, "/api/students/s-001/pattern", of_a_group=True),
    "GET /api/students/{student_id}/observations": Use(LABELS, "/api/students/s-001/observations", of_a_group=True),
    "GET /api/students/{student_id}/observations.csv": Use(
        LABELS, "/api/students/s-001/observations.csv", of_a_group=True
    ),
    "GET /api/students.csv": Use(ADMIN, "/api/students.csv"),
    "GET /api/unknown-students": Use(ADMIN, "/api/unknown-students"),
    "POST /api/student-imports": Use(
        ADMIN, "/api/student-imports", send={"content": b"student_id\n", "headers": {"Content-Type": "text/csv"}}
    ),
    "GET /api/devices": Use(MACHINES, "/api/devices"),
    "GET /api/accounts": Use(ADMIN, "/api/accounts"),
    "POST /api/accounts": Use(ADMIN, "/api/accounts", 201, {"json": {"account": "newcomer", "role": "technician"}}),
    "PATCH /api/accounts/{account}": Use(ADMIN, "/api/accounts/leaver", send={"json": {"groups": [OWN]}}),
    "POST /api/accounts/{account}/invitation": Use(ADMIN, "/api/accounts/leaver/invitation", 201),
    "DELETE /api/accounts/{account}": Use(ADMIN, "/api/accounts/goner", 204),
    "GET /api/audit": Use(ADMIN, "/api/audit"),
    "GET /api/audit.csv": Use(ADMIN, "/api/audit.csv"),
    "GET /api/settings": Use(LOGGED_IN, "/api/settings"),
    "GET /api/openapi.json": Use(LOGGED_IN, "/api/openapi.json"),
    "GET /healthz": Use(PUBLIC, "/healthz"),
    # Not for who is logged in, but for machines: tests/central/test_health_api.py.
    "GET /metrics": Use(PUBLIC, "/metrics", 401),
    # The dashboard's own files hold nobody.
    "GET /{path}": Use(PUBLIC, "/students/s-001"),
    "HEAD /{path}": Use(PUBLIC, "/students/s-001"),
    "MOUNT /assets": Use(PUBLIC, "/assets/none.js", 404),
}  # fmt: skip
SOCKET = "SOCKET /ws/live"


def names(routes: Iterable[BaseRoute]) -> Iterator[str]:
    """METHOD /path of every route, those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from names(included.routes)
        elif isinstance(route, Mount):
            yield f"MOUNT {route.path}"
        elif isinstance(route, APIWebSocketRoute):
            yield f"SOCKET {route.path}"
        else:
            path: Any = getattr(route, "path_format", route)
            yield from (f"{method} {path}" for method in getattr(route, "methods", None) or ["?"])


class School:
    """A dashboard with students of both groups, and everybody logged in."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._logins = 0
        populate(dashboard, with_own=True)
        for name in ("somebody", "leaver", "goner"):
            dashboard.client("teacher", name=name)
        self._clients = {viewer: self.log_in(viewer) for viewer in VIEWERS}

    def log_in(self, viewer: Viewer) -> TestClient:
        role, groups = VIEWERS[viewer]
        self._logins += 1
        if role is None:
            return self._dashboard.stranger()
        return self._dashboard.client(role, groups=groups, name=f"viewer-{self._logins}")

    def ask(self, name: str, viewer: Viewer) -> Any:
        use = USES[name]
        client = self.log_in(viewer) if use.new_login else self._clients[viewer]
        method = name.split()[0].replace("MOUNT", "GET")
        return client.request(method, use.path, **use.send)

    def look(self, viewer: Viewer) -> Any:
        """The first thing that the socket says; raises WebSocketDisconnect if it says nothing."""
        address = f"ws://{self._clients[viewer].base_url.netloc.decode()}/ws/live"
        said = None
        # Leaving, the test client may cancel the app before the app has heard that its browser left.
        with suppress(CancelledError), self._clients[viewer].websocket_connect(address) as socket:
            said = socket.receive_json()
        return said


def populate(dashboard: Dashboard, *, with_own: bool) -> None:
    """One student of OTHER in the room for four minutes; with_own: and four students beside, three of them of OWN."""
    lessons = Lessons(dashboard)
    lessons.status("room-101", True)
    lessons.enrol("s-100", OTHER, name="Zoe")
    if with_own:
        lessons.enrol("s-001", OWN, name="Ada")
        lessons.enrol("s-002", OWN)
        lessons.enrol("s-leaver", OWN)
    for ago in (3, 2, 1, 0):
        # Within the same minutes: of a lesson nobody is told more than that somebody was there, which is `coverage`.
        lessons.observe("s-100", "neutral", ago=minutes(ago + 0.5))
        if with_own:
            lessons.observe("s-001", "tired", ago=minutes(ago))
            lessons.observe("s-002", "sad", ago=minutes(ago))
            lessons.observe("s-unknown", "angry", ago=minutes(ago), late=ago > 0)
    if with_own:
        lessons.observe("s-001", "happy", classroom="room-102")


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets").mkdir()
    return folder


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, static: Path) -> Iterator[School]:
    with open_dashboard(tmp_path_factory.mktemp("school")) as dashboard:
        yield School(dashboard.but(static=static))


def test_every_route_of_the_app_has_an_entry_here(dashboard: Dashboard) -> None:
    assert sorted({*USES, SOCKET}) == sorted(names(dashboard.app.routes))


@pytest.mark.parametrize("name", USES)
def test_route_is_for_those_who_may_use_it_and_for_nobody_else(school: School, name: str) -> None:
    # Those who may come last: what they do may only be possible once.
    order = sorted(VIEWERS, key=lambda viewer: VIEWERS[viewer][0] in USES[name].who)
    assert {viewer: school.ask(name, viewer).status_code for viewer in order} == {
        viewer: expected(USES[name], viewer) for viewer in order
    }


def expected(use: Use, viewer: Viewer) -> int:
    role = VIEWERS[viewer][0]
    if role not in use.who:
        return 401 if role is None else 403
    return 404 if viewer == "another teacher" and use.of_a_group else use.status


@pytest.mark.parametrize("name", [name for name in USES if not USES[name].new_login])
@pytest.mark.parametrize("viewer", ["stranger", "another teacher", "technician"])
def test_nobody_who_may_not_see_a_student_is_told_of_one(school: School, name: str, viewer: Viewer) -> None:
    answer = school.ask(name, viewer)
    said = f"{answer.text} {answer.headers}"
    assert not [secret for secret in SECRETS if secret in said]


def test_socket_shows_students_to_those_who_may_see_them(school: School) -> None:
    def students(viewer: Viewer) -> set[str]:
        rooms = school.look(viewer)["classrooms"]
        return {student["student_id"] for room in rooms for student in room["students"]}

    assert students("admin") == {"s-100", "s-001", "s-002", "s-unknown"}
    assert students("own teacher") == {"s-001", "s-002"}
    assert students("another teacher") == {"s-100"}


@pytest.mark.parametrize(("viewer", "code"), [("stranger", 4401), ("technician", 4403)])
def test_socket_is_closed_to_those_who_may_not_see_students(school: School, viewer: Viewer, code: int) -> None:
    with pytest.raises(WebSocketDisconnect) as closed:
        school.look(viewer)
    assert closed.value.code == code


def test_students_of_other_groups_change_nothing_that_a_teacher_is_told(
    tmp_path_factory: pytest.TempPathFactory, static: Path
) -> None:
    told = []
    for with_own in (True, False):
        with open_dashboard(tmp_path_factory.mktemp("school")) as dashboard:
            populate(dashboard, with_own=with_own)
            # room-102 is there without them as well: which rooms have a device is no secret.
            Lessons(dashboard).status("room-102", True)
            teacher = dashboard.but(static=static).client("teacher", groups=[OTHER])
            told.append(dict(everything_told(teacher)))
    assert told[0] == told[1]
    assert '"total":4' in told[0]["/api/students/s-100/observations"][1]


def everything_told(client: TestClient) -> Iterator[tuple[str, tuple[int, str]]]:
    for name, use in USES.items():
        # The session's token is always another one; and settings count what the whole school has stored.
        if name.startswith("GET ") and name not in ("GET /api/session", "GET /api/settings"):
            for path in {use.path, use.path.replace("s-001", "s-100").replace(OWN, OTHER)}:
                answer = client.get(path, params={"resolution": "minute"}, **use.send)
                yield path, (answer.status_code, answer.text)
