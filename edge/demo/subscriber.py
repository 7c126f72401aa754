"""A subscriber to one classroom, with nothing but paho-mqtt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge import wire
from edge.demo import DemoError


@dataclass(frozen=True)
class Arrival:
    """One message as the broker delivered it."""

    topic: str
    payload: bytes
    user_properties: tuple[tuple[str, str], ...]
    retained: bool
    monotonic: float
    """When it came, on `time.monotonic()`."""


class Subscriber:
    """Puts every message of the classroom into `inbox`."""

    def __init__(self, port: int, classroom: str) -> None:
        self.inbox: SimpleQueue[Arrival] = SimpleQueue()
        self._port = port
        self._filter = f"{wire.ROOT}/{classroom}/#"
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        try:
            self._client.connect("127.0.0.1", self._port)
        except OSError as error:
            raise DemoError(f"the embedded broker does not answer: {error}") from error
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        client.subscribe(self._filter, qos=1)

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        pairs = getattr(message.properties, "UserProperty", [])
        self.inbox.put(Arrival(message.topic, bytes(message.payload), tuple(pairs), message.retain, time.monotonic()))
