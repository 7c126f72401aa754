"""A browser that opens `/ws/live` and then reads nothing: asleep, out of reach, or meant as a nuisance."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from central.api.server import Entrance, WebServer
from central.api.socket import LiveConnections
from central.arrivals import Seen
from central.config import WebSettings
from edge.notify import Notifier
from edge.watchdog import Watchdog
from tests.brokers import free_port, wait_until
from tests.central.stored import STREAM
from tests.central.web_clients import Dashboard, open_dashboard


def test_who_takes_nothing_any_more_is_let_go(tmp_path: Path) -> None:
    web = WebSettings(port=free_port())
    with open_dashboard(tmp_path, web=web) as fresh:
        dashboard = fresh.but(live_connections=LiveConnections(heartbeat_seconds=0.1, send_seconds=0.1))
        with serving(dashboard), deaf(dashboard):
            wait_until(lambda: held(web.port) == 1)
            wait_until(lambda: held(web.port) == 0)


def test_who_takes_nothing_does_not_keep_the_service_from_stopping(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    web = WebSettings(port=free_port())
    with open_dashboard(tmp_path, web=web) as dashboard, ExitStack() as longer, serving(dashboard):
        longer.enter_context(deaf(dashboard))  # and is there still when the service stops
        wait_until(lambda: dashboard.services.live_connections.count == 1)
    assert "timeout graceful shutdown exceeded" not in caplog.text
    assert "Traceback" not in caplog.text


@contextmanager
def serving(dashboard: Dashboard) -> Iterator[None]:
    """With more to tell than all buffers on the way hold."""
    services = dashboard.services
    now = dashboard.now
    with services.live.feeding:
        for room in range(150):
            students = [f"s-{room:03d}-{one:03d}" for one in range(300)]
            services.live.feed([Seen(f"room-{room}", STREAM, 1, one, "happy", now, False) for one in students], [])
    heartbeat = Watchdog(Notifier(None), None).heartbeat("web", 90.0)
    closing = services.live_connections.close
    with WebServer(dashboard.app, Entrance(services.settings.web), heartbeat, lambda: closing(0.0)):
        yield


@contextmanager
def deaf(dashboard: Dashboard) -> Iterator[None]:
    """One that does not even read that the socket is open."""
    port = dashboard.services.settings.web.port
    cookies = dashboard.client("admin").cookies
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(
            f"GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {dashboard.origin}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in cookies.items())}\r\n\r\n".encode()
        )
        yield


def held(port: int) -> int:
    """Connections that the server has not given up: proc(5), net/tcp, state 01."""
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
