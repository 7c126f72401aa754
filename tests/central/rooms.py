"""What classrooms send, and the service that takes it: both real, with a Mosquitto between them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.wire import user_properties
from tests.brokers import SECONDS, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
_CONNECTED = "as classpulse-central-late"
"""Said of the second of its two sessions."""


class Room:
    """A classroom's device, as the broker sees it."""

    def __init__(self, port: int, name: str = "room-101", stream: UUID | None = None) -> None:
        self.name, self.stream = name, stream or UUID(int=1)
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages_set(0)
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def observe(self, sequences: Iterable[int], *, late: bool = False) -> None:
        """Publish an observation for each sequence; returns when the broker has them all."""
        kind = "observation/late" if late else "observation"
        sent = []
        for sequence in sequences:
            payload = json.dumps({"student_id": f"s-{sequence % 30:03d}", "emotion": "happy"}).encode()
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = user_properties(datetime.now(UTC), self.stream, sequence)
            sent.append(self._client.publish(f"classpulse/v1/{self.name}/{kind}", payload, 1, properties=properties))
        for info in sent:
            info.wait_for_publish(SECONDS)

    def send(self, kind: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish anything at all."""
        self._client.publish(f"classpulse/v1/{self.name}/{kind}", payload, qos, retain).wait_for_publish(SECONDS)


class Endless:
    """A classroom that goes on and on, from the sequence 1, until the context ends."""

    _AT_ONCE = 50

    def __init__(self, room: Room) -> None:
        self._room = room
        self.acknowledged = 0
        """The last sequence that the broker has taken; all before it are taken too."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            last = self.acknowledged + self._AT_ONCE
            self._room.observe(range(self.acknowledged + 1, last + 1))
            self.acknowledged = last


class Central:
    """`classpulse-central serve` with a database of its own."""

    def __init__(
        self, folder: Path, port: int, *, database: Path | None = None, mqtt: str = "", clock: str = "assumed"
    ) -> None:
        self.database = database or folder / "central.db"
        self.config = folder / "central.toml"
        self.web_port = free_port()
        self.config.write_text(
            f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n{mqtt}\n[store]\npath = "{self.database}"\n'
            f'[clock]\nsynchronised = "{clock}"\n[web]\nport = {self.web_port}\n'
        )
        self._log = folder / "central.log"
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self, said: str = _CONNECTED, **environment: str) -> Iterator[Self]:
        """A process that has said so; killed at the end if it still runs."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "central", "serve", "--config", str(self.config)],
                stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )  # fmt: skip
        try:
            wait_until(lambda: said in self.log() or self._ended())
            yield self
        finally:
            self.kill()

    def _ended(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        return False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As systemd does; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(SECONDS)

    def log(self) -> str:
        return self._log.read_text()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def sequences(self, classroom: str = "room-101") -> list[int]:
        """Those stored, in order, as often as they are."""
        return [
            int(str(sequence))
            for (sequence,) in self.rows(
                "SELECT sequence FROM observations JOIN streams ON streams.id = stream_id "
                f"WHERE classroom = '{classroom}' ORDER BY sequence"
            )
        ]
