"""One MQTT 5 connection to the broker, from CONNECT to its end.

A session never reconnects, and every connection gets a new paho client: paho would otherwise queue
and resend on its own what the spool resends as well. All of it happens on the caller's thread.
"""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import struct
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS, MQTT_LOG_ERR, Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.config import MqttSettings
from edge.connection import REFUSED_FOR_GOOD, explain, explain_tls, give_credentials
from edge.errors import BrokerError
from edge.wire import CONTENT_TYPE, OFFLINE, check_outgoing, client_id, topic

_CONNACK_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
"""How long `Session.close` waits for the broker to close."""
_MOST_IN_FLIGHT = 100
_SESSION_TAKEN_OVER = 0x8E


class RefusedError(BrokerError):
    """The broker will not have this client until somebody changes something."""


@dataclass(frozen=True)
class Acknowledgement:
    """A PUBACK."""

    mid: int
    reason: int
    """MQTT 5 reason code; 0x80 and above mean refused."""
    text: str
    """The reason in words."""


class Session:
    """A connection that is open from construction until `close`."""

    def __init__(self, settings: MqttSettings, classroom: str, wake: socket.socket, *, trial: bool = False) -> None:
        """Connect and wait for the broker's consent.

        trial: only to see whether the broker lets this device in; beside a running daemon, and without a last will.
        wake: becomes readable when `poll` shall return early. Raises RefusedError when the broker
        refuses, BrokerError when it cannot be reached; both say why.
        """
        self._settings = settings
        self._acknowledged: deque[Acknowledgement] = deque()
        self._accepted = False
        self._ended: str | None = None
        self._refused = False
        self._tls_alert: str | None = None
        self.in_flight = _MOST_IN_FLIGHT
        """How many publishes may wait for their PUBACK."""
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id(classroom, "trial" if trial else "edge"),
            protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False,
        )  # fmt: skip
        self._client.max_inflight_messages_set(0)  # the caller keeps to in_flight
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._on_disconnect
        self._client.on_log = self._on_log
        # With this set paho writes only in `poll`, after what there is to read: the reason for a
        # connection's end must be read before a write fails on it.
        self._client.on_socket_register_write = lambda *_: None
        if not trial:
            self._client.will_set(topic(classroom, "status"), OFFLINE, qos=1, retain=True)
        give_credentials(self._client, settings)
        self._selector = selectors.DefaultSelector()
        self._wake = wake
        try:
            self._open()
        except BrokerError:
            self._selector.close()
            raise

    def _open(self) -> None:
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            self._client.connect(self._settings.host, self._settings.port, self._settings.keepalive_seconds)
        except OSError as error:
            raise BrokerError(f"{where}: {explain(error)}") from error
        except ValueError as error:  # a host name that IDNA or TLS cannot take
            raise BrokerError(f"{where}: {error}; check mqtt.host") from error
        sock = self._socket()
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._linger(sock, abort=True)
            self._selector.register(sock, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        deadline = time.monotonic() + _CONNACK_SECONDS
        while not self._accepted and self._ended is None:
            if time.monotonic() >= deadline:
                self.abort("it accepted the connection but does not answer; is this an MQTT port?")
            self.poll(1.0)
        if self._ended is not None:
            self.abort(self._ended)
            kind = RefusedError if self._refused else BrokerError
            raise kind(f"{where}: {self._ended}")

    @property
    def ended(self) -> str | None:
        """Why the connection is no more; None while it stands."""
        return self._ended

    @property
    def refused(self) -> bool:
        """The broker ended it, and will again until somebody changes something."""
        return self._refused

    def poll(self, timeout: float) -> list[Acknowledgement]:
        """Read and write what can be, waiting at most timeout seconds; the PUBACKs since the last call."""
        sock = self._socket()
        if sock is not None and self._ended is None:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
            self._selector.modify(sock, wanted)
            # TLS may hold decrypted bytes that no select can see.
            buffered = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            ready = 0
            for key, events in self._selector.select(0 if buffered else timeout):
                if key.fileobj is self._wake:
                    self._wake.recv(4096)
                else:
                    ready = events
            if ready & selectors.EVENT_READ or buffered:
                self._client.loop_read()
            if ready & selectors.EVENT_WRITE:
                self._client.loop_write()
            self._client.loop_misc()
        acknowledged = list(self._acknowledged)
        self._acknowledged.clear()
        return acknowledged

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        user_properties: list[tuple[str, str]] | None = None,
        expiry_seconds: int | None = None,
    ) -> int | None:
        """Send one message at QoS 1. Returns its packet identifier, None when the connection just ended.

        The one place where bytes leave the classroom: raises WireError for any that must not.
        """
        check_outgoing(topic, payload, user_properties or ())
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if user_properties:
            properties.UserProperty = user_properties
        if payload.startswith(b"{"):
            properties.ContentType = CONTENT_TYPE
        if expiry_seconds is not None:
            properties.MessageExpiryInterval = expiry_seconds
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc != MQTT_ERR_SUCCESS or self._ended is not None:
            self._ended = self._ended or "the connection was lost"
            return None
        return info.mid

    def close(self) -> None:
        """Say goodbye: the broker forgets the last will, and closes the connection, which is waited for.

        It is the broker's to close (MQTT 5, 3.14.4): a connection that breaks off before it has read the goodbye,
        or together with it, makes some publish the last will.
        """
        if (sock := self._socket()) is not None and self._ended is None:
            self._linger(sock, abort=False)
            with socket.socket(fileno=os.dup(sock.fileno())) as held:  # paho closes its own with the goodbye
                self._client.disconnect()
                self._client.loop_write()
                _await_end(held)
        self.abort("closed")

    def abort(self, reason: str) -> None:
        """Cut the connection, and drop what the kernel still holds of it.

        Otherwise it might deliver an observation minutes later, long after it was sent again.
        """
        self._ended = self._ended or reason
        if (sock := self._socket()) is not None:
            sock.close()
        self._selector.close()

    def _socket(self) -> socket.socket | None:
        sock = self._client.socket()
        return sock if isinstance(sock, socket.socket) else None

    @staticmethod
    def _linger(sock: socket.socket, *, abort: bool) -> None:
        # socket(7): with l_onoff 1 and l_linger 0, close() discards unsent data and resets the connection.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", int(abort), 0))

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = reason.value in REFUSED_FOR_GOOD
            self._ended = f"the broker refused the connection: {REFUSED_FOR_GOOD.get(reason.value, str(reason))}"
            return
        offered = vars(properties) if properties is not None else {}
        if offered.get("MaximumQoS", 2) < 1 or offered.get("RetainAvailable", 1) == 0:
            self._refused = True
            self._ended = "the broker offers no QoS 1 or no retained messages; ClassPulse needs both"
            return
        self.in_flight = min(_MOST_IN_FLIGHT, offered.get("ReceiveMaximum", _MOST_IN_FLIGHT))
        self._accepted = True

    def _on_publish(
        self, client: Client, data: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._acknowledged.append(Acknowledgement(mid, reason.value, str(reason)))

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._ended is not None:
            return
        if flags.is_disconnect_packet_from_server and reason.value == _SESSION_TAKEN_OVER:
            self._refused = True
            self._ended = "another client connected for this classroom; do two Pis carry the same name?"
        elif flags.is_disconnect_packet_from_server:
            self._ended = f"the broker closed the connection: {reason}"
        else:
            self._ended = self._tls_alert or "the connection was lost"

    def _on_log(self, client: Client, data: Any, level: int, text: str) -> None:
        # A TLS 1.3 broker refuses a client certificate only after the handshake, and paho tells of it only here.
        if level == MQTT_LOG_ERR and "SSL" in text:
            self._tls_alert = explain_tls(text)


def _await_end(connection: socket.socket) -> None:
    """Until the other side has closed it; what still comes is dropped."""
    deadline = time.monotonic() + GOODBYE_SECONDS
    with suppress(OSError):
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(4096):
                return
