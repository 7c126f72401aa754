"""Who may be connected to the dashboard's port, and for how long without asking for something."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from central.api.callers import Address, Callers, ListeningSocket, address_of
from central.api.protocols import RequestProtocol, SocketProtocol
from central.api.server import listen
from central.config import WebSettings
from tests.brokers import free_port

PROXY = "192.0.2.1"


def callers(*hosts: str) -> list[Address]:
    return [address_of(host) for host in hosts]


@pytest.mark.parametrize(
    ("proxy", "caller", "others", "taken"),
    [
        (None, "192.0.2.7", ["192.0.2.7"] * 49, True),
        (None, "192.0.2.7", ["192.0.2.7"] * 50, False),
        (None, "192.0.2.8", ["192.0.2.7"] * 50, True),
        (None, "192.0.2.7", ["::ffff:192.0.2.7"] * 50, False),  # the same one, on a socket for both families
        (None, "2001:db8::1", [f"2001:db8::{one:x}" for one in range(2, 52)], False),  # one network, one subscriber
        (None, "2001:db8:0:1::1", [f"2001:db8::{one:x}" for one in range(2, 52)], True),
        (None, "192.0.2.7", [f"198.51.100.{one % 250}" for one in range(500)], False),
        (PROXY, PROXY, [PROXY] * 499, True),  # through which everybody comes
        (PROXY, PROXY, [PROXY] * 500, False),
        (PROXY, f"::ffff:{PROXY}", [PROXY] * 400, True),
        (f"::ffff:{PROXY}", PROXY, [PROXY] * 400, True),
        (PROXY, "192.0.2.7", [], False),  # who would be answered without TLS
        (PROXY, "127.0.0.1", [], True),
        (PROXY, "::1", [], True),
        (PROXY, "::ffff:127.0.0.1", [], True),
    ],
)
def test_whoever_comes_is_taken_or_not(proxy: str | None, caller: str, others: list[str], taken: bool) -> None:
    assert (Callers(proxy).refusal(address_of(caller), callers(*others)) is None) is taken


@contextmanager
def listening() -> Iterator[ListeningSocket]:
    with listen(WebSettings(port=free_port())) as bound:
        assert isinstance(bound, ListeningSocket)
        bound.listen()
        bound.setblocking(False)
        yield bound


def test_whoever_opens_too_many_is_reset_until_some_of_them_are_closed(caplog: pytest.LogCaptureFixture) -> None:
    with listening() as bound, ExitStack() as stack:

        def call() -> socket.socket:
            return stack.enter_context(socket.create_connection(bound.getsockname()))

        taken = []
        for _ in range(50):
            call()
            taken.append(stack.enter_context(bound.accept()[0]))
        for _ in range(3):
            beyond = call()
            with pytest.raises(BlockingIOError):
                bound.accept()
            with pytest.raises(ConnectionResetError):
                beyond.recv(1)
        assert caplog.text.count("a connection from 127.0.0.1 was refused: it has 50 connections open already") == 1
        taken[0].close()
        call()
        stack.enter_context(bound.accept()[0])


def test_without_a_descriptor_left_callers_are_refused_and_the_journal_stays_readable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with listening() as bound, ExitStack() as stack:
        waiting = [stack.enter_context(socket.create_connection(bound.getsockname())) for _ in range(3)]
        with no_descriptor_left():
            for one in waiting:
                with pytest.raises(BlockingIOError):
                    bound.accept()
                with pytest.raises(ConnectionResetError):
                    one.recv(1)
        assert caplog.text.count("a connection cannot be taken: Too many open files") == 1
        stack.enter_context(socket.create_connection(bound.getsockname()))
        stack.enter_context(bound.accept()[0])


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used: list[int] = []
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, hard))
    try:
        with suppress(OSError):
            while True:
                used.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for one in used:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Loop(asyncio.SelectorEventLoop):
    """Whose clock is put on."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    def after(self, seconds: float) -> None:
        """What is due by then is done."""
        self.ahead += seconds
        self.run_until_complete(asyncio.sleep(0))


class Wire(asyncio.Transport):
    """As of a peer at that address."""

    def __init__(self, host: str = "192.0.2.7") -> None:
        super().__init__({"peername": (host, 50000)})
        self.protocol: asyncio.BaseProtocol | None = None
        self.aborted = False

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def close(self) -> None:
        self.aborted = True

    def abort(self) -> None:
        self.aborted = True


async def answer_late(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def connect(loop: Loop, wire: Wire) -> RequestProtocol:
    config = uvicorn.Config(answer_late, log_config=None, ws=SocketProtocol, timeout_keep_alive=10)
    protocol = RequestProtocol(config, ServerState(), {}, loop)
    wire.set_protocol(protocol)
    protocol.connection_made(wire)
    return protocol


def test_a_head_that_dribbles_in_is_waited_for_no_longer_than_one_that_never_begins(loop: Loop) -> None:
    silent, dribbling = Wire(), Wire()
    connect(loop, silent)
    protocol = connect(loop, dribbling)
    for byte in b"GET / HT":
        protocol.data_received(bytes([byte]))
        loop.after(1.0)
    assert not silent.aborted
    assert not dribbling.aborted
    protocol.data_received(b"T")
    loop.after(2.1)
    assert silent.aborted
    assert dribbling.aborted


def test_a_request_that_is_under_way_is_waited_for(loop: Loop) -> None:
    wire = Wire()
    protocol = connect(loop, wire)
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    loop.after(9.0)
    protocol.data_received(b"\r\n")
    loop.after(60.0)
    assert not wire.aborted


@pytest.mark.parametrize(("seen", "host"), [("::ffff:127.0.0.1", "127.0.0.1"), ("2001:db8::1", "2001:db8::1")])
def test_a_client_has_one_address_on_a_socket_for_both_families_too(loop: Loop, seen: str, host: str) -> None:
    assert connect(loop, Wire(seen)).client == (host, 50000)
