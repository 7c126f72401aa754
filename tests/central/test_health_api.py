"""Whether the service works, and its figures: for machines that watch over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from central.api.routes import health
from central.errors import StoreError
from tests.central.lessons import Lessons
from tests.central.web_clients import Dashboard


def from_this_machine(dashboard: Dashboard) -> TestClient:
    return dashboard.stranger("127.0.0.1")


def test_service_that_works_says_so_to_anybody(dashboard: Dashboard) -> None:
    answer = dashboard.stranger().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_service_without_its_broker_is_healthy_all_the_same(dashboard: Dashboard) -> None:
    dashboard.broker_connected = False
    assert dashboard.stranger().get("/healthz").status_code == 200


def test_service_that_takes_nothing_in_any_more_is_not_healthy(dashboard: Dashboard) -> None:
    hanging = dashboard.but(ingest_alive=lambda: False)
    answer = hanging.stranger().get("/healthz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


class _BadDisk:
    """A database whose reads hang, or fail."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read

    @contextmanager
    def reading(self) -> Iterator[None]:
        self._read()
        yield


def test_database_that_does_not_answer_makes_it_unhealthy_and_nobody_wait(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_PATIENCE_SECONDS", 0.05)
    go_on = threading.Event()
    with dashboard.but(store=_BadDisk(go_on.wait)).stranger() as client:
        try:
            answer = client.get("/healthz")
        finally:
            go_on.set()
    assert (answer.status_code, "database" in answer.json()["detail"]) == (503, True)


def _fail() -> None:
    raise StoreError("damaged")


def test_database_that_fails_makes_it_unhealthy(dashboard: Dashboard) -> None:
    assert dashboard.but(store=_BadDisk(_fail)).stranger().get("/healthz").status_code == 503


def test_figures_are_for_this_machine_and_hold_nobody(dashboard: Dashboard) -> None:
    lessons = Lessons(dashboard)
    lessons.enrol("s-001", "7b", name="Ada")
    lessons.observe("s-001")
    dashboard.client("admin").get("/api/students/s-001/timeline")
    answer = from_this_machine(dashboard).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'classpulse_observations_received_total{classroom="room-101"} 1.0' in answer.text
    assert 'route="/api/students/{student_id}/timeline"' in answer.text
    assert "s-001" not in answer.text


def test_figures_are_not_for_others(dashboard: Dashboard) -> None:
    assert dashboard.stranger().get("/metrics").status_code == 401
    # A proxy on this machine that the config does not know of: whoever comes through it is not this machine.
    through = from_this_machine(dashboard).get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"})
    assert through.status_code == 401


@pytest.mark.parametrize(
    ("shown", "status"), [("Bearer right", 200), ("bearer right", 200), ("Bearer wrong", 401), ("Bearer ", 401)]
)
def test_figures_are_for_whoever_shows_the_token(dashboard: Dashboard, tmp_path: Path, shown: str, status: int) -> None:
    token = tmp_path / "token"
    token.write_text("right\n")
    assert with_token(dashboard, token).get("/metrics", headers={"Authorization": shown}).status_code == status


def test_empty_token_is_nobody_s(dashboard: Dashboard, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("\n")
    assert with_token(dashboard, token).get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_token_that_cannot_be_read_is_said(dashboard: Dashboard, tmp_path: Path) -> None:
    missing = tmp_path / "token"
    assert with_token(dashboard, missing).get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 503


def with_token(dashboard: Dashboard, file: Path) -> TestClient:
    settings = dashboard.services.settings
    settings = replace(settings, web=replace(settings.web, metrics_token_file=file))
    return dashboard.but(settings=settings).stranger()
