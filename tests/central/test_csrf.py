"""What is refused before any route sees it: other hosts and sites, what is too large, what is of the wrong kind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Message

from central.api.bodies import Bodies
from central.api.guards import Guard
from tests.central.web_clients import PASSWORD, Dashboard, open_dashboard

JSON = {"Content-Type": "application/json"}
LOGIN = {"account": "admin", "password": PASSWORD}


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One for all of these tests, none of which changes anything that another one sees."""
    with open_dashboard(tmp_path_factory.mktemp("dashboard")) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def admin(dashboard: Dashboard) -> TestClient:
    return dashboard.client("admin")


def _log_in(dashboard: Dashboard, **headers: str) -> int:
    """What a browser gets that sends these headers along."""
    browser = dashboard.stranger()
    del browser.headers["Origin"]
    return browser.post(
        "/api/session", json=LOGIN, headers={k.replace("_", "-"): v for k, v in headers.items()}
    ).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "http://127.0.0.1:8080"}, 200, id="the dashboard"),
        pytest.param({"Origin": "http://localhost:8080"}, 200, id="the dashboard by its other name"),
        pytest.param({"Origin": "http://127.0.0.1:8080", "Sec_Fetch_Site": "same-origin"}, 200, id="both"),
        pytest.param({"Sec_Fetch_Site": "same-origin"}, 200, id="only what the browser says of the site"),
        pytest.param({}, 403, id="neither"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "http://127.0.0.1:8081"}, 403, id="another port"),
        pytest.param({"Origin": "https://127.0.0.1:8080"}, 403, id="another scheme"),
        pytest.param({"Origin": "null"}, 403, id="a page that hides where it is from"),
        pytest.param({"Origin": "http://127.0.0.1:8080.evil.example"}, 403, id="a name that begins so"),
        pytest.param(
            {"Origin": "http://127.0.0.1:8080", "Sec_Fetch_Site": "cross-site"}, 403, id="another site, and a lie"
        ),
        pytest.param({"Sec_Fetch_Site": "same-site"}, 403, id="a neighbour below the same domain"),
        pytest.param({"Sec_Fetch_Site": "none"}, 403, id="typed by the user, which no request of ours is"),
    ],
)
def test_a_login_comes_from_the_dashboard_only(
    dashboard: Dashboard, admin: TestClient, headers: dict[str, str], status: int
) -> None:
    assert _log_in(dashboard, **headers) == status


def test_another_site_can_change_nothing_even_with_the_right_token(admin: TestClient) -> None:
    answer = admin.post("/api/session/legal-note", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert admin.post("/api/session/legal-note").status_code == 200


def test_no_other_site_may_read_an_answer(admin: TestClient) -> None:
    evil = {"Origin": "https://evil.example"}
    asked = admin.options("/api/session", headers=evil | {"Access-Control-Request-Method": "POST"})
    read = admin.get("/api/session", headers=evil)
    for answer in (asked, read):
        assert not any(name.lower().startswith("access-control-") for name in answer.headers)
    assert asked.status_code == 405


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080"])
def test_the_service_answers_by_its_own_names(admin: TestClient, host: str) -> None:
    assert admin.get("/api/session", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1.evil.example", "evil.example:8080", "[::1", "a@evil.example"]
)
def test_a_name_of_somebody_else_that_points_here_gets_nothing(admin: TestClient, host: str) -> None:
    for path in ("/api/session", "/", "/healthz"):
        answer = admin.get(path, headers={"Host": host})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_socket_is_not_opened_by_a_name_of_somebody_else(admin: TestClient) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        admin.websocket_connect("/ws/live", headers={"Host": "evil.example"}),
    ):
        pass
    assert refused.value.status_code == 400


def test_a_body_that_is_too_large_is_refused(admin: TestClient) -> None:
    most = 64 * 1024
    fits = b'{"account": "a", "password": "%s"}'
    padding = b"x" * (most - len(fits) + 2)
    assert admin.post("/api/session", content=fits % padding, headers=JSON).status_code == 422
    assert admin.post("/api/session", content=fits % (padding + b"x"), headers=JSON).status_code == 413


def test_a_body_that_never_ends_is_refused_once_it_is_too_large() -> None:
    """Sent in pieces, without saying how many there will be."""
    taken, said = 0, []

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        assert taken < 100, "it would have been read for ever"
        return {"type": "http.request", "body": b" " * 1024, "more_body": True}

    async def send(message: Message) -> None:
        said.append(message)

    async def app(*_: object) -> None:
        raise AssertionError("no route may see it")

    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/api/session", "headers": headers}
    asyncio.run(Guard(app, origins=["http://localhost"], bodies=Bodies({}))(scope, receive, send))
    assert said[0]["status"] == 413
    assert taken == 65


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonp"]
)
def test_a_body_of_another_kind_than_json_is_refused(admin: TestClient, kind: str) -> None:
    """A form of another site can send these without asking first."""
    answer = admin.post(
        "/api/session", content=b'{"account": "admin", "password": "x"}', headers={"Content-Type": kind}
    )
    assert (answer.status_code, answer.headers["accept"]) == (415, "application/json")


def test_json_may_say_its_charset(admin: TestClient) -> None:
    content = b'{"account": "nobody", "password": "x"}'
    kind = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert admin.post("/api/session", content=content, headers=kind).status_code == 401


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"account": 7}',
    ],
)
def test_a_body_that_is_no_login_is_refused_and_not_repeated(admin: TestClient, content: bytes) -> None:
    answer = admin.post("/api/session", content=content, headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"]


def test_a_body_that_is_nested_for_ever_is_refused(admin: TestClient) -> None:
    assert admin.post("/api/session", content=b"[" * 30_000, headers=JSON).status_code == 400


def test_an_error_never_repeats_what_was_sent(admin: TestClient) -> None:
    secret = {"account": "admin", "password": "p" * 2000, "surprise": "hunter2"}
    answer = admin.post("/api/session", json=secret)
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert "pppp" not in answer.text
    assert sorted(one["where"] for one in answer.json()["errors"]) == ["password", "surprise"]
