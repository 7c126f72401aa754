"""What Prometheus is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from central.api.metrics import MeasuredApp, Metrics, Sources
from central.store.device_records import DeviceRecord, Rejected
from tests.central.stored import NOW

RECORDS = [
    DeviceRecord("room-101", True, NOW, None, None, 120, 3, {"payload": Rejected(2, NOW)}),
    DeviceRecord("room-102", False, NOW, None, None, 7, 0, {}),
]
Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Sources(lambda: RECORDS, lambda: 4096, lambda: True, lambda: 2))


def samples(metrics: Metrics) -> Samples:
    """By name and the values of its labels, which stand in the order of their names."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def request(app: MeasuredApp, **scope: Any) -> None:
    async def receive() -> Any:
        raise AssertionError("nothing is received")

    async def send(message: Any) -> None:
        pass

    asyncio.run(app({"type": "http", "method": "GET", **scope}, receive, send))


def test_every_classroom_has_its_figures(metrics: Metrics) -> None:
    found = samples(metrics)
    assert found["classpulse_device_online", ("room-101",)] == 1
    assert found["classpulse_device_online", ("room-102",)] == 0
    assert found["classpulse_observations_received_total", ("room-101",)] == 120
    assert found["classpulse_observations_missing", ("room-101",)] == 3
    assert found["classpulse_messages_rejected_total", ("room-101", "payload")] == 2


def test_the_service_has_its_figures(metrics: Metrics) -> None:
    found = samples(metrics)
    assert found["classpulse_broker_connected", ()] == 1
    assert found["classpulse_database_bytes", ()] == 4096
    assert found["classpulse_live_connections", ()] == 2


class _Route:
    path = "/api/students/{student_id}"


def answering(status: int) -> Callable[..., Awaitable[None]]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    return app


def test_request_is_counted_by_the_routes_template_and_never_by_a_students_path(metrics: Metrics) -> None:
    measured = MeasuredApp(answering(404), metrics)
    request(measured, path="/api/students/s-042", route=_Route())
    request(measured, path="/s-042", method="BREW")
    found = samples(metrics)
    assert found["classpulse_http_request_seconds_count", ("GET", _Route.path, "404")] == 1
    assert found["classpulse_http_request_seconds_count", ("other", "unknown", "404")] == 1
    assert b"s-042" not in metrics.text()


def test_request_that_ends_in_an_error_is_counted_as_500(metrics: Metrics) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        request(MeasuredApp(failing, metrics), path="/", route=_Route())
    assert samples(metrics)["classpulse_http_request_seconds_count", ("GET", _Route.path, "500")] == 1


def test_two_services_in_one_process_do_not_share_figures() -> None:
    first, second = (Metrics(Sources(lambda: [], lambda: 0, lambda: False, lambda: 0)) for _ in range(2))
    first.answered("/", "GET", 200, 0.1)
    name = "classpulse_http_request_seconds_count", ("GET", "/", "200")
    assert (name in samples(first), name in samples(second)) == (True, False)
