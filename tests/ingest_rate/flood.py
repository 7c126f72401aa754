"""Publishes the observations of a whole school at a steady rate, by a client that costs next to nothing.

    python -m tests.ingest_rate.flood PORT RATE SECONDS ROOMS STUDENTS

It ends when the broker has acknowledged every one of them, and prints what they were as JSON. paho-mqtt would take more
of the machine to send them than central to store them: packets are put together here from the standard (MQTT 5.0, 3.3).
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from edge.records import LABELS

_TICK_SECONDS = 0.01
_MOST_UNACKNOWLEDGED = 30_000
"""Packet identifiers have 16 bits, and none may be used twice at a time."""
_PATIENCE_SECONDS = 30.0
_CONNECT = b"\x10\x13\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x06flood1"
"""Clean start, no keepalive, no properties, client ID "flood1"."""


@dataclass(frozen=True)
class Flood:
    """What was published, and acknowledged."""

    published: dict[str, int]
    """By classroom: its sequences are 1 to this."""
    seconds: float
    cpu_seconds: float


def stream_of(room: int) -> UUID:
    """The spool of a classroom."""
    return UUID(int=room + 1)


def room_name(room: int) -> str:
    return f"room-{room:03d}"


class _Broker:
    """A connection that publishes at QoS 1 and counts what is acknowledged."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_CONNECT)
        connack = self._socket.recv(256)
        assert connack[0] == 0x20, connack
        assert connack[3] == 0, f"the broker refuses: 0x{connack[3]:02x}"
        self._received = b""
        self.sent = self.acknowledged = 0

    def send(self, packets: list[bytes]) -> None:
        self._socket.sendall(b"".join(packets))
        self.sent += len(packets)

    def read(self, seconds: float) -> None:
        """Take what has come, waited for so long at most."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return
        chunk = self._socket.recv(262_144)
        assert chunk, "the broker ended the connection"
        self._received += chunk
        at, end = 0, len(self._received)
        while at + 2 <= end and (after := at + 2 + self._received[at + 1]) <= end:
            assert self._received[at] == 0x40, "what is no PUBACK was not asked for"
            assert after - at < 5 or self._received[at + 4] < 0x80, "the broker refuses an observation"
            self.acknowledged += 1
            at = after
        self._received = self._received[at:]


class _School:
    """Every student in turn, of one classroom after the other."""

    def __init__(self, rooms: int, students: int) -> None:
        self._rooms, self._students = rooms, students
        self._count = 0
        self.published = [0] * rooms
        self._heads = [_text(f"classpulse/v1/{room_name(room)}/observation") for room in range(rooms)]
        self._streams = [_pair("stream", str(stream_of(room))) for room in range(rooms)]

    def packets(self, count: int) -> list[bytes]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        observed_at = _pair("observed_at", now)
        packets = []
        for _ in range(count):
            number, room = divmod(self._count, self._rooms)
            identifier = self._count % 65_535 + 1
            self._count += 1
            sequence = self.published[room] = self.published[room] + 1
            student = f"s-{room:03d}-{number % self._students:02d}"
            payload = f'{{"student_id": "{student}", "emotion": "{LABELS[(number + room) % 5]}"}}'.encode()
            properties = observed_at + self._streams[room] + _pair("sequence", str(sequence))
            body = self._heads[room] + struct.pack("!H", identifier) + _length(len(properties)) + properties + payload
            packets.append(b"\x32" + _length(len(body)) + body)
        return packets


def flood(port: int, rate: int, seconds: float, rooms: int, students: int) -> Flood:
    """Publish at the rate, observations a second; returns once they are all acknowledged."""
    broker, school = _Broker(port), _School(rooms, students)
    began = time.monotonic()
    total = round(rate * seconds)
    while broker.sent < total:
        due = min(total, round((time.monotonic() - began) * rate))
        room = _MOST_UNACKNOWLEDGED - (broker.sent - broker.acknowledged)
        broker.send(school.packets(min(due - broker.sent, room)))
        broker.read(_TICK_SECONDS)
        if broker.sent - broker.acknowledged < _MOST_UNACKNOWLEDGED:
            time.sleep(_TICK_SECONDS / 2)
    sent_in = time.monotonic() - began
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while broker.acknowledged < total:
        assert time.monotonic() < deadline, f"the broker took {broker.acknowledged} of {total}"
        broker.read(0.1)
    published = {room_name(room): count for room, count in enumerate(school.published)}
    return Flood(published, sent_in, time.process_time())


def _text(text: str) -> bytes:
    content = text.encode()
    return struct.pack("!H", len(content)) + content


def _pair(name: str, value: str) -> bytes:
    """A user property."""
    return b"\x26" + _text(name) + _text(value)


def _length(value: int) -> bytes:
    """A variable byte integer below 16,384."""
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80, value >> 7])


if __name__ == "__main__":
    _port, _rate, _seconds, _rooms, _students = sys.argv[1:]
    json.dump(asdict(flood(int(_port), int(_rate), float(_seconds), int(_rooms), int(_students))), sys.stdout)
