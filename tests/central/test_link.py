"""The connection that comes back, and what is said while it does not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from central.link import Link
from central.session import BrokerSettings, KeptSession, Message, Session
from edge.connection import Backoff
from tests.brokers import MOSQUITTO, Mosquitto, Relay, free_port, wait_until
from tests.central.rooms import Room

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

KEPT = KeptSession("central", 3600, 100)


def link(port: int, *, username: str | None = None, kept: KeptSession = KEPT) -> Link:
    return Link(BrokerSettings("127.0.0.1", port, tls=False, username=username, kept=kept), Backoff(0.02, 0.1))


def connected(one: Link) -> Link:
    wait_until(lambda: one.receive(0.02) is None and one.connected)
    return one


def received(one: Link, count: int) -> list[Message]:
    messages: list[Message] = []

    def enough() -> bool:
        message = one.receive(0.02)
        messages.extend([] if message is None else [message])
        return len(messages) >= count

    wait_until(enough)
    return messages


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


def test_a_broker_that_is_not_there_yet_is_said_once_and_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    one = link(port)
    for _ in range(10):
        assert one.receive(0.05) is None
    assert [record.getMessage().count("connection refused") for record in caplog.records] == [1]
    with Mosquitto(tmp_path, port=port), Room(port) as room:
        connected(one)
        room.observe([1])
        assert received(one, 1)[0].topic == "classpulse/v1/room-101/observation"


def test_a_broker_that_refuses_is_said_once_and_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Mosquitto(tmp_path, "allow_anonymous false") as broker:
        one = link(broker.port, username="nobody")
        for _ in range(10):
            assert one.receive(0.05) is None
        assert [record.getMessage().count("refused") for record in caplog.records] == [1]
        broker.kill()
        with Mosquitto(tmp_path, port=broker.port):
            connected(one)


def test_what_was_not_acknowledged_comes_again_after_a_lost_connection(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with Relay(target=broker.port) as relay, Room(broker.port) as room:
        one = connected(link(relay.port, kept=replace(KEPT, most_unacknowledged=2)))
        room.observe([1, 2])
        received(one, 2)
        one.acknowledge()
        room.observe([3, 4])
        assert len(received(one, 2)) == 2  # so the broker has got the acknowledgement
        relay.cut()
        again = received(one, 2)
        assert [dict(message.user_properties)["sequence"] for message in again] == ["3", "4"]
        assert "lost" in caplog.text
        assert "forgotten" not in caplog.text


def test_no_more_comes_unacknowledged_than_was_agreed(broker: Mosquitto) -> None:
    with Room(broker.port) as room:
        one = connected(link(broker.port))
        room.observe(range(1, 201))
        assert len(received(one, 100)) == 100
        assert all(one.receive(0.02) is None for _ in range(10))
        one.acknowledge()
        assert len(received(one, 100)) == 100


def test_a_broker_that_forgot_the_session_is_said(
    tmp_path: Path, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    one = connected(link(broker.port))
    broker.kill()  # it keeps nothing on its disk
    broker.start()
    connected_again = [False]

    def again() -> bool:
        one.receive(0.02)
        connected_again[0] = connected_again[0] or not one.connected
        return connected_again[0] and one.connected

    wait_until(again)
    assert "has forgotten the session" in caplog.text


def test_a_session_that_was_forgotten_before_this_process_began_is_said(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    connected(Link(BrokerSettings("127.0.0.1", broker.port, tls=False, kept=KEPT))).close()
    connected(Link(BrokerSettings("127.0.0.1", broker.port, tls=False, kept=KEPT), expected=True)).close()
    assert "has forgotten the session" not in caplog.text
    broker.kill()
    broker.start()
    connected(Link(BrokerSettings("127.0.0.1", broker.port, tls=False, kept=KEPT), expected=True)).close()
    assert caplog.text.count("has forgotten the session") == 1


class TakenOver(Session):
    """What a broker leaves of a session when another client comes with its ID; Mosquitto 2.0 does not say so."""

    def __init__(self, settings: BrokerSettings) -> None:
        self.ended, self.taken_over, self.resumed = "Session taken over", True, True

    def receive(self, seconds: float = 0.0) -> Message | None:
        return None


def test_a_second_central_with_the_same_client_id_is_named(caplog: pytest.LogCaptureFixture) -> None:
    one = Link(BrokerSettings("broker", kept=KEPT), Backoff(0.01, 60.0), connect=TakenOver)
    for _ in range(10):  # it is not tried again at once, which would end the other's connection
        one.receive(0.02)
    assert [record.getMessage().count("another client came as central") for record in caplog.records] == [1]


def test_a_connection_that_ends_while_nothing_is_received_is_none(broker: Mosquitto) -> None:
    one = connected(link(broker.port))
    broker.kill()

    def noticed() -> bool:
        one.idle(0.05)
        return not one.connected

    wait_until(noticed)
    broker.start()
    connected(one).close()


def test_what_comes_without_qos_while_nothing_is_received_does_not_fill_the_memory(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    with Room(broker.port) as room:
        one = connected(link(broker.port))
        for _ in range(1500):
            room.send("health", b"{}", qos=0)

        def dropped() -> bool:
            one.idle(0.05)
            return "is dropped" in caplog.text

        wait_until(dropped)
        room.observe([1])
        kinds: list[str] = []
        while "observation" not in kinds:
            kinds.append(received(one, 1)[0].topic.removeprefix("classpulse/v1/room-101/"))
    assert 1000 <= kinds.count("health") < 1500
    assert caplog.text.count("is dropped") == 1
