"""One MQTT 5 connection to the broker, subscribed, from CONNECT to its end.

All of it happens on the caller's thread.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import MQTT_LOG_ERR, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.config import MqttSettings
from edge.connection import REFUSED_FOR_GOOD, explain, explain_tls, give_credentials
from edge.errors import BrokerError
from edge.wire import ROOT

_log = logging.getLogger(__name__)

_SUBACK_SECONDS = 10.0
_POLL_SECONDS = 0.2
_LARGEST_PACKET = 16_384
"""Bytes. A health message has at most 4096 and its properties; what is larger the broker keeps to itself."""
_READ_AT_ONCE = 100
_MOST_WAITING = 1000
"""Messages that wait for `receive` before those without QoS are dropped: of the others the broker sends no more than
were agreed, but of these any number, and while the database is busy nobody takes them."""
_SESSION_TAKEN_OVER = 0x8E


@dataclass(frozen=True)
class KeptSession:
    """A session that outlives its connections: what was not acknowledged the broker sends again."""

    client_id: str
    """The same at every start, by which the broker knows the session."""
    expiry_seconds: int
    """How long the broker keeps it without a connection."""
    most_unacknowledged: int
    """The broker sends no more than so many before the first of them is acknowledged, 1..65535."""


@dataclass(frozen=True)
class BrokerSettings(MqttSettings):
    """Where to subscribe, as whom, and to what."""

    classroom: str = "+"
    """One classroom, or `+` for all."""
    below: str = "#"
    """Which of its topics, as a filter that begins below the classroom: `#` for all."""
    kept: KeptSession | None = None
    """None: the session ends with the connection, and each message is acknowledged as it comes."""

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Message:
    """A publish, not yet looked into."""

    topic: str
    payload: bytes
    user_properties: tuple[tuple[str, str], ...]
    retained: bool = False
    """The broker had kept it for whoever subscribes."""


class RefusedError(BrokerError):
    """The broker will not have this client until somebody changes something."""


def wait_for(sockets: Iterable[socket.socket], seconds: float, *, writing: bool = False) -> int:
    """The events (`select.POLLIN`, ...) of all of them together, waited for so long at most; writing: POLLOUT too."""
    # Not select.select: it takes no descriptor above 1023, and every browser that is connected has one.
    poll = select.poll()
    for sock in sockets:
        poll.register(sock, select.POLLIN | select.POLLOUT if writing else select.POLLIN)
    found = 0
    for _, events in poll.poll(seconds * 1000):
        found |= events
    return found


class Session:
    """A connection, subscribed from construction until `ended` says why it is not any more."""

    def __init__(self, settings: BrokerSettings) -> None:
        """Connect and subscribe.

        Raises RefusedError when the broker refuses, BrokerError when it cannot be reached; both say why.
        """
        self._settings = settings
        self._where = settings.where
        self._filter = f"{ROOT}/{settings.classroom}/{settings.below}"
        self._received: deque[tuple[int, Message]] = deque()
        self._taken: list[int] = []
        """Packet identifiers of the messages that `receive` gave and `acknowledge` did not yet acknowledge."""
        self._dropped = False
        self._subscribed = False
        self._refusal: str | None = None
        self._tls_alert: str | None = None
        self.ended: str | None = None
        self.taken_over = False
        """It ended because another client came with this client ID."""
        self.resumed = False
        """The broker still had the session of an earlier connection."""
        self._client = self._make_client()
        try:
            self._connect()
        except OSError as error:
            raise BrokerError(f"{self._where}: {explain(error)}") from error
        except ValueError as error:  # a host name that IDNA or TLS cannot take
            raise BrokerError(f"{self._where}: {error}; check the host") from error
        self._wait_for_subscription()

    def _make_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2, settings.kept.client_id if settings.kept else "",
            protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False, manual_ack=settings.kept is not None,
        )  # fmt: skip
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        give_credentials(client, settings)
        return client

    def _connect(self) -> None:
        settings, kept = self._settings, self._settings.kept
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = _LARGEST_PACKET
        if kept is not None:
            properties.SessionExpiryInterval = kept.expiry_seconds
            properties.ReceiveMaximum = kept.most_unacknowledged
        self._client.connect(
            settings.host, settings.port, settings.keepalive_seconds, clean_start=kept is None, properties=properties
        )

    def _wait_for_subscription(self) -> None:
        deadline = time.monotonic() + _SUBACK_SECONDS
        while not self._subscribed:
            if self._refusal is not None:
                self.close()
                raise RefusedError(f"{self._where}: the broker refused: {self._refusal}")
            if self.ended is not None:
                raise BrokerError(self.ended)
            if time.monotonic() > deadline:
                self.close()
                raise BrokerError(f"{self._where}: it does not answer; is this an MQTT 5 port?")
            self.poll(_POLL_SECONDS)

    def receive(self, seconds: float = _POLL_SECONDS) -> Message | None:
        """The next message, waited for so long at most; None as well when the connection has ended."""
        if not self._received and self.ended is None:
            self.poll(seconds)
        if not self._received:
            return None
        identifier, message = self._received.popleft()
        if identifier:
            self._taken.append(identifier)
        return message

    def poll(self, seconds: float) -> None:
        """Let traffic flow for so long at most, or until something comes; messages wait for `receive`."""
        # Not paho's `loop`: it opens a socket that listens, to wake itself up by.
        sock: Any = self._client.socket()
        if sock is None:
            return
        # TLS may hold decrypted bytes that no select can see.
        buffered = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        events = wait_for([sock], 0 if buffered else seconds, writing=self._client.want_write())
        if buffered or events & ~select.POLLOUT:
            self._read()
        if events & select.POLLOUT:
            self._client.loop_write()
        self._client.loop_misc()

    def _read(self) -> None:
        """A packet, and the messages that came with it, without asking the system about each."""
        for _ in range(_READ_AT_ONCE):
            known = len(self._received)
            self._client.loop_read()
            if len(self._received) == known or self.ended is not None:
                return

    @property
    def waiting(self) -> bool:
        """Whether messages wait for `receive`, or may hide in what TLS has decrypted."""
        sock: Any = self._client.socket()
        return bool(self._received) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)

    @property
    def socket(self) -> socket.socket | None:
        """For `wait_for`; None: there is none any more."""
        found: Any = self._client.socket()
        return found  # type: ignore[no-any-return]

    def unsubscribe(self, below: str) -> None:
        """End a subscription that an earlier version made in this session; nothing happens where there is none."""
        self._client.unsubscribe(f"{ROOT}/{self._settings.classroom}/{below}")

    def acknowledge(self) -> None:
        """Tell the broker to forget every message that `receive` has given; only with a kept session."""
        for identifier in self._taken:
            self._client.ack(identifier, qos=1)
        self._taken.clear()

    def close(self) -> None:
        """Take leave; a kept session stays with the broker."""
        self._client.disconnect()

    def _on_connect(self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = REFUSED_FOR_GOOD.get(reason.value)
            self.ended = f"{self._where}: the broker refused the connection: {reason}"
        else:
            self.resumed = flags.session_present
            client.subscribe(self._filter, qos=1)

    def _on_subscribe(self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refusal = f"may not subscribe to {self._filter}: {reasons[0]}"
        self._subscribed = self._refusal is None
        # Now that it is let in: paho composes a text for every packet.
        client.on_log = None

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        if not message.qos and len(self._received) >= _MOST_WAITING:
            self._drop()
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"  # which is none of ours, and said to be so by whoever decodes it
        pairs = getattr(message.properties, "UserProperty", [])
        # Without QoS there is no identifier, and nothing to acknowledge.
        identifier = message.mid if message.qos else 0
        self._received.append((identifier, Message(topic, bytes(message.payload), tuple(pairs), message.retain)))

    def _drop(self) -> None:
        if not self._dropped:
            self._dropped = True
            _log.warning(
                "%s: %d messages wait, and what more comes with QoS 0 meanwhile is dropped; "
                "no device of ours sends any: which client floods the broker?", self._where, len(self._received),
            )  # fmt: skip

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Any
    ) -> None:
        self.taken_over = reason.value == _SESSION_TAKEN_OVER
        self.ended = self.ended or f"{self._where}: {self._tls_alert or f'the connection was lost ({reason})'}"

    def _on_log(self, client: Client, data: Any, level: int, text: str) -> None:
        # A TLS 1.3 broker refuses a client certificate only after the handshake, and paho tells of it only here.
        if level == MQTT_LOG_ERR and "SSL" in text:
            self._tls_alert = explain_tls(text)
