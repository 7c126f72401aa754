"""Publisher and spool against the embedded broker: what a classroom's subscribers notice."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.config import MqttSettings, SpoolSettings
from edge.connection import Backoff
from edge.demo.broker import embedded_broker
from edge.publisher import Publisher
from edge.records import Observation
from edge.spool import LIVE_SECONDS, Spool
from edge.spool_age import Moment
from edge.wire import WireError
from tests.brokers import SECONDS, Received, Recorder, Relay, free_port, identity, wait_until
from tests.mqtt_packets import MalformedError, Packet, read_packets

CONNACK, SESSION_TAKEN_OVER = bytes.fromhex("2003000000"), bytes.fromhex("e0028e00")
LIVE, LATE = "classpulse/v1/room-101/observation", "classpulse/v1/room-101/observation/late"


def seen(count: int, first: int = 0) -> list[Observation]:
    return [Observation(f"s-{first + number:03}", "happy", datetime.now(UTC)) for number in range(count)]


def sequences(messages: list[Received], topic: str) -> list[int]:
    return [int(message.properties["sequence"]) for message in messages if message.topic == topic]


@contextmanager
def publishing(port: int, spool: Spool) -> Iterator[Publisher]:
    settings = MqttSettings("127.0.0.1", port, tls=False)
    with Publisher(settings, "room-101", spool, 3600, Backoff(0.02, 0.1)) as publisher:
        yield publisher


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with embedded_broker(tmp_path_factory.mktemp("broker")) as port:
        yield port


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    # Its clock stands: however slow the machine, what waits for a broker does not become late.
    with Spool(SpoolSettings(path=tmp_path / "spool.db"), monotonic=lambda: 0.0) as spool:
        yield spool


def test_subscriber_sees_student_and_label_and_nothing_else(broker: int, spool: Spool) -> None:
    with Recorder(broker) as recorder, publishing(broker, spool):
        spool.put(seen(2))
        first, second = recorder.wait_for_observations(2)
    assert first.topic == LIVE
    assert first.payload == b'{"student_id": "s-000", "emotion": "happy"}'
    assert set(json.loads(second.payload)) == {"student_id", "emotion"}
    assert set(first.properties) == {"observed_at", "stream", "sequence"}
    assert first.content_type == "application/json"
    assert first.expiry_seconds is not None
    assert first.expiry_seconds >= 3600
    assert not first.retained


def test_status_is_retained_and_offline_after_a_clean_stop(broker: int, spool: Spool) -> None:
    with publishing(broker, spool), Recorder(broker) as recorder:
        recorder.wait_for_status(b"online")
    with Recorder(broker) as recorder:
        recorder.wait_for_status(b"offline")
        assert recorder.messages[0].retained


def test_spool_is_empty_once_the_broker_has_all(broker: int, spool: Spool) -> None:
    with Recorder(broker) as recorder, publishing(broker, spool):
        spool.put(seen(300))
        recorder.wait_for_observations(300)
        wait_until(lambda: spool.pending(0, 10) == [])
    assert sequences(recorder.observations(), LIVE) == list(range(1, 301))


def test_what_was_put_just_before_the_stop_is_still_sent(broker: int, spool: Spool) -> None:
    with Recorder(broker) as recorder:
        with publishing(broker, spool):
            recorder.wait_for_status(b"online")
            spool.put(seen(50))
        recorder.wait_for_observations(50)
    assert spool.pending(0, 10) == []


def test_backlog_goes_to_late_and_live_observations_do_not_wait_for_it(broker: int, tmp_path: Path) -> None:
    settings = SpoolSettings(path=tmp_path / "spool.db")
    with Spool(settings) as spool:
        spool.put(seen(1000))
    with Spool(settings) as spool:
        spool.put(seen(5, first=100))
        assert spool.flush(SECONDS)
        with Recorder(broker) as recorder, publishing(broker, spool):
            recorder.wait_for_observations(1005)
    got = recorder.observations()
    assert sequences(got, LATE) == list(range(1, 1001))
    assert sequences(got, LIVE) == list(range(1001, 1006))
    assert {message.topic for message in got[:5]} == {LIVE}


def test_observation_that_waited_too_long_is_late(broker: int, tmp_path: Path) -> None:
    now = 0.0
    with Spool(SpoolSettings(path=tmp_path / "spool.db"), monotonic=lambda: now) as spool:
        spool.put(seen(2))
        assert spool.flush(SECONDS)
        now += LIVE_SECONDS
        spool.put(seen(1, first=2))
        with Recorder(broker) as recorder, publishing(broker, spool):
            recorder.wait_for_observations(3)
    assert sequences(recorder.observations(), LATE) == [1, 2]
    assert sequences(recorder.observations(), LIVE) == [3]


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1), timedelta(days=400)])
def test_a_clock_that_jumps_neither_stops_nor_reorders_nor_makes_late(
    broker: int, tmp_path: Path, jump: timedelta
) -> None:
    wall = 1_800_000_000.0

    def jumped(first: int) -> list[Observation]:
        at = datetime.fromtimestamp(wall, UTC)
        return [Observation(f"s-{first + number:03}", "happy", at) for number in range(5)]

    settings = SpoolSettings(path=tmp_path / "spool.db", max_age_days=0.5)
    with (
        Recorder(broker) as recorder,
        Relay(target=broker) as relay,
        Spool(settings, lambda: 0.0, now=lambda: Moment("boot", time.monotonic(), wall)) as spool,
        publishing(relay.port, spool),
    ):
        spool.put(jumped(0))
        recorder.wait_for_observations(5)
        wall += jump.total_seconds()
        spool.put(jumped(5))
        recorder.wait_for_observations(10)
        relay.cut()
        wall -= jump.total_seconds()
        spool.put(jumped(10))
        got = recorder.wait_for_observations(15)
        assert spool.status().dropped == 0
    assert sequences(got, LATE) == []
    assert list(dict.fromkeys(sequences(got, LIVE))) == list(range(1, 16))


def test_broker_that_appears_later_gets_everything_in_order(tmp_path: Path, spool: Spool) -> None:
    with Relay() as relay, publishing(relay.port, spool) as publisher:
        for number in range(20):
            spool.put(seen(1, first=number))
        assert spool.flush(SECONDS)
        assert publisher.state == "connecting"
        with embedded_broker(tmp_path) as behind, Recorder(behind) as recorder:
            relay.target = behind
            got = recorder.wait_for_observations(20)
    assert [int(message.properties["sequence"]) for message in got] == list(range(1, 21))


def test_nothing_is_lost_or_out_of_order_when_the_connection_breaks_again_and_again(broker: int, spool: Spool) -> None:
    with Recorder(broker) as recorder, Relay(target=broker) as relay, publishing(relay.port, spool) as publisher:
        for first in range(0, 500, 50):
            spool.put(seen(50, first=first))
            recorder.wait_for_observations(first + 10)
            relay.cut()
        got = recorder.wait_for_observations(500)
        assert publisher.reconnects >= 9
        wait_until(lambda: spool.pending(0, 10) == [])
    unique = list(dict.fromkeys(identity(message) for message in got))
    assert [int(sequence) for _, sequence in unique] == list(range(1, 501))


def test_unacknowledged_observation_is_sent_again_as_the_same(broker: int, spool: Spool) -> None:
    with Recorder(broker) as recorder, Relay(target=broker) as relay, publishing(relay.port, spool):
        recorder.wait_for_status(b"online")
        relay.mute()  # the broker gets them; its PUBACKs get lost
        spool.put(seen(3))
        recorder.wait_for_observations(3)
        assert len(spool.pending(0, 10)) == 3
        relay.cut()
        got = recorder.wait_for(lambda messages: len([m for m in messages if m.topic == LIVE]) == 6)
        wait_until(lambda: spool.pending(0, 10) == [])
    assert sequences(got, LIVE) == [1, 2, 3, 1, 2, 3]


def test_broker_that_is_absent_is_reported_once(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tried = threading.Semaphore(0)

    class Counting(Backoff):
        def next(self) -> float:
            tried.release()
            return 0.01

    settings = MqttSettings("127.0.0.1", free_port(), tls=False)
    with Publisher(settings, "room-101", spool, 3600, Counting()) as publisher:
        for _ in range(5):
            assert tried.acquire(timeout=SECONDS)
        assert publisher.state == "connecting"
    wait_until(lambda: publisher.state == "stopped")
    assert len([record for record in caplog.records if "connection refused" in record.message]) == 1


def test_only_the_newest_health_is_published_and_it_is_retained(broker: int, spool: Spool) -> None:
    with publishing(broker, spool) as publisher:
        publisher.publish_health({"uptime_seconds": 1})
        with Recorder(broker) as recorder:
            recorder.wait_for(lambda messages: any(m.payload == b'{"uptime_seconds": 1}' for m in messages))
        with pytest.raises(WireError):
            publisher.publish_health({"student_id": "s-001"})
    with Recorder(broker) as recorder:
        recorder.wait_for(lambda messages: any(m.topic.endswith("/health") and m.retained for m in messages))


def test_connection_that_another_client_took_over_is_not_fought_for(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    asked = threading.Event()

    class Waiting(Backoff):
        def slow(self) -> float:
            asked.set()
            return 60.0

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Publisher(MqttSettings("127.0.0.1", port, tls=False), "room-101", spool, 3600, Waiting()) as publisher:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(CONNACK + SESSION_TAKEN_OVER)
                assert asked.wait(SECONDS)
            assert publisher.state == "refused"
    assert "two Pis" in caplog.text


@pytest.mark.parametrize(
    ("reason", "said"), [(0x97, "Quota exceeded"), (0x87, "Not authorized"), (0x83, "Implementation specific error")]
)
def test_an_observation_that_is_refused_is_told_from_one_that_was_lost_on_the_way(
    spool: Spool, caplog: pytest.LogCaptureFixture, reason: int, said: str
) -> None:
    refuse = True

    def answer(connection: socket.socket) -> None:
        """A broker that takes nothing but the status, until it is told to."""
        buffer = b""
        with suppress(ConnectionError):  # as it ends when it is lost
            while chunk := connection.recv(4096):
                buffer += chunk
                with suppress(MalformedError):
                    packets, buffer = read_packets(buffer), b""
                    for packet in packets:
                        if packet.kind == "CONNECT":
                            connection.sendall(CONNACK)
                        elif packet.kind == "PUBLISH":
                            refused = refuse and packet.fields["topic"] == LIVE
                            identifier = packet.fields["packet id"].to_bytes(2, "big")
                            connection.sendall(b"\x40\x03" + identifier + bytes([reason if refused else 0]))

    with socket.create_server(("127.0.0.1", 0)) as server, publishing(server.getsockname()[1], spool) as publisher:
        spool.put(seen(3))
        connection, _ = server.accept()
        with connection:
            threading.Thread(target=answer, args=(connection,), daemon=True).start()
            wait_until(lambda: publisher.refusals >= 3)
            assert (publisher.state, publisher.reconnects, publisher.connection_refusals) == ("connected", 0, 0)
            assert spool.status().depth == 3
            refuse = False
            wait_until(lambda: spool.status().depth == 0)
            connection.shutdown(socket.SHUT_RDWR)  # now it is lost
            wait_until(lambda: "the connection was lost" in caplog.text)
    assert f"refuses {LIVE}: {said}" in caplog.text
    assert caplog.text.count("refuses") == 1


def answer(connection: socket.socket, packets: list[Packet], reasons: Callable[[Packet], dict[int, int]]) -> None:
    """Be a broker that lists what comes, and that never closes.

    reasons: what to acknowledge when a PUBLISH comes: packet identifiers, and the reason code for each.
    """
    with suppress(ConnectionError):  # the publisher is gone
        while chunk := connection.recv(4096):
            for packet in read_packets(chunk):
                packets.append(packet)
                if packet.kind == "CONNECT":
                    connection.sendall(CONNACK)
                elif packet.kind == "PUBLISH":
                    for identifier, reason in reasons(packet).items():
                        connection.sendall(b"\x40\x03" + identifier.to_bytes(2, "big") + bytes([reason]))


def test_a_broker_that_does_not_close_after_the_goodbye_is_left_in_good_order(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    packets: list[Packet] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        with publishing(server.getsockname()[1], spool):
            connection, _ = server.accept()
            taking = (connection, packets, lambda packet: {packet.fields["packet id"]: 0})
            threading.Thread(target=answer, args=taking, daemon=True).start()
            wait_until(lambda: len(packets) == 2)
        connection.close()
    assert [packet.kind for packet in packets] == ["CONNECT", "PUBLISH", "PUBLISH", "DISCONNECT"]
    assert "leaving without" not in caplog.text


def test_an_observation_that_was_refused_when_it_had_become_late_is_sent_as_late(tmp_path: Path) -> None:
    now = 0.0
    packets: list[Packet] = []

    def reasons(packet: Packet) -> dict[int, int]:
        """Nothing for the first live observation until the second comes: then the first is refused."""
        live = [sent.fields["packet id"] for sent in packets if sent.fields.get("topic") == LIVE]
        if packet.fields["topic"] != LIVE:
            return {packet.fields["packet id"]: 0}
        return {live[0]: 0x97, live[1]: 0} if len(live) == 2 else {}

    def topics() -> list[str]:
        return [packet.fields["topic"] for packet in packets if "observation" in packet.fields.get("topic", "")]

    settings = SpoolSettings(path=tmp_path / "spool.db")
    with socket.create_server(("127.0.0.1", 0)) as server, Spool(settings, monotonic=lambda: now) as spool:
        with publishing(server.getsockname()[1], spool):
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection, packets, reasons), daemon=True).start()
            spool.put(seen(1))
            wait_until(lambda: topics() == [LIVE])
            now += LIVE_SECONDS
            spool.put(seen(1, first=1))
            wait_until(lambda: spool.status().depth == 0)
        connection.close()
    assert topics() == [LIVE, LIVE, LATE]


def test_log_tells_no_student(broker: int, spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Recorder(broker) as recorder, publishing(broker, spool):
        spool.put(seen(3))
        recorder.wait_for_observations(3)
    assert "s-00" not in caplog.text
