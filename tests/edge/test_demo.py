"""The demo's parts: its broker, its subscriber's judgement, its screen, its clip."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import threading
import uuid
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge import config, demo, wire
from edge.camera import open_camera
from edge.demo.cast import CLASSROOM, HERE, STUDENTS, write_config
from edge.demo.subscriber import Arrival, Subscriber
from edge.demo.tally import Tally
from edge.records import Observation
from tests.brokers import SECONDS

pytest.importorskip("iotcore", reason="needs the extra `demo`")
pytest.importorskip("rich", reason="needs the extra `demo`")

from edge.demo.broker import embedded_broker
from edge.demo.screen import Screen, save_svg

ENROLLED = tuple(student.student_id for student in STUDENTS)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEALTH = b'{"frames_per_second": 14.8, "inference_p95_ms": 41, "spool_depth": 0}'


def arrival(kind: wire.Kind, payload: bytes, *, sequence: int = 1, retained: bool = False) -> Arrival:
    pairs = tuple(wire.user_properties(NOON, uuid.UUID(int=1), sequence)) if kind == "observation" else ()
    return Arrival(wire.topic(CLASSROOM, kind), payload, pairs, retained, monotonic=100.0 + sequence)


def observed(student_id: str, emotion: str = "happy", **details: int) -> Arrival:
    return arrival("observation", wire.encode(Observation(student_id, emotion, NOON)), **details)


def tally_of(*arrivals: Arrival) -> Tally:
    tally = Tally(ENROLLED)
    for one in arrivals:
        tally.add(one)
    return tally


EVERYBODY = tuple(observed(student_id) for student_id in ENROLLED)
ONLINE, OFFLINE = arrival("status", b"online"), arrival("status", b"offline")


# Judgement


def test_everybody_reported_and_offline_at_the_end_is_as_it_should_be() -> None:
    assert tally_of(ONLINE, *EVERYBODY, OFFLINE).complaints() == []


@pytest.mark.parametrize(
    ("arrivals", "complaint"),
    [
        pytest.param((ONLINE, *EVERYBODY[1:], OFFLINE), "s-001 was never reported", id="student missing"),
        pytest.param(
            (ONLINE, *EVERYBODY, observed("s-004"), OFFLINE), "s-004 was reported, but nobody", id="stranger reported"
        ),
        pytest.param((ONLINE, *EVERYBODY), "without saying offline", id="killed"),
        pytest.param(EVERYBODY, "never came online", id="no status"),
        pytest.param(
            (*EVERYBODY, OFFLINE, arrival("observation", b'{"student_id": "s-001", "emotion": "happy", "face": 1}')),
            "should not be there: payload keys",
            id="more than ID and label",
        ),
        pytest.param(
            (*EVERYBODY, OFFLINE, arrival("observation", EVERYBODY[0].payload, retained=True)),
            "an observation was retained",
            id="label kept by the broker",
        ),
    ],
)
def test_whatever_is_wrong_is_said(arrivals: tuple[Arrival, ...], complaint: str) -> None:
    (found,) = tally_of(*arrivals).complaints()
    assert complaint in found


def test_newest_label_counts_and_every_label_is_counted() -> None:
    row = tally_of(observed("s-001", "happy"), observed("s-001", "sad", sequence=2)).rows["s-001"]
    assert (row.label, row.labels["happy"], row.labels["sad"]) == ("sad", 1, 1)
    assert row.observed_at == NOON


# Screen


def test_without_a_terminal_every_observation_is_a_line() -> None:
    out = io.StringIO()
    screen, tally = Screen(out), Tally(ENROLLED)
    with screen.table():
        for one in (ONLINE, observed("s-002", "sad"), arrival("health", HEALTH)):
            screen.show(tally, 3.0, tally.add(one))
    assert out.getvalue() == "  3.0 s  s-002  sad\n"


def test_picture_shows_the_table_and_loads_nothing_from_the_network(tmp_path: Path) -> None:
    path = tmp_path / "demo.svg"
    save_svg(tally_of(ONLINE, observed("s-002", "sad"), arrival("health", HEALTH)), 20.0, path)
    text = path.read_text(encoding="utf-8").replace("&#160;", " ")
    for shown in ("s-002", "sad", "s-003", "not seen yet", "online", "14.8 frames a second"):
        assert shown in text
    assert set(re.findall(r"https?://[^\"' )<]+", text)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


# Broker and subscriber


def publish(port: int, topic: str, payload: bytes, pairs: tuple[tuple[str, str], ...], retain: bool) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert connected.wait(SECONDS)
    properties = Properties(PacketTypes.PUBLISH)
    if pairs:
        properties.UserProperty = list(pairs)
    client.publish(topic, payload, qos=1, retain=retain, properties=properties).wait_for_publish(SECONDS)
    client.disconnect()
    client.loop_stop()


def test_embedded_broker_delivers_what_travels_beside_a_payload_and_what_is_retained(tmp_path: Path) -> None:
    sent = observed("s-001", sequence=7)
    with embedded_broker(tmp_path) as port:
        publish(port, ONLINE.topic, b"online", (), retain=True)
        with Subscriber(port, CLASSROOM) as subscriber:
            status = subscriber.inbox.get(timeout=SECONDS)  # subscribed, once this is here
            publish(port, sent.topic, sent.payload, sent.user_properties, retain=False)
            observation = subscriber.inbox.get(timeout=SECONDS)
    assert (status.payload, status.retained) == (b"online", True)
    assert (observation.topic, observation.payload, observation.retained) == (sent.topic, sent.payload, False)
    assert observation.user_properties == sent.user_properties


def test_embedded_broker_is_gone_after_the_demo(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as port:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def test_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(demo.DemoError, match=r"iotcore and rich not installed.*classpulse\[demo\]"):
        demo.run(1)


# Device


def test_config_of_the_demo_is_one_that_the_daemon_accepts(tmp_path: Path) -> None:
    settings = config.load(write_config(tmp_path, 18830))
    assert settings.classroom == CLASSROOM
    assert (settings.mqtt.host, settings.mqtt.port) == ("127.0.0.1", 18830)
    assert {settings.recognition.gallery.parent, settings.spool.path.parent} == {tmp_path}


def test_clip_shows_twelve_seconds_that_can_be_looped(tmp_path: Path) -> None:
    settings = config.load(write_config(tmp_path, 18830))
    with open_camera(settings.camera, realtime=False) as camera:
        frames = islice(camera.frames(threading.Event()), 181)
        kept = {frame.sequence: frame for frame in frames if frame.sequence in (0, 179, 180)}
    assert kept[0].image.shape == (720, 1280, 3)
    assert kept[180].monotonic - kept[0].monotonic == pytest.approx(12.0, abs=0.05)
    first, last, again = (cv2.resize(kept[index].image, (64, 36)).astype(np.int16) for index in (0, 179, 180))
    assert abs(first - again).max() == 0
    assert abs(first - last).mean() < 3  # no jump where the loop closes


def test_portraits_are_the_files_their_source_list_names() -> None:
    listed = (HERE / "portraits" / "SOURCES.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", listed, re.MULTILINE))
    pictures = [path for path in (HERE / "portraits").iterdir() if path.suffix != ".md"]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures} == rows
