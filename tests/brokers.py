"""Private brokers on free loopback ports, and a recorder that knows nothing but paho-mqtt."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or shutil.which(
    "mosquitto"
)
"""Debian puts it where only root's PATH leads."""

SECONDS = 120.0
"""How long a test waits for what must come: normally milliseconds, but many seconds where a process starts on a busy
machine. Only a test that fails waits so long."""


def free_port() -> int:
    """A TCP port that nothing listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Relay:
    """Stands between publisher and broker, and cuts their connections when told to."""

    def __init__(self, *, target: int | None = None) -> None:
        self.target = target
        """The broker's port; None: connections are closed at once."""
        self.carried: list[list[tuple[bool, bytes]]] = []
        """For each connection what passed, in order: whether it went to the broker, and the bytes."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._changing = threading.Lock()
        """Guards the pairs: a connection that is being made is cut too."""
        self._muted: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """End every connection now."""
        with self._changing:
            for pair in self._pairs:
                for sock in pair:
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)
                    sock.close()
            self._pairs.clear()

    def mute(self) -> None:
        """Let nothing come back from the broker any more on the connections that there are."""
        with self._changing:
            self._muted.update(broker for _, broker in self._pairs)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            carried: list[tuple[bool, bytes]] = []
            with self._changing:
                broker = self._connect()
                if broker is None:
                    client.close()
                    continue
                self._pairs.append((client, broker))
                self.carried.append(carried)
            threading.Thread(target=self._copy, args=(client, broker, True, carried), daemon=True).start()
            threading.Thread(target=self._copy, args=(broker, client, False, carried), daemon=True).start()

    def _connect(self) -> socket.socket | None:
        """To the broker, if one is there."""
        if self.target is not None:
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", self.target))
        return None

    def sent(self) -> list[bytes]:
        """For each connection all that the client wrote."""
        return [b"".join(chunk for to_broker, chunk in carried if to_broker) for carried in self.carried]

    def _copy(
        self, source: socket.socket, sink: socket.socket, to_broker: bool, carried: list[tuple[bool, bytes]]
    ) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if source not in self._muted:
                    carried.append((to_broker, chunk))
                    sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


class Mosquitto:
    """A Mosquitto of the test's own: the same port and settings over restarts."""

    def __init__(self, folder: Path, *lines: str, port: int | None = None, listener: tuple[str, ...] = ()) -> None:
        """lines: of mosquitto.conf, beside the listener; listener: lines that belong to it."""
        self.port = port or free_port()
        self._config = folder / f"mosquitto-{self.port}.conf"
        anonymous = () if any(line.startswith("allow_anonymous") for line in lines) else ("allow_anonymous true",)
        # user root: started as root it would otherwise drop to a user that cannot read the test's keys.
        # Mosquitto acknowledges, and then drops, what a slow recorder has no room for: give it much. Not 0, for
        # "no limit": with that 2.0.11 ends the connection of a client whose publish the access list forbids.
        common = ("user root", "max_queued_messages 1000000", f"listener {self.port} 127.0.0.1")
        self._config.write_text("\n".join([*common, *listener, *anonymous, *lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until_listening(self.port, lambda: self._process is not None and self._process.poll() is None)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def reload(self) -> None:
        """Read passwords and access lists again."""
        assert self._process is not None
        self._process.send_signal(1)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def wait_until(ready: Callable[[], bool]) -> None:
    """For what only shows by asking."""
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(0.01)


def wait_until_listening(port: int, alive: Callable[[], bool]) -> None:
    """Return when something accepts connections on port; fails when alive() ends first."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert alive(), "the broker ended at start: is its configuration right?"
        with socket.socket() as sock:
            sock.settimeout(0.2)
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError(f"nothing listens on port {port}")


@dataclass(frozen=True)
class Received:
    """A message as a subscriber got it."""

    topic: str
    payload: bytes
    retained: bool
    properties: dict[str, str]
    """MQTT 5 user properties."""
    content_type: str | None
    expiry_seconds: int | None


class Recorder:
    """Subscribes to everything and keeps it, in order."""

    def __init__(
        self, port: int, *, topic: str = "#", protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
        username: str | None = None, password: str | None = None,
    ) -> None:  # fmt: skip
        self.messages: list[Received] = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        self._client.reconnect_delay_set(1, 1)
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self.port = port

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        assert self._subscribed.wait(SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Client, data: object, message: MQTTMessage) -> None:
        properties = vars(message.properties) if message.properties is not None else {}
        with self._changed:
            self.messages.append(
                Received(
                    message.topic,
                    bytes(message.payload),
                    message.retain,
                    dict(properties.get("UserProperty", [])),
                    properties.get("ContentType"),
                    properties.get("MessageExpiryInterval"),
                )
            )
            self._changed.notify_all()

    def wait_for(self, ready: Callable[[list[Received]], bool], seconds: float = SECONDS) -> list[Received]:
        """The messages so far, once ready(messages); fails when that takes too long."""
        with self._changed:
            assert self._changed.wait_for(lambda: ready(self.messages), seconds), self.messages[-5:]
            return list(self.messages)

    def observations(self) -> list[Received]:
        """Those on the two observation topics."""
        with self._changed:
            return [message for message in self.messages if "/observation" in message.topic]

    def wait_for_observations(self, count: int) -> list[Received]:
        """The first count or more observations, repeats not counted."""
        self.wait_for(lambda _: len(set(map(identity, self.observations()))) >= count)
        return self.observations()

    def wait_for_status(self, payload: bytes) -> None:
        """Until a classroom's last status is payload."""
        self.wait_for(lambda got: [m.payload for m in got if m.topic.endswith("/status")][-1:] == [payload])


def identity(message: Received) -> tuple[str, str]:
    """What makes an observation the same one as another."""
    return message.properties["stream"], message.properties["sequence"]
