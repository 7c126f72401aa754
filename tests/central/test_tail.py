"""`classpulse-central tail`: what a person at a terminal sees."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import tzset

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from central.__main__ import main
from central.session import BrokerSettings, Message
from central.subscriber import Subscriber
from central.tail import Tail, tail
from edge.connection import Backoff
from edge.demo.broker import embedded_broker
from tests.brokers import MOSQUITTO, SECONDS, Mosquitto, Relay, free_port

LIVE, STATUS = "classpulse/v1/room-101/observation", "classpulse/v1/room-101/status"
PAYLOAD = b'{"student_id": "s-042", "emotion": "happy"}'
PROPERTIES = (
    ("observed_at", "2026-03-02T09:15:30.123Z"),
    ("stream", "7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a"),
    ("sequence", "17"),
)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    tzset()
    yield
    monkeypatch.undo()
    tzset()


def shown(*messages: Message, as_json: bool = False) -> tuple[str, str]:
    out, errors = io.StringIO(), io.StringIO()
    tail(messages, Tail(out, errors, as_json=as_json))
    return out.getvalue(), errors.getvalue()


def test_observation_is_a_line_of_time_classroom_student_and_label() -> None:
    assert shown(Message(LIVE, PAYLOAD, PROPERTIES)) == ("09:15:30  room-101  s-042  happy\n", "")


def test_late_observation_is_marked_and_dated() -> None:
    out, _ = shown(Message(LIVE + "/late", PAYLOAD, PROPERTIES))
    assert out == "2026-03-02 09:15:30  room-101  s-042  happy  (late)\n"


def test_observation_without_properties_shows_the_time_of_arrival() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    out, _ = shown(Message(LIVE, PAYLOAD, ()))
    arrived = datetime.combine(before, time.fromisoformat(out.split()[0]), UTC)
    if arrived < before:  # midnight has passed
        arrived += timedelta(days=1)
    assert before <= arrived <= datetime.now(UTC)


def test_a_repeat_is_shown_once_and_its_like_from_another_room_too() -> None:
    messages = [Message(LIVE, PAYLOAD, PROPERTIES), Message(LIVE + "/late", PAYLOAD, PROPERTIES)]
    other = Message(LIVE.replace("room-101", "room-102"), PAYLOAD, PROPERTIES)
    out, _ = shown(*messages, other)
    assert [line.split()[1] for line in out.splitlines()] == ["room-101", "room-102"]


def test_status_is_shown_when_it_changes() -> None:
    out, _ = shown(*(Message(STATUS, status, ()) for status in (b"online", b"online", b"offline")))
    assert [line.split()[1:] for line in out.splitlines()] == [["room-101", "online"], ["room-101", "offline"]]


def test_malformed_message_is_reported_and_survived() -> None:
    out, errors = shown(
        Message(LIVE, b'{"student_id": "\x1b[2J"}', ()),
        Message("classpulse/v1/\x1b[2J", b"", ()),
        Message("classpulse/v1/room-101/health", b"whatever", ()),
        Message(LIVE, PAYLOAD, ()),
    )
    assert out.endswith("room-101  s-042  happy\n")
    assert len(errors.splitlines()) == 2
    assert "\x1b" not in errors


def test_json_is_one_object_a_line() -> None:
    out, _ = shown(Message(LIVE, PAYLOAD, PROPERTIES), Message(STATUS, b"online", ()), as_json=True)
    observation, status = map(json.loads, out.splitlines())
    assert observation == {
        "type": "observation",
        "classroom": "room-101",
        "student_id": "s-042",
        "emotion": "happy",
        "late": False,
        "observed_at": "2026-03-02T09:15:30.123+00:00",
        "stream": "7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a",
        "sequence": 17,
    }
    assert status == {"type": "status", "classroom": "room-101", "status": "online"}


@contextmanager
def sender(port: int) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def send(client: Client, payload: bytes = PAYLOAD, topic: str = LIVE, sequence: str = "17") -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = [*PROPERTIES[:2], ("sequence", sequence)]
    client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(SECONDS)


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "central", "tail", "--host", "127.0.0.1", *arguments]
    environment = {**os.environ, "TZ": "UTC", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_command_prints_what_arrives_and_ends_after_the_count(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port, sender(port) as client:
        client.publish(STATUS, b"online", qos=1, retain=True).wait_for_publish(SECONDS)
        with running("--no-tls", "--port", str(port), "--count", "2") as process:
            assert process.stdout is not None
            assert process.stdout.readline().split()[1:] == ["room-101", "online"]  # so it is subscribed
            send(client, b"nonsense")
            send(client)
            send(client, topic=LIVE + "/late", sequence="18")
            out, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert out.splitlines() == [
        "09:15:30  room-101  s-042  happy",
        "2026-03-02 09:15:30  room-101  s-042  happy  (late)",
    ]
    assert "skipped a message" in errors


def test_command_ends_after_the_seconds(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port, running("--no-tls", "--port", str(port), "--seconds", "0.1") as process:
        assert process.wait(SECONDS) == 0


def test_lost_connection_is_made_again(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port, sender(port) as client, Relay(target=port) as relay:
        settings = BrokerSettings("127.0.0.1", relay.port, tls=False)
        client.publish(STATUS, b"online", qos=1, retain=True).wait_for_publish(SECONDS)
        messages = (message for message in Subscriber(settings, Backoff(0.01, 0.05)).messages() if message is not None)
        for _ in range(3):
            assert next(messages).topic == STATUS  # retained: it comes with every new subscription
            send(client)
            assert next(messages) == Message(LIVE, PAYLOAD, PROPERTIES)
            relay.cut()


def test_only_the_classroom_asked_for_is_shown(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port, sender(port) as client:
        for room in ("room-101", "room-102"):
            client.publish(f"classpulse/v1/{room}/status", b"online", qos=1, retain=True).wait_for_publish(SECONDS)
        subscriber = Subscriber(BrokerSettings("127.0.0.1", port, tls=False, classroom="room-102"))
        first = next(message for message in subscriber.messages() if message is not None)
    assert first.topic == "classpulse/v1/room-102/status"


def test_absent_broker_is_an_error_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tail", "--host", "127.0.0.1", "--no-tls", "--port", str(free_port())]) == 1
    assert capsys.readouterr().err.endswith("connection refused; is the broker running, and is this its port?\n")


@pytest.mark.parametrize(
    "arguments",
    [["--port", "0"], ["--port", "x"], ["--count", "0"], ["--seconds", "nan"], ["--classroom", "Room 1"], ["--tls"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["tail", "--host", "localhost", *arguments])
    assert "usage" in capsys.readouterr().err


def test_a_password_is_never_sent_in_the_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "password").write_text("secret")
    options = ["--no-tls", "--username", "me", "--password-file", str(tmp_path / "password")]
    assert main(["tail", "--host", "192.0.2.1", *options]) == 1
    assert "for anybody on the way to read" in capsys.readouterr().err


@pytest.mark.broker
@pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")
def test_refused_client_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Mosquitto(tmp_path, "allow_anonymous false") as broker:
        assert main(["tail", "--host", "127.0.0.1", "--no-tls", "--port", str(broker.port)]) == 1
    assert "not authorised" in capsys.readouterr().err


@pytest.mark.broker
@pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")
def test_plain_port_is_told_from_a_tls_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Mosquitto(tmp_path) as broker:
        assert main(["tail", "--host", "127.0.0.1", "--port", str(broker.port)]) == 1
    assert "TLS" in capsys.readouterr().err
