"""What passed on the line between daemon and broker, and what it means once decrypted.

TLS runs untouched from end to end: the daemon's process writes the session keys to a file (SSLKEYLOGFILE), as
for Wireshark, and the bytes are decrypted afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.faults.ledger import Identity
from tests.faults.tls import Timed, decrypt, read_keys
from tests.mqtt_packets import Packet, read_packets

Direction = Literal["to broker", "to daemon"]


@dataclass(frozen=True)
class Chunk:
    """Bytes as they were sent, before the line did anything to them."""

    at: float
    """Seconds since 1970."""
    content: bytes


@dataclass
class Capture:
    """One connection."""

    to_broker: list[Chunk] = field(default_factory=list)
    to_daemon: list[Chunk] = field(default_factory=list)

    def saw(self, direction: Direction, chunk: Chunk) -> None:
        (self.to_broker if direction == "to broker" else self.to_daemon).append(chunk)


@dataclass(frozen=True)
class Handed:
    """One observation as it was sent over one connection."""

    topic: str
    sent_at: float
    acknowledged_at: float | None
    """When the broker sent the PUBACK; None: it did not."""
    reason: int
    """Of the PUBACK; 0x80 and above mean refused."""

    @property
    def accepted_at(self) -> float | None:
        """When the broker took it; None: it did not, or refused it."""
        return self.acknowledged_at if self.reason < 0x80 else None


def handed_over(captures: list[Capture], key_log: Path) -> dict[Identity, list[Handed]]:
    """Every observation that was sent, with the broker's answers."""
    keys = read_keys(key_log)
    found: dict[Identity, list[Handed]] = {}
    for capture in captures:
        sent, answered = decrypt(capture.to_broker, capture.to_daemon, keys)
        answers = {
            packet.fields["packet id"]: (at, packet.fields["reason"]) for at, packet in _of_kind("PUBACK", answered)
        }
        for at, packet in _of_kind("PUBLISH", sent):
            beside = dict(value for name, value in packet.properties if name == "user property")
            if "sequence" in beside:
                answered_at, reason = answers.get(packet.fields["packet id"], (None, 0))
                handed = Handed(packet.fields["topic"], at, answered_at, reason)
                found.setdefault((beside["stream"], int(beside["sequence"])), []).append(handed)
    return found


def _of_kind(kind: str, pieces: Iterable[Timed]) -> Iterator[tuple[float, Packet]]:
    """The whole packets of a kind in pieces of one direction, and when each was complete."""
    waiting = b""
    for at, content in pieces:
        waiting += content
        while (end := _end(waiting)) is not None and len(waiting) >= end:
            (packet,) = read_packets(waiting[:end])
            waiting = waiting[end:]
            if packet.kind == kind:
                yield at, packet


def _end(content: bytes) -> int | None:
    """Length of the packet that content begins with (MQTT 5.0, 1.5.5); None while that cannot be told."""
    length = 0
    for position, byte in enumerate(content[1:5]):
        length |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return 2 + position + length
    return None
