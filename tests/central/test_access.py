"""What every route asks for beside the role: a session, the legal note, the CSRF token."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from central.api.app import openapi
from central.store.account_tables import accounts
from tests.central.web_clients import Dashboard, open_dashboard

WITHOUT_SESSION = {"POST /api/session", "GET /api/invitation", "POST /api/invitation", "GET /healthz", "GET /metrics"}
BEFORE_THE_LEGAL_NOTE = {
    "GET /api/session",
    "DELETE /api/session",
    "POST /api/session/legal-note",
}


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One for all of these tests, none of which changes anything that another one sees."""
    with open_dashboard(tmp_path_factory.mktemp("dashboard")) as dashboard:
        yield dashboard


def _ask(client: TestClient, route: str) -> tuple[int, str]:
    """The status, and the type of the problem if it is one."""
    method, path = route.split()
    answer = client.request(method, re.sub(r"\{\w+\}", "nobody", path))
    problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["type"] if problem else ""


def _routes(dashboard: Dashboard) -> set[str]:
    """Those that need a session."""
    paths = openapi(dashboard.app)["paths"].items()
    known = {f"{method.upper()} {path}" for path, methods in paths for method in methods}
    assert known > WITHOUT_SESSION | BEFORE_THE_LEGAL_NOTE
    return known - WITHOUT_SESSION


def test_before_the_legal_note_is_accepted_there_is_nothing_but_the_session(dashboard: Dashboard) -> None:
    admin = dashboard.client("admin", note=False, name="not-yet")
    routes = [*(_routes(dashboard) - BEFORE_THE_LEGAL_NOTE), "GET /api/openapi.json"]
    assert {route: _ask(admin, route) for route in routes} == dict.fromkeys(routes, (403, "/problems/legal-note"))


@pytest.mark.parametrize(
    ("name", "token"), [("nothing", None), ("empty", b""), ("invented", b"0" * 64), ("no-ascii", b"\xe4")]
)
def test_what_changes_something_needs_the_csrf_token(dashboard: Dashboard, name: str, token: bytes | None) -> None:
    admin = dashboard.client("admin", name=name)
    del admin.headers["X-CSRF-Token"]
    if token is not None:
        admin.headers.update([(b"X-CSRF-Token", token)])
    routes = [route for route in _routes(dashboard) if not route.startswith("GET ")]
    assert len(routes) >= 10
    assert {route: _ask(admin, route)[0] for route in routes} == dict.fromkeys(routes, 403)


def test_the_csrf_token_of_another_session_does_not_do(dashboard: Dashboard) -> None:
    admin, other = dashboard.client("admin", name="one"), dashboard.client("admin", name="other")
    own = admin.headers["X-CSRF-Token"]
    admin.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    assert _ask(admin, "DELETE /api/session")[0] == 403
    admin.headers["X-CSRF-Token"] = own
    assert _ask(admin, "DELETE /api/session")[0] == 204


def test_a_locked_account_is_out_at_once(dashboard: Dashboard) -> None:
    teacher = dashboard.client("teacher", name="locked")
    assert _ask(teacher, "GET /api/overview")[0] == 200
    # Past the program, which ends its sessions as well: somebody in a hurry, with the file in hand.
    with dashboard.services.store.writing() as connection:
        connection.execute(sa.update(accounts).filter_by(name="locked").values(locked=True))
    assert _ask(teacher, "GET /api/overview")[0] == 401


def test_the_schema_is_for_whoever_is_logged_in_and_no_page_of_it_is_served(dashboard: Dashboard) -> None:
    schema = dashboard.client("technician", name="reader").get("/api/openapi.json").json()
    assert schema["components"]["schemas"]["Problem"]["properties"]["detail"]
    for path in ("/docs", "/redoc", "/openapi.json", "/api/docs"):
        assert "swagger" not in dashboard.stranger().get(path).text.lower()
