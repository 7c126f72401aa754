"""Logging in and out, and how long a session lasts, as a browser sees it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from central.accounts.sessions import IDLE, LONGEST
from central.config import WebSettings
from central.store.account_tables import accounts
from tests.central.stored import NOW, rows
from tests.central.web_clients import PASSWORD, Dashboard, open_dashboard

BEHIND_PROXY = WebSettings(origin="https://classpulse.school.example", behind_proxy="127.0.0.1")
LOGIN = {"account": "teacher", "password": PASSWORD}


@pytest.fixture
def teacher(dashboard: Dashboard) -> TestClient:
    return dashboard.client("teacher", groups=["7b"])


def _token(client: TestClient) -> str:
    return client.cookies["classpulse"]


def _status(dashboard: Dashboard, token: str) -> int:
    """What whoever shows this token gets."""
    cookie = f"classpulse={token}".encode()
    return dashboard.stranger().get("/api/session", headers={b"Cookie": cookie}).status_code


def test_whoever_is_logged_in_sees_who_they_are(teacher: TestClient) -> None:
    session = teacher.get("/api/session").json()
    assert (session["account"], session["role"], session["groups"]) == ("teacher", "teacher", ["7b"])
    assert session["legal_note_accepted"]
    assert session["school"] == {
        "name": "Our school",
        "timezone": "UTC",
        "smallest_group": 5,
        "present_seconds": 60.0,
    }


def test_without_a_session_there_is_nothing_to_see(dashboard: Dashboard) -> None:
    answer = dashboard.stranger().get("/api/session")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("token", ["", "x", "ä", "0" * 43, "0" * 4000])
def test_a_token_that_was_never_given_out_is_nobodys(dashboard: Dashboard, teacher: TestClient, token: str) -> None:
    assert _status(dashboard, token) == 401


def test_a_login_gives_a_new_token_and_ends_the_session_before(dashboard: Dashboard, teacher: TestClient) -> None:
    before = _token(teacher)
    answer = teacher.post("/api/session", json=LOGIN)
    assert answer.status_code == 200
    assert (_status(dashboard, before), _status(dashboard, _token(teacher))) == (401, 200)


def test_a_name_may_be_typed_with_blanks_and_capitals(dashboard: Dashboard, teacher: TestClient) -> None:
    login = {"account": " Teacher ", "password": PASSWORD}
    assert dashboard.stranger().post("/api/session", json=login).status_code == 200


def test_a_token_that_a_stranger_plants_before_the_login_does_not_become_a_session(
    dashboard: Dashboard, teacher: TestClient
) -> None:
    browser = dashboard.stranger()
    answer = browser.post("/api/session", json=LOGIN, headers={"Cookie": "classpulse=planted"})
    assert answer.status_code == 200
    assert _status(dashboard, "planted") == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(dashboard: Dashboard, teacher: TestClient) -> None:
    cookie = dashboard.stranger().post("/api/session", json=LOGIN).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("classpulse=")
    assert sorted(attributes) == ["HttpOnly", f"Max-Age={7 * 86400}", "Path=/", "SameSite=strict"]


def test_over_tls_the_cookie_is_bound_to_this_host_and_never_sent_in_the_open(tmp_path: Path) -> None:
    with open_dashboard(tmp_path, web=BEHIND_PROXY) as dashboard:
        browser = dashboard.client("teacher")
        answer = browser.post("/api/session", json=LOGIN)
        name, *attributes = answer.headers["set-cookie"].split("; ")
        assert name.startswith("__Host-classpulse=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(attributes)
        assert not any(one.startswith("Domain") for one in attributes)
        assert browser.get("/api/session").status_code == 200


def test_the_database_holds_no_token_that_opens_anything(dashboard: Dashboard, teacher: TestClient) -> None:
    path = dashboard.services.settings.store.path
    stored = rows(path, "SELECT token_hash FROM sessions")
    assert stored == [(hashlib.sha256(_token(teacher).encode()).digest(),)]
    assert all(_token(teacher).encode() not in file.read_bytes() for file in path.parent.iterdir() if file.is_file())


def test_a_session_ends_after_twelve_idle_hours(dashboard: Dashboard, teacher: TestClient) -> None:
    dashboard.now = NOW + IDLE - timedelta(minutes=1)
    assert teacher.get("/api/session").status_code == 200  # and it was used
    dashboard.now += IDLE - timedelta(minutes=1)
    assert teacher.get("/api/session").status_code == 200
    dashboard.now += IDLE
    assert teacher.get("/api/session").status_code == 401


def test_what_an_open_page_asks_by_itself_does_not_prolong_the_session(
    dashboard: Dashboard, teacher: TestClient
) -> None:
    until = teacher.get("/api/session").json()["expires_at"]
    dashboard.now = NOW + IDLE - timedelta(minutes=1)
    background = teacher.get("/api/overview", headers={"X-Background": "1"})
    assert background.status_code == 200
    assert teacher.get("/api/session", headers={"X-Background": "1"}).json()["expires_at"] == until
    dashboard.now += timedelta(minutes=1)
    assert teacher.get("/api/session").status_code == 401


def test_a_session_ends_after_seven_days_however_busy_it_is(dashboard: Dashboard, teacher: TestClient) -> None:
    while dashboard.now < NOW + LONGEST:
        answer = teacher.get("/api/session")
        assert answer.status_code == 200
        dashboard.now += timedelta(hours=8)
    assert teacher.get("/api/session").status_code == 401


def test_a_session_says_until_when_it_lasts(dashboard: Dashboard, teacher: TestClient) -> None:
    assert teacher.get("/api/session").json()["expires_at"] == "2026-03-02T21:15:31Z"


def test_a_logout_ends_the_session_in_the_browser_and_in_the_database(
    dashboard: Dashboard, teacher: TestClient
) -> None:
    token = _token(teacher)
    answer = teacher.delete("/api/session")
    assert answer.status_code == 204
    assert "classpulse" not in teacher.cookies
    assert _status(dashboard, token) == 401


def test_a_new_password_ends_all_other_sessions(dashboard: Dashboard, teacher: TestClient) -> None:
    other = dashboard.stranger()
    assert other.post("/api/session", json=LOGIN).status_code == 200
    new = "seven swans a-swimming"
    answer = teacher.post("/api/session/password", json={"current": PASSWORD, "new": new})
    assert answer.status_code == 200
    assert teacher.get("/api/session").status_code == 200
    assert other.get("/api/session").status_code == 401
    assert other.post("/api/session", json=LOGIN).status_code == 401
    assert other.post("/api/session", json={"account": "teacher", "password": new}).status_code == 200
    # The page goes on with the token of its new session.
    teacher.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    assert teacher.delete("/api/session").status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"current": "wrong", "new": "seven swans a-swimming"}, "current", id="the old one is wrong"),
        pytest.param({"current": PASSWORD, "new": "short"}, "new", id="the new one is too short"),
        pytest.param({"current": PASSWORD, "new": "teacher-2026!"}, "new", id="the new one is the name"),
    ],
)
def test_a_password_change_that_is_refused_says_which_field_is_wrong(
    teacher: TestClient, change: dict[str, str], field: str
) -> None:
    answer = teacher.post("/api/session/password", json=change)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [field]
    assert teacher.post("/api/session", json=LOGIN).status_code == 200


def test_before_the_legal_note_is_accepted_nothing_else_is_shown(dashboard: Dashboard) -> None:
    browser = dashboard.client("admin", note=False)
    assert not browser.get("/api/session").json()["legal_note_accepted"]
    refused = browser.get("/api/accounts")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/legal-note")
    assert browser.post("/api/session/legal-note").json()["legal_note_accepted"]
    assert browser.get("/api/accounts").status_code == 200


def test_the_legal_note_stays_accepted_at_the_next_login(dashboard: Dashboard, teacher: TestClient) -> None:
    assert dashboard.stranger().post("/api/session", json=LOGIN).json()["legal_note_accepted"]


def test_an_outdated_hash_is_made_anew_at_the_next_login(dashboard: Dashboard, teacher: TestClient) -> None:
    path = dashboard.services.settings.store.path
    hashed = "SELECT password_hash FROM accounts"
    before = rows(path, hashed)
    assert dashboard.stranger().post("/api/session", json=LOGIN).status_code == 200
    assert rows(path, hashed) == before  # it was made with the parameters of today
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    with dashboard.services.store.writing() as connection:
        connection.execute(sa.update(accounts).values(password_hash=old))
    assert dashboard.stranger().post("/api/session", json=LOGIN).status_code == 200
    assert "t=1" in str(rows(path, hashed)[0][0])
    assert dashboard.stranger().post("/api/session", json=LOGIN).status_code == 200
