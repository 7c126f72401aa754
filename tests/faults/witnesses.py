"""Two subscribers at the broker itself, by nothing but paho-mqtt: what arrived, and when."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.brokers import SECONDS
from tests.certificates import Pair
from tests.faults.ledger import Identity

_SESSION_SECONDS = 86_400
_ROOT = "classpulse/v1"


@dataclass(frozen=True)
class Arrival:
    """One observation as the recorder got it; a repeat is another arrival."""

    topic: str
    stream: str
    sequence: int
    student_id: str
    emotion: str
    observed_at: float
    """Seconds since 1970, as the message says."""
    at: float
    """Seconds since 1970, when it arrived."""

    @property
    def identity(self) -> Identity:
        return self.stream, self.sequence

    @property
    def live(self) -> bool:
        return self.topic.endswith("/observation")


@dataclass(frozen=True)
class Plain:
    """What a subscriber without MQTT 5 gets: no properties."""

    payload: bytes
    at: float
    """Seconds since 1970, when it arrived."""


class _Witness:
    """A client that comes back for as long as it is open."""

    def __init__(self, client: Client, port: int, authority: Path, pair: Pair) -> None:
        self._client, self._port = client, port
        client.tls_set(str(authority), str(pair.certificate), str(pair.key))
        client.reconnect_delay_set(1, 1)
        self._subscribed = threading.Event()
        client.on_subscribe = lambda *_: self._subscribed.set()

    def _begin(self, **options: Any) -> None:
        self._client.connect("127.0.0.1", self._port, keepalive=20, **options)
        self._client.loop_start()
        assert self._subscribed.wait(SECONDS), "a witness cannot subscribe"

    def leave(self) -> None:
        """Go, and leave it to the broker to keep what comes."""
        self._client.disconnect()
        self._client.loop_stop()

    def come_back(self) -> None:
        """Connect again."""
        self._client.reconnect()
        self._client.loop_start()

    def __exit__(self, *_: object) -> None:
        self.leave()


class Recorder(_Witness):
    """Everything, with its properties, in a session that the broker keeps while the recorder is away."""

    def __init__(self, port: int, authority: Path, pair: Pair) -> None:
        client = Client(CallbackAPIVersion.VERSION2, "recorder", protocol=MQTTProtocolVersion.MQTTv5)
        super().__init__(client, port, authority, pair)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        self.arrivals: list[Arrival] = []
        self.strange: list[str] = []
        """Messages that should not have left the classroom."""
        self.offline = threading.Event()
        """Set by the classroom's goodbye, which comes after everything that it sent before."""
        self.sessions_forgotten = 0
        """Times that the broker did not know the session any more."""
        self._connections = 0

    def __enter__(self) -> Self:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_SECONDS
        self._begin(properties=properties, clean_start=False)
        return self

    def _on_connect(self, client: Client, data: Any, flags: ConnectFlags, *_: object) -> None:
        self._connections += 1
        self.sessions_forgotten += self._connections > 1 and not flags.session_present
        client.subscribe(f"{_ROOT}/#", options=SubscribeOptions(qos=1))

    def _on_message(self, client: Client, data: object, message: MQTTMessage) -> None:
        now = time.time()
        if message.topic.endswith("/status") and message.payload == b"offline":
            self.offline.set()
        if "/observation" not in message.topic:
            return
        properties = vars(message.properties)
        beside = dict(properties.get("UserProperty", []))
        try:
            content = json.loads(message.payload)
            arrival = Arrival(
                message.topic, beside["stream"], int(beside["sequence"]), content.pop("student_id"),
                content.pop("emotion"), datetime.fromisoformat(beside["observed_at"]).timestamp(), now,
            )  # fmt: skip
        except (ValueError, KeyError) as error:
            self.strange.append(f"{message.topic}: {error!r}")
            return
        if content or message.retain or len(beside) != 3:
            self.strange.append(f"{message.topic}: {message.payload!r} {beside} retain={message.retain}")
        self.arrivals.append(arrival)


class PlainSubscriber(_Witness):
    """MQTT 3.1.1, on `observation` only, with a clean session: the simplest subscriber there is."""

    def __init__(self, port: int, authority: Path, pair: Pair) -> None:
        client = Client(CallbackAPIVersion.VERSION2, "plain", protocol=MQTTProtocolVersion.MQTTv311, clean_session=True)
        super().__init__(client, port, authority, pair)
        client.on_connect = lambda client, *_: client.subscribe(f"{_ROOT}/+/observation", qos=1)
        client.on_message = lambda client, data, message: self.arrivals.append(
            Plain(bytes(message.payload), time.time())
        )
        self.arrivals: list[Plain] = []

    def __enter__(self) -> Self:
        self._begin()
        return self


def retained_status(port: int, authority: Path, pair: Pair, wanted: bytes, seconds: float) -> bytes | None:
    """The retained status as clients see it that come now: once it is wanted, or when seconds have passed."""
    until = time.monotonic() + seconds
    while True:
        found = _retained(port, authority, pair)
        if found == wanted or time.monotonic() >= until:
            return found


def _retained(port: int, authority: Path, pair: Pair) -> bytes | None:
    found: list[bytes] = []
    got = threading.Event()

    def keep(client: Client, data: object, message: MQTTMessage) -> None:
        found.append(bytes(message.payload))
        got.set()

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.tls_set(str(authority), str(pair.certificate), str(pair.key))
    client.on_connect = lambda client, *_: client.subscribe(f"{_ROOT}/+/status", qos=1)
    client.on_message = keep
    client.connect("127.0.0.1", port)
    client.loop_start()
    got.wait(2.0)
    client.disconnect()
    client.loop_stop()
    return found[-1] if found else None
