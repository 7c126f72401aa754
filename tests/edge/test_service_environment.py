"""What systemd says to a service."""

from __future__ import annotations

import os

import pytest

from edge.config import service_environment

NAMES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")


@pytest.fixture(autouse=True)
def outside_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_outside_a_service_there_is_nothing() -> None:
    said = service_environment()
    assert (said.notify_socket, said.watchdog_seconds, said.journal_stream) == (None, None, None)


def test_a_service_is_told_socket_watchdog_and_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ("@notify", "30000000", str(os.getpid()), "8:1234")
    for name, value in zip(NAMES, values, strict=True):
        monkeypatch.setenv(name, value)
    said = service_environment()
    assert (said.notify_socket, said.watchdog_seconds, said.journal_stream) == ("@notify", 30.0, "8:1234")


@pytest.mark.parametrize(
    ("period", "pid"),
    [
        pytest.param("30000000", "1", id="meant for another process"),
        pytest.param("0", None, id="switched off"),
        pytest.param("soon", None, id="no number"),
    ],
)
def test_a_watchdog_that_is_not_ours_is_not_fed(monkeypatch: pytest.MonkeyPatch, period: str, pid: str | None) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", period)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert service_environment().watchdog_seconds is None
