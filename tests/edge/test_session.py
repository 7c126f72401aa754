"""How a connection ends, seen from the broker's side of the socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge.config import MqttSettings
from edge.session import Session
from tests.brokers import SECONDS
from tests.mqtt_packets import read_packets

CONNACK = bytes([0x20, 3, 0, 0, 0])


@contextmanager
def session_and_peer() -> Iterator[tuple[Session, socket.socket]]:
    """A session, and the broker's end of its connection after the CONNACK."""
    reader, writer = socket.socketpair()
    with reader, writer, socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def accept() -> None:
            peer, _ = server.accept()
            peer.settimeout(SECONDS)
            assert read_packets(peer.recv(4096))[0].kind == "CONNECT"
            peer.sendall(CONNACK)
            accepted.append(peer)

        broker = threading.Thread(target=accept)
        broker.start()
        session = Session(MqttSettings("127.0.0.1", server.getsockname()[1], tls=False), "room-101", reader)
        broker.join(SECONDS)
        with accepted[0] as peer:
            yield session, peer


def test_it_says_goodbye_and_leaves_the_closing_to_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.session.GOODBYE_SECONDS", SECONDS)  # a busy machine may look only after a second
    with session_and_peer() as (session, peer):
        leaving = threading.Thread(target=session.close)
        leaving.start()
        assert [packet.kind for packet in read_packets(peer.recv(4096))] == ["DISCONNECT"]
        peer.sendall(CONNACK)  # unread bytes would make the kernel reset the connection under the goodbye
        peer.settimeout(0.2)
        with pytest.raises(TimeoutError):  # open still
            peer.recv(1)
        peer.close()
        leaving.join(SECONDS)
        assert not leaving.is_alive()


def test_a_broker_that_does_not_close_is_not_waited_for_long() -> None:
    with session_and_peer() as (session, _):
        session.close()
        assert session.ended is not None


def test_an_aborted_connection_is_reset_without_a_goodbye() -> None:
    with session_and_peer() as (session, peer):
        session.abort("enough")
        assert session.ended == "enough"
        with pytest.raises(ConnectionResetError):
            peer.recv(4096)
