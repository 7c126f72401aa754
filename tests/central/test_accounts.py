"""Who may log in: what an admin does in Settings, and what comes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from central.accounts.invitations import LASTS
from tests.central.stored import NOW, rows
from tests.central.web_clients import PASSWORD, Dashboard

TEACHER = {"account": "a.smith", "role": "teacher", "groups": ["7b", "7a", "7b"]}


@pytest.fixture
def admin(dashboard: Dashboard) -> TestClient:
    return dashboard.client("admin")


def _token(answer_path: str) -> str:
    path, _, token = answer_path.partition("#")
    assert path == "/invitation"
    return token


def _redeem(dashboard: Dashboard, path: str, password: str = PASSWORD) -> TestClient:
    browser = dashboard.stranger()
    answer = browser.post("/api/invitation", json={"token": _token(path), "password": password})
    assert answer.status_code == 200, answer.text
    browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return browser


def test_a_new_account_is_invited_and_chooses_its_password(dashboard: Dashboard, admin: TestClient) -> None:
    made = admin.post("/api/accounts", json=TEACHER)
    assert made.status_code == 201
    assert made.json()["expires_at"] == "2026-03-04T09:15:31Z"
    token = _token(made.json()["path"])
    stranger = dashboard.stranger()
    shown = stranger.get("/api/invitation", headers={"X-Invitation": token})
    assert shown.json() == {"account": "a.smith", "role": "teacher"}
    browser = _redeem(dashboard, made.json()["path"])
    session = browser.get("/api/session").json()
    assert (session["account"], session["groups"], session["legal_note_accepted"]) == ("a.smith", ["7a", "7b"], False)


def test_the_list_shows_who_has_come_in_and_who_is_only_invited(dashboard: Dashboard, admin: TestClient) -> None:
    made = admin.post("/api/accounts", json=TEACHER).json()
    invited = {one["account"]: one for one in admin.get("/api/accounts").json()}["a.smith"]
    assert (invited["active"], invited["invited_until"], invited["last_login"]) == (False, "2026-03-04T09:15:31Z", None)
    dashboard.now += timedelta(hours=1)
    _redeem(dashboard, made["path"])
    there = {one["account"]: one for one in admin.get("/api/accounts").json()}["a.smith"]
    assert (there["active"], there["invited_until"], there["last_login"]) == (True, None, "2026-03-02T10:15:31Z")


def test_an_invitation_works_once(dashboard: Dashboard, admin: TestClient) -> None:
    path = admin.post("/api/accounts", json=TEACHER).json()["path"]
    _redeem(dashboard, path)
    again = dashboard.stranger().post("/api/invitation", json={"token": _token(path), "password": "another one, mine"})
    assert again.status_code == 404
    login = {"account": "a.smith", "password": PASSWORD}
    assert dashboard.stranger().post("/api/session", json=login).status_code == 200


def test_an_invitation_is_too_old_after_two_days(dashboard: Dashboard, admin: TestClient) -> None:
    token = _token(admin.post("/api/accounts", json=TEACHER).json()["path"])
    stranger = dashboard.stranger()
    dashboard.now = NOW + LASTS - timedelta(seconds=1)
    assert stranger.get("/api/invitation", headers={"X-Invitation": token}).status_code == 200
    dashboard.now = NOW + LASTS
    assert stranger.get("/api/invitation", headers={"X-Invitation": token}).status_code == 404
    assert stranger.post("/api/invitation", json={"token": token, "password": PASSWORD}).status_code == 404


def test_a_new_invitation_replaces_the_one_before(dashboard: Dashboard, admin: TestClient) -> None:
    first = admin.post("/api/accounts", json=TEACHER).json()["path"]
    second = admin.post("/api/accounts/a.smith/invitation")
    assert second.status_code == 201
    lost = dashboard.stranger().post("/api/invitation", json={"token": _token(first), "password": PASSWORD})
    assert lost.status_code == 404
    _redeem(dashboard, second.json()["path"])


def test_a_weak_password_does_not_use_the_invitation_up(dashboard: Dashboard, admin: TestClient) -> None:
    path = admin.post("/api/accounts", json=TEACHER).json()["path"]
    weak = dashboard.stranger().post("/api/invitation", json={"token": _token(path), "password": "password1234"})
    assert (weak.status_code, [one["where"] for one in weak.json()["errors"]]) == (422, ["password"])
    _redeem(dashboard, path)


def test_a_reset_by_invitation_ends_the_old_password_and_the_old_sessions(
    dashboard: Dashboard, admin: TestClient
) -> None:
    browser = dashboard.client("teacher")
    path = admin.post("/api/accounts/teacher/invitation").json()["path"]
    assert browser.get("/api/session").status_code == 200
    _redeem(dashboard, path, "seven swans a-swimming")
    assert browser.get("/api/session").status_code == 401
    assert browser.post("/api/session", json={"account": "teacher", "password": PASSWORD}).status_code == 401


def test_the_database_holds_no_invitation_that_opens_anything(dashboard: Dashboard, admin: TestClient) -> None:
    token = _token(admin.post("/api/accounts", json=TEACHER).json()["path"])
    folder = dashboard.services.settings.store.path.parent
    assert all(token.encode() not in file.read_bytes() for file in folder.iterdir() if file.is_file())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"role": "technician"}, id="another role"),
        pytest.param({"groups": ["8c"]}, id="other groups"),
        pytest.param({"locked": True}, id="locked"),
    ],
)
def test_whoever_is_changed_has_to_log_in_again(
    dashboard: Dashboard, admin: TestClient, change: dict[str, object]
) -> None:
    browser = dashboard.client("teacher", groups=["7b"])
    answer = admin.patch("/api/accounts/teacher", json=change)
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in change} == change
    assert browser.get("/api/session").status_code == 401


def test_a_change_that_changes_nothing_logs_nobody_out(dashboard: Dashboard, admin: TestClient) -> None:
    browser = dashboard.client("teacher", groups=["7b"])
    same = {"role": "teacher", "groups": ["7b"], "locked": False}
    assert admin.patch("/api/accounts/teacher", json=same).status_code == 200
    assert browser.get("/api/session").status_code == 200


def test_a_teacher_who_becomes_something_else_has_no_groups_any_more(dashboard: Dashboard, admin: TestClient) -> None:
    dashboard.client("teacher", groups=["7b"])
    assert admin.patch("/api/accounts/teacher", json={"role": "admin"}).json()["groups"] == []
    assert admin.patch("/api/accounts/teacher", json={"role": "teacher"}).json()["groups"] == []


def test_a_locked_account_cannot_log_in_nor_be_invited_until_it_is_unlocked(
    dashboard: Dashboard, admin: TestClient
) -> None:
    browser = dashboard.client("teacher")
    open_link = admin.post("/api/accounts/teacher/invitation").json()["path"]
    admin.patch("/api/accounts/teacher", json={"locked": True})
    login = {"account": "teacher", "password": PASSWORD}
    assert browser.post("/api/session", json=login).status_code == 401
    assert admin.post("/api/accounts/teacher/invitation").status_code == 409
    chosen = {"token": _token(open_link), "password": PASSWORD}
    assert browser.post("/api/invitation", json=chosen).status_code == 404
    admin.patch("/api/accounts/teacher", json={"locked": False})
    assert browser.post("/api/invitation", json=chosen).status_code == 404
    assert browser.post("/api/session", json=login).status_code == 200


@pytest.mark.parametrize("change", [{"role": "teacher"}, {"locked": True}, None])
def test_the_last_admin_who_can_log_in_stays(
    dashboard: Dashboard, admin: TestClient, change: dict[str, object] | None
) -> None:
    # Another one that is only invited, or locked, is none who could help.
    admin.post("/api/accounts", json={"account": "invited", "role": "admin"})
    dashboard.client("admin", name="locked")
    admin.patch("/api/accounts/locked", json={"locked": True})
    answer = admin.patch("/api/accounts/admin", json=change) if change else admin.delete("/api/accounts/admin")
    assert answer.status_code == 409
    assert "only admin" in answer.json()["detail"]
    assert admin.get("/api/session").status_code == 200


def test_an_admin_may_go_when_there_is_another(dashboard: Dashboard, admin: TestClient) -> None:
    other = dashboard.client("admin", name="other")
    assert admin.delete("/api/accounts/admin").status_code == 204
    assert admin.get("/api/session").status_code == 401
    assert [one["account"] for one in other.get("/api/accounts").json()] == ["other"]


def test_a_removed_account_leaves_nothing_but_its_traces_in_the_audit_log(
    dashboard: Dashboard, admin: TestClient
) -> None:
    browser = dashboard.client("teacher", groups=["7b"])
    assert admin.delete("/api/accounts/teacher").status_code == 204
    assert browser.get("/api/session").status_code == 401
    path = dashboard.services.settings.store.path
    for table in ("accounts", "account_groups", "sessions", "invitations"):
        column = "name" if table == "accounts" else "account"
        assert rows(path, f"SELECT count(*) FROM {table} WHERE {column} = 'teacher'") == [(0,)], table
    assert admin.get("/api/audit", params={"subject": "teacher"}).json()["total"] > 0


@pytest.mark.parametrize(
    ("account", "status"),
    [
        pytest.param(TEACHER | {"account": "A.Smith"}, 422, id="capitals"),
        pytest.param(TEACHER | {"account": "a smith"}, 422, id="a blank"),
        pytest.param(TEACHER | {"account": "a" * 64}, 422, id="too long a name"),
        pytest.param(TEACHER | {"account": "system"}, 422, id="the name of central itself"),
        pytest.param(TEACHER | {"role": "janitor"}, 422, id="no such role"),
        pytest.param(TEACHER | {"role": "admin"}, 422, id="groups of an admin"),
        pytest.param(TEACHER | {"groups": [""]}, 422, id="a group without a name"),
        pytest.param(TEACHER | {"surprise": 1}, 422, id="an unknown key"),
        pytest.param(TEACHER | {"account": "admin"}, 409, id="a name that is taken"),
    ],
)
def test_an_account_that_cannot_be_is_refused(admin: TestClient, account: dict[str, object], status: int) -> None:
    assert admin.post("/api/accounts", json=account).status_code == status
    assert len(admin.get("/api/accounts").json()) == 1


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_account_that_does_not_exist_cannot_be_changed(admin: TestClient, method: str) -> None:
    assert admin.request(method, "/api/accounts/nobody", json={}).status_code == 404
    assert admin.post("/api/accounts/nobody/invitation").status_code == 404


def test_settings_tell_everybody_about_the_service_and_nothing_about_people(dashboard: Dashboard) -> None:
    shown = dashboard.client("technician").get("/api/settings").json()
    assert shown["broker"] == "127.0.0.1:8883"
    assert shown["broker_connected"]
    assert shown["store"]["keep_hours_days"] == 400
    assert shown["store"]["bytes"] > 0
    dashboard.broker_connected = False
    assert not dashboard.client("teacher").get("/api/settings").json()["broker_connected"]
