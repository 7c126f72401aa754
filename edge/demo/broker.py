"""An MQTT 5 broker for as long as the demo lasts."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iotcore import Broker

from edge.demo import DemoError

_ATTEMPTS = 3

_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 16
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "demo"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 20480
max_inflight_count = 100
dynamic_filters = true
"""


@contextmanager
def embedded_broker(folder: Path) -> Iterator[int]:
    """A broker on a free port of the loopback interface: gives the port. Its config is written to `folder`.

    Raises DemoError when it does not start.
    """
    logging.getLogger("iotcore").setLevel(logging.WARNING)  # its news would run into the live table
    broker, port = _started(folder)
    try:
        yield port
    finally:
        broker.stop()


def _started(folder: Path) -> tuple[Broker, int]:
    config = folder / "broker.toml"
    for attempt in range(1, _ATTEMPTS + 1):
        port = _free_port()
        config.write_text(_CONFIG.format(port=port), encoding="utf-8")
        broker = Broker(config_path=str(config))
        try:
            with _ctrl_c_ignored():
                broker.start()
            return broker, port
        except (OSError, RuntimeError) as error:  # another program may have taken the port meanwhile
            if attempt == _ATTEMPTS:
                raise DemoError(f"the embedded broker does not start: {error}") from error
    raise AssertionError("unreachable")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """For a child to inherit: a terminal sends Ctrl-C to children too, but the broker has to outlive the daemon."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
