"""Figures for Prometheus: about machines and messages, nothing about people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.store.device_records import DeviceRecord, device_records
from central.store.store import Store

_LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)
"""Seconds. 0.2: what every page of the dashboard is to stay below."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
"""Others are counted as one: a client may send any word."""


@dataclass(frozen=True)
class Sources:
    """Where the figures are found when they are asked for."""

    devices: Callable[[], Iterable[DeviceRecord]]
    database_bytes: Callable[[], int]
    broker_connected: Callable[[], bool]
    live_connections: Callable[[], int]

    @classmethod
    def of(cls, store: Store, broker_connected: Callable[[], bool], live_connections: Callable[[], int]) -> Self:
        """store: where devices and the size are looked up."""

        def devices() -> list[DeviceRecord]:
            with store.reading() as connection:
                return device_records(connection)

        return cls(devices, store.bytes, broker_connected, live_connections)


class Metrics:
    """The figures of one service, in a registry of their own."""

    def __init__(self, sources: Sources) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(sources))
        self._requests = Histogram(
            "classpulse_http_request_seconds", "Time to answer a request, by route, method and status",
            ("route", "method", "status"), buckets=_LATENCIES, registry=self._registry,
        )  # fmt: skip

    def text(self) -> bytes:
        """In Prometheus' text format. Raises StoreBusyError, StoreError."""
        return generate_latest(self._registry)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request. route: its template, since the path may hold a student ID."""
        self._requests.labels(route, method if method in _METHODS else "other", str(status)).observe(seconds)


class MeasuredApp:
    """Counts the requests to an ASGI app."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500  # what an error that leaves the app becomes

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            self._metrics.answered(route, scope["method"], status, time.perf_counter() - began)


class _Figures(Collector):
    """Looked up at each scrape, not counted along: the database knows them over restarts."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def describe(self) -> Iterable[Metric]:
        return ()  # else registering would ask the database

    def collect(self) -> Iterator[Metric]:
        yield from _of_classrooms(self._sources.devices())
        yield GaugeMetricFamily(
            "classpulse_broker_connected", "1 while central is connected to the broker",
            value=self._sources.broker_connected(),
        )  # fmt: skip
        yield GaugeMetricFamily(
            "classpulse_database_bytes", "Size of the database", value=self._sources.database_bytes()
        )
        yield GaugeMetricFamily(
            "classpulse_live_connections", "WebSocket connections of dashboards", value=self._sources.live_connections()
        )


def _of_classrooms(records: Iterable[DeviceRecord]) -> Iterator[Metric]:
    online = GaugeMetricFamily("classpulse_device_online", "1 while a classroom's device is online", labels=_CLASSROOM)
    received = CounterMetricFamily("classpulse_observations_received", "Different observations", labels=_CLASSROOM)
    missing = GaugeMetricFamily(
        "classpulse_observations_missing", "Observations that have not come, and may yet", labels=_CLASSROOM
    )
    rejected = CounterMetricFamily(
        "classpulse_messages_rejected", "Messages that were not stored", labels=(*_CLASSROOM, "reason")
    )
    for record in records:
        online.add_metric([record.classroom], record.online is True)
        received.add_metric([record.classroom], record.received)
        missing.add_metric([record.classroom], record.missing)
        for reason, messages in record.rejected.items():
            rejected.add_metric([record.classroom, reason], messages.count)
    yield from (online, received, missing, rejected)


_CLASSROOM = ("classroom",)
