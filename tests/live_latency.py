"""python -m tests.live_latency [--rooms N] [--students M] [--interval S] [--seconds S]: from publish to WebSocket.

Mosquitto, `classpulse-central serve`, a publisher and an admin's socket, all on this machine; nothing is simulated.
Prints how long after its publish each change came out of `/ws/live`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.brokers import SECONDS, Mosquitto
from tests.central.rooms import ROOT, Central

_PERCENTILES = (50, 95, 99, 100)
_PASSWORD = "a quiet tree by the lake"


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.live_latency", description=__doc__)
    parser.add_argument("--rooms", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--students", type=int, default=30, help="in each classroom; default: %(default)s")
    parser.add_argument("--interval", type=float, default=10.0, help="seconds between labels; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=30.0, help="default: %(default)s")
    given = parser.parse_args()
    rate = round(given.rooms * given.students / given.interval)
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        central = Central(Path(folder), broker.port)
        with central.running():
            numbers = (broker.port, rate, given.seconds, given.rooms, given.students)
            command = [sys.executable, "-m", "tests.ingest_rate.flood", *map(str, numbers)]
            with admin_socket(central) as socket:
                publisher = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
                delays = sorted(_delays(socket, publisher))
    shown = ", ".join(
        f"p{percent} {delays[min(len(delays) - 1, len(delays) * percent // 100)] * 1000:.0f} ms"
        for percent in _PERCENTILES
    )
    print(f"{len(delays)} changes of {rate} observations a second, from publish to WebSocket: {shown}")
    return 0


@contextmanager
def admin_socket(central: Central) -> Iterator[ClientConnection]:
    """An open `/ws/live` of somebody who was invited just now."""
    command = [sys.executable, "-m", "central", "account", "invite", "admin", "--role", "admin",
               "--config", str(central.config)]  # fmt: skip
    link = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    address = f"http://127.0.0.1:{central.web_port}"
    with httpx2.Client(base_url=address, headers={"Origin": address}, timeout=SECONDS) as client:
        answer = client.post("/api/invitation", json={"token": link.partition("#")[2], "password": _PASSWORD})
        answer.raise_for_status()
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        client.post("/api/session/legal-note").raise_for_status()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    where = f"ws://127.0.0.1:{central.web_port}/ws/live"
    with connect(where, origin=Origin(address), additional_headers={"Cookie": cookie}, max_size=None) as socket:
        yield socket


def _delays(socket: ClientConnection, publisher: subprocess.Popen[bytes]) -> list[float]:
    """Seconds, of every change of a student that comes while there is a publisher."""
    delays: list[float] = []
    while publisher.poll() is None:
        try:
            text: dict[str, Any] = json.loads(socket.recv(timeout=0.5))
        except TimeoutError:
            continue
        now = time.time()
        for change in text.get("changes", ()):
            if change["kind"] == "student":
                delays.append(now - datetime.fromisoformat(change["observed_at"]).astimezone(UTC).timestamp())
    return delays


if __name__ == "__main__":
    sys.exit(main())
