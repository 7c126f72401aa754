"""Publisher and spool against a real Mosquitto: wills, refusals, TLS, restarts."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from edge.config import MqttSettings, SpoolSettings
from edge.connection import Backoff
from edge.publisher import Publisher
from edge.records import Observation
from edge.spool import Spool
from tests.brokers import (
    MOSQUITTO,
    SECONDS,
    Mosquitto,
    Received,
    Recorder,
    Relay,
    free_port,
    wait_until,
    wait_until_listening,
)
from tests.certificates import Authority, Pair
from tests.mqtt_packets import MalformedError, read_packets

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


class Watched(Backoff):
    """A short backoff whose attempts a test can wait for."""

    def __init__(self) -> None:
        super().__init__(0.02, 0.1)
        self.failed = threading.Semaphore(0)

    def next(self) -> float:
        self.failed.release()
        return super().next()

    def slow(self) -> float:
        self.failed.release()
        return super().slow()

    def wait(self, failures: int = 1) -> None:
        for _ in range(failures):
            assert self.failed.acquire(timeout=SECONDS)


def seen(count: int, first: int = 0) -> list[Observation]:
    return [Observation(f"s-{first + number:03}", "happy", datetime.now(UTC)) for number in range(count)]


def local(port: int, **changes: Any) -> MqttSettings:
    return replace(MqttSettings("127.0.0.1", port, tls=False), **changes)


@contextmanager
def publishing(settings: MqttSettings, spool: Spool, backoff: Backoff | None = None) -> Iterator[Publisher]:
    with Publisher(settings, "room-101", spool, 3600, backoff or Watched()) as publisher:
        yield publisher


def sequences(messages: list[Received]) -> list[int]:
    return [int(message.properties["sequence"]) for message in messages]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    # Its clock stands: however slow the machine, what waits for a broker does not become late.
    with Spool(SpoolSettings(path=tmp_path / "spool.db"), monotonic=lambda: 0.0) as spool:
        yield spool


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Accepts room-101 with the password `right`, and the recorder as `central`."""
    path = tmp_path / "passwords"
    path.write_text("room-101:right\ncentral:right\n")
    path.chmod(0o600)
    subprocess.run([Path(str(MOSQUITTO)).parent.parent / "bin/mosquitto_passwd", "-U", path], check=True)
    return path


def test_killed_process_is_offline(tmp_path: Path) -> None:
    script = """
        import sys, time
        from pathlib import Path
        from edge.config import MqttSettings, SpoolSettings
        from edge.publisher import Publisher
        from edge.spool import Spool
        with Spool(SpoolSettings(path=Path(sys.argv[1]))) as spool:
            with Publisher(MqttSettings("127.0.0.1", int(sys.argv[2]), tls=False), "room-101", spool, 3600):
                time.sleep(600)
    """
    with Mosquitto(tmp_path) as broker, Recorder(broker.port) as recorder:
        arguments = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "spool.db"), str(broker.port)]
        with subprocess.Popen(arguments) as process:
            recorder.wait_for_status(b"online")
            process.kill()
        recorder.wait_for_status(b"offline")
        with Recorder(broker.port) as later:
            later.wait_for_status(b"offline")
            assert later.messages[0].retained


def test_plain_mqtt_3_subscriber_gets_keys_student_id_and_emotion(tmp_path: Path, spool: Spool) -> None:
    topic = "classpulse/v1/room-101/observation"
    with (
        Mosquitto(tmp_path) as broker,
        Recorder(broker.port, topic=topic, protocol=MQTTProtocolVersion.MQTTv311) as recorder,
        publishing(local(broker.port), spool),
    ):
        spool.put(seen(1))
        (message,) = recorder.wait_for(lambda messages: len(messages) == 1)
    assert message.payload == b'{"student_id": "s-000", "emotion": "happy"}'


def test_broker_absent_at_start_gets_everything_in_order_when_it_appears(tmp_path: Path, spool: Spool) -> None:
    broker, backoff = Mosquitto(tmp_path), Watched()
    with Relay() as relay, publishing(local(relay.port), spool, backoff) as publisher:
        for number in range(20):
            spool.put(seen(1, first=number))
        backoff.wait(failures=3)
        assert publisher.state == "connecting"
        with broker, Recorder(broker.port) as recorder:
            relay.target = broker.port
            got = recorder.wait_for_observations(20)
    assert sequences(got) == list(range(1, 21))


