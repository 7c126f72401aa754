"""Every byte that a device sends, taken from the wire before TLS and held against a list of all that may be said."""

from __future__ import annotations

import base64
import json
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.config import SpoolSettings, load
from edge.demo.broker import embedded_broker
from edge.demo.cast import CLASSROOM, STUDENTS, write_config
from edge.embedder import Embedder
from edge.enrolment import enrol
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.portraits import Portrayer
from edge.records import Observation
from edge.spool import Spool
from edge.wire import encode, user_properties
from tests.allow_list import AllowList
from tests.brokers import SECONDS, Recorder, Relay, wait_until
from tests.integration.test_daemon import Device
from tests.mqtt_packets import MalformedError, read_packets

ALLOWED = AllowList(CLASSROOM, [student.student_id for student in STUDENTS], list(Manifest().entries))
ROOT = f"classpulse/v1/{CLASSROOM}"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + np.random.default_rng(1).bytes(3000)
EMBEDDING = np.random.default_rng(2).normal(size=192).astype("<f4")
NUMBERS = [round(float(value), 4) for value in EMBEDDING]
TEXT = base64.b64encode(EMBEDDING.tobytes()).decode()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with embedded_broker(tmp_path_factory.mktemp("broker")) as port:
        yield port


def test_everything_the_daemon_sends_in_a_run_is_on_the_list(
    broker: int, tmp_path: Path, detector: MtcnnDetector, embedder: Embedder
) -> None:
    with Relay(target=broker) as relay, Recorder(broker) as recorder:
        device = Device(write_config(tmp_path, relay.port))
        for student in STUDENTS:
            portrait = Portrayer(detector, embedder).from_file(student.picture)
            enrol(load(device.config), embedder, student.student_id, "test", [portrait])
        with Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool:  # as an outage would leave them: sent as late
            spool.put([Observation("s-001", "sad", datetime.now(UTC)) for _ in range(20)])
        with device.running() as daemon:
            recorder.wait_for(lambda _: len(recorder.observations()) >= 26)
            daemon.send_signal(signal.SIGHUP)  # the connection is made anew
            wait_until(lambda: len(relay.carried) >= 2)
            connections = len(relay.carried)
            relay.cut()
            wait_until(lambda: len(relay.carried) > connections)
            seen = len(recorder.observations())
            recorder.wait_for(lambda _: len(recorder.observations()) >= seen + 3)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(SECONDS) == 0, device.log.read_text()
        recorder.wait_for_status(b"offline")
        streams = relay.sent()
    assert [wrong for stream in streams for wrong in ALLOWED.violations(stream)] == []
    packets = [packet for stream in streams for packet in read_packets(stream)]
    assert {packet.kind for packet in packets} >= {"CONNECT", "PUBLISH", "DISCONNECT"}
    topics = {packet.fields["topic"] for packet in packets if packet.kind == "PUBLISH"}
    assert topics == {f"{ROOT}/{kind}" for kind in ("observation", "observation/late", "status", "health")}


class Planter:
    """A client like the daemon's, but one that says what it likes."""

    def __init__(self) -> None:
        self.client_id = f"classpulse-edge-{CLASSROOM}"
        self.will = b"offline"
        self.user_name: str | None = None
        self.topic, self.payload, self.retain = f"{ROOT}/observation", b"", False
        self.properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self.goodbye = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
        self.observe("s-001")

    def observe(self, student: str) -> None:
        seen = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
        self.payload = encode(Observation(student, "happy", seen))
        self.properties.ContentType = "application/json"
        self.properties.MessageExpiryInterval = 600
        self.properties.UserProperty = user_properties(seen, uuid.UUID("7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a"), 17)

    def health(self, **figures: object) -> None:
        self.topic, self.retain = f"{ROOT}/health", True
        self.payload = json.dumps({"version": "0.1.0", "uptime_seconds": 1.5, **figures}).encode()
        self.properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self.properties.ContentType = "application/json"

    def bytes_sent(self, broker: int) -> bytes:
        """All that it wrote in one connection to the broker."""
        with Relay(target=broker) as relay:
            client = Client(CallbackAPIVersion.VERSION2, self.client_id, protocol=MQTTv5)
            client.will_set(f"{ROOT}/status", self.will, qos=1, retain=True)
            if self.user_name is not None:
                client.username_pw_set(self.user_name, "")
            client.connect("127.0.0.1", relay.port)
            client.loop_start()
            published = client.publish(self.topic, self.payload, qos=1, retain=self.retain, properties=self.properties)
            published.wait_for_publish(SECONDS)
            client.disconnect(properties=self.goodbye if not self.goodbye.isEmpty() else None)  # type: ignore[no-untyped-call]
            client.loop_stop()
            wait_until(lambda: bool(relay.sent()) and _is_whole(relay.sent()[0]))
            return relay.sent()[0]


