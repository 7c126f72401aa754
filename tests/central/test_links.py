"""Central's two sessions at a real broker."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from central.config import MqttSettings
from central.link import Link
from central.links import Links
from central.session import BrokerSettings, KeptSession, Message, Session
from edge.connection import Backoff
from tests.brokers import MOSQUITTO, Mosquitto, wait_until
from tests.central.rooms import Room

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


class Both:
    """The two, and what came by each."""

    def __init__(self, port: int) -> None:
        settings = MqttSettings(host="127.0.0.1", port=port, tls=False)
        self.links = Links(Link(settings.live(), Backoff(0.02, 0.1)), Link(settings.late(), Backoff(0.02, 0.1)))
        self.live: list[str] = []
        self.late: list[str] = []
        wait_until(lambda: self.step() and self.links.connected)

    def step(self) -> bool:
        """Take what is there."""
        self.links.wait(0.01)
        for link, topics in ((self.links.live, self.live), (self.links.late, self.late)):
            while (message := link.receive(0.0)) is not None:
                topics.append(_short(message))
            link.acknowledge()
        self.links.part()
        return True


def _short(message: Message) -> str:
    return f"{message.topic.removeprefix('classpulse/v1/room-101/')} {dict(message.user_properties).get('sequence')}"


def test_what_comes_late_comes_by_a_session_of_its_own(broker: Mosquitto) -> None:
    with Room(broker.port) as room:
        both = Both(broker.port)
        room.send("status", b"online")
        room.observe([1], late=True)
        room.observe([2])
        wait_until(lambda: both.step() and len(both.live) == 2 and len(both.late) == 1)
    assert both.live == ["status None", "observation 2"]
    assert both.late == ["observation/late 1"]


def test_after_an_upgrade_nothing_is_lost_and_late_ones_soon_come_once(broker: Mosquitto) -> None:
    kept = KeptSession("classpulse-central", 3600, 100)
    before = Session(BrokerSettings("127.0.0.1", broker.port, tls=False, kept=kept))  # of all topics, as it was
    before.close()
    with Room(broker.port) as room:
        room.observe([1], late=True)
        both = Both(broker.port)
        wait_until(lambda: both.step() and "observation/late 1" in both.live)
        # The broker handles what it is sent in order: the end of the subscription before what is published now.
        room.observe([2], late=True)
        room.observe([3])
        wait_until(lambda: both.step() and "observation 3" in both.live and "observation/late 2" in both.late)
        both.live.clear()
        room.observe([4], late=True)
        room.observe([5])
        wait_until(lambda: both.step() and "observation 5" in both.live and "observation/late 4" in both.late)
    assert both.live == ["observation 5"]


def test_a_broker_that_is_away_is_waited_for_by_both(broker: Mosquitto) -> None:
    both = Both(broker.port)
    broker.kill()
    wait_until(lambda: both.step() and not both.links.live.connected and not both.links.late.connected)
    both.links.idle(0.01)
    broker.start()
    wait_until(lambda: both.step() and both.links.connected)
    both.links.close()
    assert not both.links.connected


@contextmanager
def many_files_open() -> Iterator[None]:
    """Whatever is opened now has a descriptor above those that `select` can take."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 2048:
        pytest.skip("no process may have so many files open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, before[1]))
    try:
        with ExitStack() as files:
            for _ in range(1024):
                files.callback(os.close, os.open(os.devnull, os.O_RDONLY))
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_many_browsers_connected_keep_no_message_away(broker: Mosquitto) -> None:
    with Room(broker.port) as room, many_files_open():
        both = Both(broker.port)
        room.observe([1])
        room.observe([2], late=True)
        wait_until(lambda: both.step() and both.live == ["observation 1"] and both.late == ["observation/late 2"])
        both.links.close()
