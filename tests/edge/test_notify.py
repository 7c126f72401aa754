"""sd_notify over real sockets."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """NOTIFY_SOCKET's value, and systemd's end of it."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@classpulse-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address.replace("@", "\0", 1))
        sock.settimeout(5)
        yield address, sock


def test_systemd_hears_each_state(listener: tuple[str, socket.socket]) -> None:
    address, systemd = listener
    with Notifier(address) as notifier:
        notifier.ready()
        notifier.status("observing;\n 3 faces")
        notifier.alive()
        notifier.reloading()
        notifier.stopping()
    heard = [systemd.recv(4096).decode() for _ in range(5)]
    assert heard[:3] == ["READY=1", "STATUS=observing; 3 faces", "WATCHDOG=1"]
    assert heard[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[4] == "STOPPING=1"


def test_without_systemd_nothing_happens() -> None:
    with Notifier(None) as notifier:
        assert not notifier.listening
        notifier.ready()


def test_a_socket_that_is_gone_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Notifier(str(tmp_path / "gone")) as notifier:
        notifier.ready()
        notifier.alive()
    assert len(caplog.records) == 1


def test_a_systemd_that_does_not_read_does_not_stall_the_daemon(listener: tuple[str, socket.socket]) -> None:
    with Notifier(listener[0]) as notifier:
        for _ in range(5000):
            notifier.alive()