def test_restarted_broker_gets_what_was_seen_meanwhile(tmp_path: Path, spool: Spool) -> None:
    with Mosquitto(tmp_path) as broker, Relay() as relay, publishing(local(relay.port), spool) as publisher:
        for round_ in range(3):
            with Recorder(broker.port) as recorder:
                relay.target = broker.port
                spool.put(seen(20))
                got = recorder.wait_for_observations(20 if round_ == 0 else 30)
                assert sorted(set(sequences(got)))[-1] == 20 + 30 * round_
                assert sequences(got) == sorted(sequences(got))
            relay.target = None
            broker.kill()
            spool.put(seen(10))
            broker.start()
        assert publisher.reconnects >= 2


def test_refused_password_is_said_and_tried_again(
    tmp_path: Path, spool: Spool, password_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret, backoff = tmp_path / "secret", Watched()
    secret.write_text("wrong\n")
    with Mosquitto(tmp_path, "allow_anonymous false", f"password_file {password_file}") as broker:
        settings = local(broker.port, username="room-101", password_file=secret)
        with publishing(settings, spool, backoff) as publisher:
            spool.put(seen(1))
            backoff.wait(failures=2)
            assert publisher.state == "refused"
            assert publisher.connection_refusals >= 2
            with Recorder(broker.port, username="central", password="right") as recorder:
                secret.write_text("right\n")
                recorder.wait_for_observations(1)
            wait_until(lambda: publisher.state == "connected")
    assert caplog.text.count("bad user name or password") + caplog.text.count("not authorised") == 1


def test_publish_that_the_access_list_forbids_stays_in_the_spool_and_is_reported(
    tmp_path: Path, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    access = tmp_path / "access"
    everything = "topic read #\ntopic write classpulse/v1/room-101/#\n"
    access.write_text("topic read #\ntopic write classpulse/v1/room-101/status\n")
    with Mosquitto(tmp_path, f"acl_file {access}") as broker, Recorder(broker.port) as recorder:
        with publishing(local(broker.port), spool) as publisher:
            spool.put(seen(200))
            wait_until(lambda: "refuses classpulse/v1/room-101/observation: Not authorized" in caplog.text)
            assert publisher.state == "connected"
            assert len(spool.pending(0, 1000)) == 200
            assert recorder.observations() == []
            access.write_text(everything)
            broker.reload()
            got = recorder.wait_for_observations(200)
            wait_until(lambda: spool.pending(0, 1000) == [])
        assert publisher.refusals > 0
    # One that was refused while the next was accepted, the list being read in between, comes on the late topic.
    assert sorted(sequences(got)) == list(range(1, 201))
    for topic in {message.topic for message in got}:
        order = sequences([message for message in got if message.topic == topic])
        assert order == sorted(order)
    assert caplog.text.count("refuses classpulse/v1/room-101/observation:") == 1
    assert "accepts classpulse/v1/room-101/observation again" in caplog.text


def test_no_more_is_in_flight_than_the_broker_wants_to_receive(tmp_path: Path) -> None:
    with Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool:
        spool.put(seen(150))
    with (
        Mosquitto(tmp_path, "max_inflight_messages 4") as broker,
        Relay(target=broker.port) as relay,
        Recorder(broker.port) as recorder,
        Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool,
        publishing(local(relay.port), spool) as publisher,
    ):
        spool.put(seen(50, first=150))
        publisher.publish_health({"uptime_seconds": 1})
        recorder.wait_for_observations(200)
    in_flight, most = 0, 0
    for kind in packet_kinds(relay.carried[0]):
        in_flight += {"PUBLISH": 1, "PUBACK": -1}.get(kind, 0)
        most = max(most, in_flight)
    assert most == 4


def packet_kinds(carried: list[tuple[bool, bytes]]) -> Iterator[str]:
    """The kinds of the packets that passed, both ways, in the order in which they were complete."""
    waiting = {True: b"", False: b""}
    for to_broker, chunk in carried:
        waiting[to_broker] += chunk
        with suppress(MalformedError):  # the end of a packet is still on its way
            packets = read_packets(waiting[to_broker])
            waiting[to_broker] = b""
            yield from (packet.kind for packet in packets)


def test_second_pi_with_the_same_classroom_is_suspected(
    tmp_path: Path, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        publishing(local(broker.port), spool),
        Spool(SpoolSettings(path=tmp_path / "twin.db")) as other,
        publishing(local(broker.port), other),
    ):
        wait_until(lambda: "another Pi" in caplog.text)


TLS = ("cafile {ca}", "certfile {certificate}", "keyfile {key}", "require_certificate true")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def tls_broker(folder: Path, authority: Authority, *more: str, **names: Any) -> Iterator[tuple[Mosquitto, Recorder]]:
    """Client certificates on one port; a plain port beside it for the recorder."""
    pair = authority.issue("broker", **(names or {"address": "127.0.0.1"}))
    lines = [line.format(ca=authority.certificate, certificate=pair.certificate, key=pair.key) for line in TLS]
    plain = free_port()
    access = folder / "access"
    access.write_text("topic read #\npattern write classpulse/v1/%u/#\n")
    listener = (*lines, "use_identity_as_username true", *more)
    with Mosquitto(folder, f"acl_file {access}", f"listener {plain} 127.0.0.1", listener=listener) as broker:
        wait_until_listening(plain, lambda: True)
        with Recorder(plain) as recorder:
            yield broker, recorder


def secure(port: int, authority: Authority, pair: Pair | None) -> MqttSettings:
    return MqttSettings(
        "127.0.0.1",
        port,
        ca_file=authority.certificate,
        certificate_file=pair.certificate if pair else None,
        key_file=pair.key if pair else None,
    )


def test_client_certificate_is_shown_and_the_access_list_of_its_classroom_used(
    tmp_path: Path, spool: Spool, authority: Authority
) -> None:
    pair = authority.issue("room-101")
    with tls_broker(tmp_path, authority) as (broker, recorder):
        with publishing(secure(broker.port, authority, pair), spool):
            spool.put(seen(300))
            got = recorder.wait_for_observations(300)
        recorder.wait_for_status(b"offline")
    assert sequences(got) == list(range(1, 301))


def test_certificate_of_another_classroom_delivers_nothing(tmp_path: Path, spool: Spool, authority: Authority) -> None:
    pair = authority.issue("room-102")
    with tls_broker(tmp_path, authority) as (broker, recorder):
        with publishing(secure(broker.port, authority, pair), spool) as publisher:
            spool.put(seen(1))
            wait_until(lambda: publisher.refusals > 0)
        assert recorder.messages == []
    assert len(spool.pending(0, 10)) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no certificate", "wants a client certificate"),
        ("foreign certificate", "does not (know the authority|accept this client)"),
        ("expired certificate", "certificate has expired"),
        ("unknown authority", "signed by an unknown authority"),
        ("another name", "for another name"),
        ("plain port", "does not speak TLS|closed the connection"),
    ],
)
def test_tls_failure_says_what_to_do(
    tmp_path: Path, spool: Spool, authority: Authority, caplog: pytest.LogCaptureFixture, fault: str, message: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    foreign = Authority(elsewhere, "another CA")
    pair = authority.issue("room-101", days=0 if fault == "expired certificate" else 30)
    names = {"host": "broker.school.example"} if fault == "another name" else {}
    backoff = Watched()
    with tls_broker(tmp_path, authority, **names) as (broker, recorder):
        port = broker.port
        settings = secure(port, authority, pair)
        if fault == "no certificate":
            settings = secure(port, authority, None)
        elif fault == "foreign certificate":
            settings = secure(port, authority, foreign.issue("room-101"))
        elif fault == "unknown authority":
            settings = secure(port, foreign, pair)
        elif fault == "plain port":
            settings = secure(recorder.port, authority, pair)
        with publishing(settings, spool, backoff) as publisher:
            spool.put(seen(1))
            backoff.wait(failures=2)
            assert publisher.state != "connected"
            assert recorder.messages == []
    assert re.search(message, caplog.text)
    assert len(spool.pending(0, 10)) == 1


def test_expired_broker_certificate_is_named(
    tmp_path: Path, spool: Spool, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    backoff = Watched()
    pair = authority.issue("room-101")
    with (
        tls_broker(tmp_path, authority, address="127.0.0.1", days=0) as (broker, _),
        publishing(secure(broker.port, authority, pair), spool, backoff),
    ):
        backoff.wait()
    assert "the broker's certificate has expired" in caplog.text
