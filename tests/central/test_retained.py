"""What a real broker keeps about a student, although no device asks it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.retained import RetainedSearch
from central.session import BrokerSettings, KeptSession, Session
from tests.brokers import MOSQUITTO, Mosquitto, free_port, wait_until
from tests.central.rooms import Room

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]

OBSERVED = b'{"student_id": "s-042", "emotion": "happy"}'


@pytest.fixture
def room(tmp_path: Path) -> Iterator[tuple[Room, BrokerSettings]]:
    with Mosquitto(tmp_path) as broker, Room(broker.port) as room:
        kept = KeptSession("classpulse-central", 60, 100)
        yield room, BrokerSettings(host="127.0.0.1", port=broker.port, tls=False, kept=kept)


def test_only_what_is_kept_and_names_the_student_is_found(room: tuple[Room, BrokerSettings]) -> None:
    device, settings = room
    device.send("status", b"online", retain=True)
    device.send("observation", OBSERVED)
    search = RetainedSearch(settings)
    assert search("s-042") == []
    device.send("observation/late", OBSERVED.replace(b"042", b"0421"), retain=True)
    device.send("observation", OBSERVED, retain=True)
    assert search("s-042") == ["classpulse/v1/room-101/observation"]
    device.send("observation", b"", retain=True)  # as the receipt says to do
    assert search("s-042") == []


def test_the_session_that_stores_loses_nothing_by_it(room: tuple[Room, BrokerSettings]) -> None:
    device, settings = room
    session = Session(settings)
    device.send("observation", OBSERVED, retain=True)
    assert RetainedSearch(settings)("s-042") == ["classpulse/v1/room-101/observation"]
    got = []
    wait_until(lambda: got.append(session.receive(0.1)) or got[-1] is not None)  # type: ignore[func-returns-value]
    assert session.ended is None
    session.close()


def test_a_topic_that_is_none_of_ours_is_in_no_command(room: tuple[Room, BrokerSettings]) -> None:
    device, settings = room
    device.send("observation/$(reboot)", OBSERVED, retain=True)
    assert RetainedSearch(settings)("s-042") == ["(a topic that is none of ClassPulse's)"]


def test_a_broker_that_is_away_could_not_be_asked() -> None:
    assert RetainedSearch(BrokerSettings(host="127.0.0.1", port=free_port(), tls=False))("s-042") is None
