"""Receives what classrooms publish, and comes back when the connection is lost."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import MQTT_LOG_ERR, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.connection import REFUSED_FOR_GOOD, Backoff, explain, explain_tls, read_password, tls_context
from edge.errors import BrokerError
from edge.wire import ROOT

_log = logging.getLogger(__name__)

_SUBACK_SECONDS = 10.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class BrokerSettings:
    """Where to subscribe, and as whom."""

    host: str
    port: int = 8883
    tls: bool = True
    ca_file: Path | None = None
    """PEM: who may have signed the broker's certificate. None: the system's authorities."""
    certificate_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    classroom: str = "+"
    """One classroom, or `+` for all."""
    keepalive_seconds: int = 30


@dataclass(frozen=True)
class Message:
    """A publish, not yet looked into."""

    topic: str
    payload: bytes
    user_properties: tuple[tuple[str, str], ...]


class RefusedError(BrokerError):
    """The broker will not have this client until somebody changes something."""


class Subscriber:
    """One MQTT 5 subscription over as many connections as it takes."""

    def __init__(self, settings: BrokerSettings, backoff: Backoff | None = None) -> None:
        """backoff: the waits between connection attempts; 1 s to 60 s by default."""
        self._settings = settings
        self._backoff = backoff or Backoff()

    def messages(self) -> Iterator[Message | None]:
        """Messages as they come, and None a few times a second while there are none; without end.

        Raises BrokerError when the broker cannot be reached the first time, or whenever it refuses;
        a connection that is lost later is made again.
        """
        connection = _Connection(self._settings)
        while True:
            self._backoff.reset()
            yield from connection.messages()
            _log.warning("%s; connecting again", connection.ended)
            while True:
                yield from self._pause()
                try:
                    connection = _Connection(self._settings)
                    break
                except RefusedError:
                    raise
                except BrokerError as error:
                    _log.debug("%s", error)
            _log.warning("connected again")

    def _pause(self) -> Iterator[None]:
        until = time.monotonic() + self._backoff.next()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
            yield None


class _Connection:
    """One connection, subscribed."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._where = f"{settings.host}:{settings.port}"
        self._filter = f"{ROOT}/{settings.classroom}/#"
        self._received: deque[Message] = deque()
        self._subscribed = False
        self._refusal: str | None = None
        self._tls_alert: str | None = None
        self.ended: str | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.on_log = self._on_log
        if settings.username is not None:
            password = read_password(settings.password_file) if settings.password_file is not None else None
            self._client.username_pw_set(settings.username, password)
        if settings.tls:
            self._client.tls_set_context(tls_context(settings.ca_file, settings.certificate_file, settings.key_file))
        try:
            self._client.connect(settings.host, settings.port, settings.keepalive_seconds)
        except OSError as error:
            raise BrokerError(f"{self._where}: {explain(error)}") from error
        except ValueError as error:  # a host name that IDNA or TLS cannot take
            raise BrokerError(f"{self._where}: {error}; check the host") from error
        self._wait_for_subscription()

    def _wait_for_subscription(self) -> None:
        deadline = time.monotonic() + _SUBACK_SECONDS
        while not self._subscribed:
            if self._refusal is not None:
                raise RefusedError(f"{self._where}: the broker refused: {self._refusal}")
            if self.ended is not None:
                raise BrokerError(self.ended)
            if time.monotonic() > deadline:
                raise BrokerError(f"{self._where}: it does not answer; is this an MQTT 5 port?")
            self._client.loop(_POLL_SECONDS)

    def messages(self) -> Iterator[Message | None]:
        """Until the connection ends."""
        while self.ended is None or self._received:
            if self._received:
                yield self._received.popleft()
            else:
                self._client.loop(_POLL_SECONDS)
                if not self._received:
                    yield None

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = REFUSED_FOR_GOOD.get(reason.value)
            self.ended = f"{self._where}: the broker refused the connection: {reason}"
        else:
            client.subscribe(self._filter, qos=1)

    def _on_subscribe(self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refusal = f"may not subscribe to {self._filter}: {reasons[0]}"
        self._subscribed = self._refusal is None

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"  # which is none of ours, and said to be so by whoever decodes it
        pairs = getattr(message.properties, "UserProperty", [])
        self._received.append(Message(topic, bytes(message.payload), tuple(pairs)))

    def _on_disconnect(self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self.ended = self.ended or f"{self._where}: {self._tls_alert or f'the connection was lost ({reason})'}"

    def _on_log(self, client: Client, data: Any, level: int, text: str) -> None:
        # A TLS 1.3 broker refuses a client certificate only after the handshake, and paho tells of it only here.
        if level == MQTT_LOG_ERR and "SSL" in text:
            self._tls_alert = explain_tls(text)