def _is_whole(stream: bytes) -> bool:
    try:
        return any(packet.kind == "DISCONNECT" for packet in read_packets(stream))
    except MalformedError:
        return False


def test_what_the_daemon_says_passes_when_another_client_says_it(broker: int) -> None:
    planter = Planter()
    assert ALLOWED.violations(planter.bytes_sent(broker)) == []
    planter.health(models={"emotion": "0123456789ab"}, camera="working")
    assert ALLOWED.violations(planter.bytes_sent(broker)) == []


def plant_payload(content: bytes) -> Callable[[Planter], None]:
    def plant(planter: Planter) -> None:
        planter.payload = content

    return plant


def plant_property(name: str, value: str) -> Callable[[Planter], None]:
    def plant(planter: Planter) -> None:
        kept = [pair for pair in planter.properties.UserProperty if pair[0] != name]
        planter.properties = _with(planter.properties, [*kept, (name, value)])

    return plant


def _with(before: Properties, pairs: list[tuple[str, str]]) -> Properties:
    after = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    after.ContentType, after.MessageExpiryInterval = before.ContentType, before.MessageExpiryInterval
    after.UserProperty = pairs
    return after


def plant_health(**figures: object) -> Callable[[Planter], None]:
    return lambda planter: planter.health(**figures)


def plant(**attributes: object) -> Callable[[Planter], None]:
    return lambda planter: vars(planter).update(attributes)


def plant_correlation(planter: Planter) -> None:
    planter.properties.CorrelationData = EMBEDDING.tobytes()


def plant_content_type(planter: Planter) -> None:
    planter.properties.ContentType = TEXT


def plant_goodbye(planter: Planter) -> None:
    planter.goodbye.UserProperty = [("embedding", TEXT)]


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(plant_payload(JPEG), id="a picture as the payload"),
        pytest.param(plant_payload(EMBEDDING.tobytes()), id="an embedding as the payload"),
        pytest.param(plant_payload(json.dumps(NUMBERS).encode()), id="a list of floats"),
        pytest.param(
            plant_payload(b'{"student_id": "s-001", "emotion": "happy", "embedding": "' + TEXT.encode() + b'"}'),
            id="a key more",
        ),
        pytest.param(plant_payload(b'{"student_id": "s-001", "emotion": "' + TEXT.encode() + b'"}'), id="as a label"),
        pytest.param(
            plant_payload(b'{"student_id": "' + EMBEDDING.tobytes().hex()[:60].encode() + b'", "emotion": "happy"}'),
            id="as the ID of a student whom nobody enrolled",
        ),
        pytest.param(plant_payload(b'{"student_id": "s-001",  "emotion": "happy"}'), id="in the white space"),
        pytest.param(plant_property("embedding", TEXT), id="a user property more"),
        pytest.param(plant_property("observed_at", TEXT), id="in observed_at"),
        pytest.param(plant_property("stream", EMBEDDING.tobytes().hex()[:36]), id="in the stream"),
        pytest.param(plant_property("sequence", "9" * 100), id="in the sequence"),
        pytest.param(plant_correlation, id="in the correlation data"),
        pytest.param(plant_content_type, id="in the content type"),
        pytest.param(plant(topic=f"{ROOT}/observation/{EMBEDDING.tobytes().hex()[:64]}"), id="in the topic"),
        pytest.param(plant(topic=f"{ROOT}/picture", payload=JPEG), id="a topic more"),
        pytest.param(plant(retain=True), id="an observation that is retained"),
        pytest.param(plant_health(embedding=NUMBERS), id="a key more in health"),
        pytest.param(plant_health(camera=TEXT), id="in the text of health"),
        pytest.param(plant_health(version=f"0.1.0+{EMBEDDING.tobytes().hex()[:30]}"), id="in the version"),
        pytest.param(plant_health(uptime_seconds=NUMBERS), id="a list for a figure"),
        pytest.param(plant_health(uptime_seconds=float(np.pi)), id="in the digits of a figure"),
        pytest.param(plant_health(models={EMBEDDING.tobytes().hex()[:60]: "0123456789ab"}), id="as a model's name"),
        pytest.param(plant_health(models={"emotion": TEXT[:12]}), id="as a model's sha256"),
        pytest.param(plant(client_id="classpulse-edge-" + EMBEDDING.tobytes().hex()[:64]), id="in the client ID"),
        pytest.param(plant(will=JPEG), id="a picture as the last will"),
        pytest.param(plant(user_name=TEXT), id="in the user name"),
        pytest.param(plant_goodbye, id="in the goodbye"),
    ],
)
def test_a_picture_or_an_embedding_is_found_wherever_it_is_planted(
    broker: int, planted: Callable[[Planter], None]
) -> None:
    planter = Planter()
    planted(planter)
    assert ALLOWED.violations(planter.bytes_sent(broker)) != []
