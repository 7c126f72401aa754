"""A simulated classroom's connection: last will, status, health and observations, as a real device has them."""

from __future__ import annotations

import logging
import time
import uuid
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.session import BrokerSettings
from edge.connection import explain, give_credentials
from edge.errors import BrokerError
from edge.records import Observation
from edge.version import installed_version
from edge.wire import CONTENT_TYPE, OFFLINE, ONLINE, Kind, client_id, encode, encode_health, topic, user_properties

_log = logging.getLogger(__name__)

_KEPT = 100_000
"""Observations that wait while the broker is away, at most."""
_LEAVE_SECONDS = 5.0


class Device:
    """Publishes for one classroom; a context manager. What it cannot send at once goes out as late, in order."""

    def __init__(self, settings: BrokerSettings) -> None:
        """settings: `classroom` names the one. Raises BrokerError when the credentials cannot be read."""
        self.classroom = settings.classroom
        self._settings = settings
        self._stream = uuid.uuid4()
        self._sequence = 0
        self._late: deque[tuple[Observation, int]] = deque(maxlen=_KEPT)
        self._began = time.monotonic()
        self.refusal: str | None = None
        """Why the broker does not let it in."""
        self.published = 0
        """Observations given to the broker, late ones included."""
        self._client = self._make_client()

    def __enter__(self) -> Self:
        """Begin to connect. Raises BrokerError when the broker cannot be reached."""
        settings = self._settings
        try:
            self._client.connect(settings.host, settings.port, settings.keepalive_seconds, clean_start=True)
        except OSError as error:
            raise BrokerError(f"{settings.where}: {explain(error)}") from error
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.online:
            self._publish("status", OFFLINE, retain=True).wait_for_publish(_LEAVE_SECONDS)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def online(self) -> bool:
        return self._client.is_connected()

    def observe(self, observations: Iterable[Observation]) -> None:
        """Publish them now, or as late once the broker is there again."""
        late = not self.online
        for observation in observations:
            self._sequence += 1
            if late:
                self._late.append((observation, self._sequence))
            else:
                self._send(observation, self._sequence, "observation")
        while self._late and self.online:
            self._send(*self._late.popleft(), "observation/late")

    def tell_health(self) -> None:
        """Publish figures of a machine that does not exist."""
        uptime = round(time.monotonic() - self._began, 1)
        figures: dict[str, Any] = {
            "version": installed_version(), "uptime_seconds": uptime, "camera": "working", "frames_per_second": 15.0,
            "dropped_frames": 0, "spool_depth": len(self._late), "spool_storage": "disk", "temperature_celsius": 55.0,
            "disk_free_bytes": 20_000_000_000, "authorisation_days_left": 90,
        }  # fmt: skip
        self._publish("health", encode_health(figures), retain=True)

    def vanish(self) -> None:
        """Go without a word: the broker publishes the last will. `come_back` ends that."""
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
        self._client.loop_stop()

    def come_back(self) -> None:
        """Connect again; a broker that cannot be reached is tried again in the background."""
        settings = self._settings
        self._client.connect_async(settings.host, settings.port, settings.keepalive_seconds, clean_start=True)
        self._client.loop_start()

    def _make_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2, client_id(self.classroom, "edge"), protocol=MQTTProtocolVersion.MQTTv5
        )
        # 0: no limit of our own, but the broker's.
        client.max_inflight_messages_set(0)
        client.will_set(topic(self.classroom, "status"), OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        give_credentials(client, settings)
        return client

    def _send(self, observation: Observation, sequence: int, kind: Kind) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = CONTENT_TYPE
        properties.UserProperty = user_properties(observation.observed_at, self._stream, sequence)
        self._client.publish(topic(self.classroom, kind), encode(observation), 1, properties=properties)
        self.published += 1

    def _publish(self, kind: Kind, payload: bytes, *, retain: bool) -> Any:
        return self._client.publish(topic(self.classroom, kind), payload, 1, retain)

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.refusal = f"{self._settings.where} refuses {self.classroom}: {reason}"
            return
        self.refusal = None
        self._publish("status", ONLINE, retain=True)

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.warning("%s: the connection was lost (%s); trying again", self.classroom, reason)
