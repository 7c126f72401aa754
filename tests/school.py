"""A school for one test: an authority, a broker configured by it, and who connects there."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from central import authority, bundle
from central.__main__ import main
from central.pki_registry import Kind
from edge.config import MqttSettings
from edge.session import Session
from tests.brokers import MOSQUITTO, SECONDS, free_port, wait_until_listening

STATUS = "classpulse/v1/{}/status"


def central(*arguments: object) -> int:
    """Run classpulse-central; returns its exit code."""
    return main([str(argument) for argument in arguments])


class School:
    """An authority in a folder, and what it issues beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pki = folder / "pki"
        self.port = free_port()
        # Two months ago, so that a certificate may have expired.
        authority.create(self.pki, "Test", None, now() - timedelta(days=60))

    def configure_broker(self, *, name: str = "broker", host: str = "127.0.0.1") -> WrittenBroker:
        """As broker-config writes it, in a folder of that name."""
        target = self.folder / name
        assert central("broker-config", target, "--host", host, "--port", self.port, "--pki", self.pki,
                       "--bind", "127.0.0.1") == 0  # fmt: skip
        return WrittenBroker(target / "mosquitto.conf", self.port)

    def issue(self, *names: str) -> None:
        """Bundles, as folders of these names; "central" for who reads."""
        rooms = [name for name in names if name != "central"]
        if rooms:
            assert central("pki", "issue", *rooms, "--pki", self.pki, "--output", self.folder) == 0
        if "central" in names:
            assert central("pki", "issue", "--central", "--pki", self.pki, "--output", self.folder) == 0

    def revoke_at(self, moment: datetime, name: str) -> None:
        """Revoke all of that name, and give the broker the new list."""
        with authority.opened(self.pki, None, moment) as ca:
            ca.revoke([issued.serial for issued in ca.registry.of(name)])
        self.hand_over_revocations()

    def hand_over_revocations(self) -> None:
        """By the command that `pki revoke` prints."""
        target = self.folder / "broker" / "classpulse" / "crl.pem"
        subprocess.run(["install", "-m", "644", self.pki / "crl.pem", target], check=True)

    def issue_at(self, now: datetime, name: str, kind: Kind = "classroom", days: int = 10) -> Path:
        """A bundle made at another time; returns its folder."""
        folder = self.folder / f"{name}-{now:%Y%m%d}"
        with authority.opened(self.pki, None, now) as ca:
            issue = ca.issue(name, kind, [name] if kind == "broker" else [], days)
        files = bundle.for_broker(issue) if kind == "broker" else bundle.for_client(issue)
        bundle.write_folder(files, folder)
        return folder

    def settings(self, name: str, folder: Path | None = None, host: str = "127.0.0.1") -> MqttSettings:
        """To connect with a bundle: of the same name, or in folder."""
        folder = folder or self.folder / name
        certificate, key = folder / "mqtt.pem", folder / "mqtt.key"
        return MqttSettings(host, self.port, ca_file=folder / "ca.pem", certificate_file=certificate, key_file=key)


class WrittenBroker:
    """A Mosquitto with exactly the configuration that was written."""

    def __init__(self, config: Path, port: int) -> None:
        self._config, self.port = config, port
        self.log = config.with_name("log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        assert MOSQUITTO is not None
        with self.log.open("ab") as log:
            process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stdout=log, stderr=log)
        self._process = process
        wait_until_listening(self.port, lambda: process.poll() is None)

    def reload(self) -> None:
        """As `systemctl reload mosquitto`."""
        assert self._process is not None
        self._process.send_signal(1)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """As `systemctl stop mosquitto`."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(SECONDS)
            self._process = None


class Peer:
    """An MQTT 5 client with a bundle, that does what a program with that key could do."""

    def __init__(self, settings: MqttSettings, client_id: str = "", *, lasting: bool = False) -> None:
        """lasting: keep the session while it is away."""
        self._settings = settings
        self._client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.tls_set(
            *(None if path is None else str(path) for path in
              (settings.ca_file, settings.certificate_file, settings.key_file))
        )  # fmt: skip
        self._changed = threading.Condition()
        self._answers: dict[tuple[str, int], list[int]] = {}
        self.messages: list[tuple[str, bytes, bool]] = []
        """Topic, payload and whether it was retained."""
        self.connected = False
        self._lasting = lasting
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = lambda c, d, mid, reason, p: self._answer("publish", mid, [reason.value])
        self._client.on_subscribe = lambda c, d, mid, reasons, p: self._answer("subscribe", mid, [])
        self._client.on_unsubscribe = lambda c, d, mid, reasons, p: self._answer("unsubscribe", mid, [])

    def __enter__(self) -> Self:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if self._lasting:
            properties.SessionExpiryInterval = 3600
        self._client.connect(
            self._settings.host, self._settings.port, clean_start=not self._lasting, properties=properties
        )
        self._client.loop_start()
        self.wait(lambda: self.connected)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> int:
        """The reason code of the PUBACK."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return self._wait_answer("publish", info.mid)[0]

    def send(self, topic: str, payload: bytes) -> None:
        """Publish what nobody may answer."""
        self._client.publish(topic, payload, qos=1)

    def subscribe(self, topic: str) -> None:
        _, mid = self._client.subscribe(topic, qos=1)
        assert mid is not None
        self._wait_answer("subscribe", mid)

    def settle(self) -> None:
        """Until the broker has handed out all that it had for this client before."""
        _, mid = self._client.unsubscribe("nothing")
        assert mid is not None
        self._wait_answer("unsubscribe", mid)

    def wait(self, ready: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(ready, SECONDS), self.messages[-5:]

    def _wait_answer(self, kind: str, mid: int) -> list[int]:
        self.wait(lambda: (kind, mid) in self._answers)
        return self._answers[kind, mid]

    def _answer(self, kind: str, mid: int, reasons: list[int]) -> None:
        with self._changed:
            self._answers[kind, mid] = reasons
            self._changed.notify_all()

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        with self._changed:
            self.connected = not reason.is_failure
            self._changed.notify_all()

    def _on_disconnect(self, client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        with self._changed:
            self.connected = False
            self._changed.notify_all()

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        with self._changed:
            self.messages.append((message.topic, bytes(message.payload), message.retain))
            self._changed.notify_all()


def now() -> datetime:
    return datetime.now(UTC)


def try_session(settings: MqttSettings, classroom: str = "room-101") -> None:
    """Connect as the daemon does. Raises BrokerError."""
    reader, writer = socket.socketpair()
    with reader, writer:
        Session(settings, classroom, reader, trial=True).close()
