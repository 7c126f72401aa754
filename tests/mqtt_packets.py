"""What a client wrote to a broker, packet by packet: a reader of MQTT 5.0 made from the standard alone.

It leaves no byte unread: what does not follow the standard to the last byte is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
    "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
)  # fmt: skip
"""By number (table 2-1)."""

_PROPERTIES = {
    0x01: ("payload format indicator", 1), 0x02: ("message expiry interval", 4), 0x03: ("content type", "text"),
    0x08: ("response topic", "text"), 0x09: ("correlation data", "bytes"), 0x0B: ("subscription identifier", "varint"),
    0x11: ("session expiry interval", 4), 0x12: ("assigned client identifier", "text"),
    0x13: ("server keep alive", 2), 0x15: ("authentication method", "text"), 0x16: ("authentication data", "bytes"),
    0x17: ("request problem information", 1), 0x18: ("will delay interval", 4),
    0x19: ("request response information", 1), 0x1A: ("response information", "text"),
    0x1C: ("server reference", "text"), 0x1F: ("reason string", "text"), 0x21: ("receive maximum", 2),
    0x22: ("topic alias maximum", 2), 0x23: ("topic alias", 2), 0x24: ("maximum qos", 1), 0x25: ("retain available", 1),
    0x26: ("user property", "pair"), 0x27: ("maximum packet size", 4), 0x28: ("wildcard subscription available", 1),
    0x29: ("subscription identifier available", 1), 0x2A: ("shared subscription available", 1),
}  # fmt: skip
"""Name, and kind or number of bytes (table 2-4)."""


class MalformedError(Exception):
    """The bytes are not a sequence of whole packets."""


@dataclass(frozen=True)
class Packet:
    """One control packet."""

    kind: str
    """One of `KINDS`."""
    flags: int
    """The low four bits of the first byte."""
    fields: dict[str, Any] = field(default_factory=dict)
    """What is in it, by name; `rest` is what this reader does not take apart."""
    properties: list[tuple[str, Any]] = field(default_factory=list)
    """Name and value, in order."""


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    @property
    def left(self) -> int:
        return len(self._content) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise MalformedError(f"{count} bytes expected, {self.left} left")
        self._at += count
        return self._content[self._at - count : self._at]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def varint(self) -> int:
        value = 0
        for position in range(4):
            byte = self.number(1)
            value |= (byte & 0x7F) << 7 * position
            if byte < 0x80:
                return value
        raise MalformedError("a length of more than four bytes")

    def binary(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        try:
            return self.binary().decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError("a text is not UTF-8") from error

    def properties(self) -> list[tuple[str, Any]]:
        inner, found = _Reader(self.take(self.varint())), []
        while inner.left:
            code = inner.number(1)
            if code not in _PROPERTIES:
                raise MalformedError(f"property 0x{code:02x} is not in the standard")
            name, kind = _PROPERTIES[code]
            found.append((name, inner._value(kind)))
        return found

    def _value(self, kind: int | str) -> Any:
        match kind:
            case "text":
                return self.text()
            case "bytes":
                return self.binary()
            case "varint":
                return self.varint()
            case "pair":
                return self.text(), self.text()
        return self.number(int(kind))


def read_packets(stream: bytes) -> list[Packet]:
    """All packets in what one side of a connection sent. Raises MalformedError when bytes are left over."""
    reader, packets = _Reader(stream), []
    while reader.left:
        first = reader.number(1)
        packets.append(_packet(KINDS[first >> 4], first & 0x0F, _Reader(reader.take(reader.varint()))))
    return packets


def _packet(kind: str, flags: int, body: _Reader) -> Packet:
    fields: dict[str, Any] = {}
    properties: list[tuple[str, Any]] = []
    if kind == "CONNECT":
        fields, properties = _connect(body)
    elif kind == "PUBLISH":
        fields["topic"] = body.text()
        if flags >> 1 & 3:
            fields["packet id"] = body.number(2)
        properties = body.properties()
        fields["payload"] = body.take(body.left)
    elif kind == "PUBACK":
        fields["packet id"] = body.number(2)
        fields["reason"] = body.number(1) if body.left else 0
        properties = body.properties() if body.left else []
    elif kind == "DISCONNECT":
        fields["reason"] = body.number(1) if body.left else 0
        properties = body.properties() if body.left else []
    else:
        fields["rest"] = body.take(body.left)
    if body.left:
        raise MalformedError(f"{body.left} bytes after the end of a {kind}")
    return Packet(kind, flags, fields, properties)


def _connect(body: _Reader) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    fields: dict[str, Any] = {"protocol": body.text(), "version": body.number(1)}
    flags = fields["connect flags"] = body.number(1)
    fields["keep alive"] = body.number(2)
    properties = body.properties()
    fields["client id"] = body.text()
    if flags & 0x04:
        fields["will properties"] = body.properties()
        fields["will topic"] = body.text()
        fields["will payload"] = body.binary()
    if flags & 0x80:
        fields["user name"] = body.text()
    if flags & 0x40:
        fields["password"] = body.binary()
    return fields, properties
