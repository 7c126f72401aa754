"""A certificate is exchanged under a running publisher, on a Mosquitto that asks for one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.config import MqttSettings, SpoolSettings
from edge.connection import Backoff
from edge.publisher import Publisher
from edge.records import Observation
from edge.spool import Spool
from edge.watchdog import Heartbeat
from tests.brokers import MOSQUITTO, Mosquitto, Recorder, free_port, wait_until, wait_until_listening
from tests.certificates import Authority

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


def test_a_renewed_certificate_is_used_at_once_and_nobody_sees_the_classroom_leave(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, device = authority.issue("broker", address="127.0.0.1"), authority.issue("room-101")
    plain = free_port()
    broker = Mosquitto(
        tmp_path,
        f"listener {plain} 127.0.0.1",
        "allow_anonymous true",
        listener=(
            f"cafile {authority.certificate}", f"certfile {server.certificate}", f"keyfile {server.key}",
            "require_certificate true",
        ),
    )  # fmt: skip
    settings = MqttSettings(
        "127.0.0.1",
        broker.port,
        ca_file=authority.certificate,
        certificate_file=device.certificate,
        key_file=device.key,
    )
    with broker:
        wait_until_listening(plain, lambda: True)
        with (
            Recorder(plain) as recorder,
            Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool,
            Publisher(settings, "room-101", spool, 3600, Backoff(0.02, 0.1)) as publisher,
        ):
            recorder.wait_for_status(b"online")
            spool.put([Observation("s-001", "happy", datetime.now(UTC))])
            authority.issue("room-101")  # into the same files
            publisher.use_settings(settings)
            wait_until(lambda: publisher.reconnects == 1 and publisher.state == "connected")
            spool.put([Observation("s-002", "happy", datetime.now(UTC))])
            recorder.wait_for_observations(2)
            assert b"offline" not in [message.payload for message in recorder.messages]
            device.certificate.unlink()
            publisher.use_settings(settings)
            wait_until(lambda: publisher.state == "connecting")
            authority.issue("room-101")
            publisher.use_settings(settings)  # ends the wait between attempts
            wait_until(lambda: publisher.state == "connected")


def test_the_threads_tell_the_watchdog_when_they_work_and_when_they_wait(tmp_path: Path) -> None:
    now = [0.0]
    mqtt, writer = Heartbeat("mqtt", 10.0, lambda: now[0]), Heartbeat("spool", 10.0, lambda: now[0])
    with (
        Mosquitto(tmp_path) as broker,
        Recorder(broker.port) as recorder,
        Spool(SpoolSettings(path=tmp_path / "spool.db"), heartbeat=writer) as spool,
        Publisher(
            MqttSettings("127.0.0.1", broker.port, tls=False), "room-101", spool, 3600, Backoff(0.02, 0.1), mqtt
        ) as publisher,
    ):
        recorder.wait_for_status(b"online")
        for second in range(0, 60, 20):
            now[0] = float(second)
            spool.put([Observation("s-001", "happy", datetime.now(UTC))])
            assert spool.flush(10.0)
            wait_until(lambda: mqtt.late(now[0]) is None)
            wait_until(lambda: writer.late(now[0]) is None)
        broker.kill()
        wait_until(lambda: publisher.state == "connecting")
        now[0] += 100
        wait_until(lambda: mqtt.late(now[0]) is None)
