"""What every answer tells the browser, and how errors are said."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from central.config import WebSettings
from tests.central.web_clients import Dashboard, open_dashboard

BEHIND_PROXY = WebSettings(origin="https://classpulse.school.example", behind_proxy="127.0.0.1")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One for all of these tests, none of which changes anything that another one sees."""
    with open_dashboard(tmp_path_factory.mktemp("dashboard")) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def admin(dashboard: Dashboard) -> TestClient:
    return dashboard.client("admin")


@pytest.fixture(scope="module")
def built(dashboard: Dashboard, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A browser at a service with a dashboard in it."""
    folder = tmp_path_factory.mktemp("built")
    static = folder / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>ClassPulse</title>")
    (static / "icon.svg").write_text("<svg/>")
    (static / "assets" / "index-Ab12.js").write_text("export {}")
    (folder / "secret").write_text("not for browsers")
    return dashboard.but(static=static).stranger()


@pytest.mark.parametrize(
    "path",
    ["/", "/assets/index-Ab12.js", "/assets/missing.js", "/icon.svg", "/api/session", "/api/nothing", "/healthz"],
)
def test_every_answer_has_the_headers_that_owasp_recommends(built: TestClient, path: str) -> None:
    headers = built.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers
    assert "x-powered-by" not in headers


def test_a_page_may_run_the_scripts_of_its_own_build_and_no_others(built: TestClient) -> None:
    policy = dict(
        directive.split(" ", 1) for directive in built.get("/").headers["content-security-policy"].split("; ")
    )
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe-inline" not in policy["script-src"] + policy["default-src"]
    assert not any("unsafe-eval" in sources or "http" in sources or "*" in sources for sources in policy.values())


def test_browsers_that_came_by_tls_never_come_otherwise_again(tmp_path: Path) -> None:
    with open_dashboard(tmp_path, web=BEHIND_PROXY) as dashboard:
        told = dashboard.stranger().get("/api/session").headers["strict-transport-security"]
        assert int(told.removeprefix("max-age=")) >= 31536000


def test_on_loopback_without_tls_browsers_are_not_told_to_use_it(dashboard: Dashboard) -> None:
    assert "strict-transport-security" not in dashboard.stranger().get("/api/session").headers


@pytest.mark.parametrize("path", ["/api/session", "/api/settings", "/api/audit.csv", "/api/nothing", "/healthz"])
def test_no_cache_keeps_an_answer_of_the_api(admin: TestClient, path: str) -> None:
    assert admin.get(path).headers["cache-control"] == "no-store"


def test_assets_are_kept_for_ever_and_the_page_is_asked_for_each_time(built: TestClient) -> None:
    assert "immutable" in built.get("/assets/index-Ab12.js").headers["cache-control"]
    assert built.get("/").headers["cache-control"] == "no-cache"
    assert built.get("/icon.svg").headers["cache-control"] == "no-cache"
    assert built.get("/assets/missing.js").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/students/s-001", "/invitation", "/settings", "/no/such/page"])
def test_the_page_is_served_for_every_address_of_the_dashboard(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/assets/missing.js", "/assets/", "/ws/nothing"])
def test_an_address_of_the_api_that_does_not_exist_is_no_page(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/assets/../../secret",
        "/assets/%2e%2e/%2e%2e/secret",
        "//secret",
        "/%00",
    ],
)
def test_no_address_leads_out_of_the_folder_of_the_dashboard(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert "not for browsers" not in answer.text
    assert answer.status_code in (200, 404)


def test_a_service_without_a_built_dashboard_says_how_to_get_one(dashboard: Dashboard, tmp_path: Path) -> None:
    browser = dashboard.but(static=tmp_path / "nothing").stranger()
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.json()["detail"]
    assert browser.get("/assets/index.js").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/session", 405),
        ("POST", "/students", 405),
        ("GET", "/api/audit?limit=0", 422),
        ("GET", "/api/audit?after=x", 422),
    ],
)
def test_errors_are_problems_that_say_what_to_do(admin: TestClient, method: str, path: str, status: int) -> None:
    answer = admin.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def test_a_busy_database_is_said_and_when_to_come_again(dashboard: Dashboard, admin: TestClient) -> None:
    with closing(sqlite3.connect(dashboard.services.settings.store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = admin.post("/api/accounts", json={"account": "a.smith", "role": "teacher"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert str(dashboard.services.settings.store.path) not in answer.text
    assert admin.post("/api/accounts", json={"account": "a.smith", "role": "teacher"}).status_code == 201


def test_a_mistake_of_the_program_tells_the_browser_nothing_and_the_journal_nothing_about_people(
    dashboard: Dashboard, admin: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    broken = dashboard.but(clock=_fails)
    browser = broken.stranger()
    browser.cookies.update(admin.cookies)
    with caplog.at_level(logging.DEBUG, "central"):
        answer = browser.get("/api/students/s-secret")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for text in (answer.text, caplog.text):
        assert "s-secret" not in text
        assert "Traceback" not in text
    assert "test_api_headers.py" in caplog.text  # where it happened
    assert "GET /api/students/{student_id} failed: RuntimeError" in caplog.text
    assert "RuntimeError" not in answer.text


def _fails() -> None:
    raise RuntimeError("something about s-secret")
