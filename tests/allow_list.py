"""All that a classroom's device may say to the broker, to the byte: written down a second time, without `edge.wire`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from tests.mqtt_packets import MalformedError, Packet, read_packets

_QOS_1, _QOS_1_RETAINED = 0b0010, 0b0011
_CLEAN_START, _WILL_QOS_1_RETAINED, _USER_NAME, _PASSWORD = 0x02, 0x2C, 0x80, 0x40
_LABELS = "angry|happy|neutral|sad|tired"
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,3})?")

_FIGURES = {
    "uptime_seconds", "frames_per_second", "dropped_frames", "inference_p50_ms", "inference_p95_ms", "spool_depth",
    "spool_oldest_seconds", "spool_dropped", "spool_erased", "reconnects", "refusals", "connection_refusals",
    "temperature_celsius", "throttled_bits", "disk_free_bytes", "memory_bytes", "memory_available_bytes",
    "authorisation_days_left", "camera_failures", "load_shed_level", "hangs_last_day",
}  # fmt: skip
_WORDS = {
    "camera": {"opening", "working", "failed", "closed"},
    "paused": {"clock", "authorisation"},
    "spool_storage": {"disk", "memory"},
}
_USER_PROPERTIES = {
    "observed_at": re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"),
    "stream": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "sequence": re.compile(r"[1-9][0-9]{0,15}"),
}


@dataclass(frozen=True)
class AllowList:
    """Of one device."""

    classroom: str
    students: Collection[str]
    """Who is enrolled."""
    models: Collection[str]
    """Names of the models in use."""
    user_name: str | None = None
    """The one in its config, and with it a password, which goes to the broker alone."""

    def violations(self, stream: bytes) -> list[str]:
        """What a device wrote in one connection and should not have."""
        try:
            packets = read_packets(stream)
        except MalformedError as error:
            return [f"no whole packets: {error}"]
        return [f"{packet.kind}: {wrong}" for packet in packets for wrong in self._wrong(packet)]

    def _wrong(self, packet: Packet) -> Iterator[str]:
        checks: dict[str, Callable[[Packet], Iterator[str]]] = {
            "CONNECT": self._connect, "PUBLISH": self._publish, "PINGREQ": _empty, "DISCONNECT": _disconnect,
        }  # fmt: skip
        check = checks.get(packet.kind)
        if check is None:
            yield "is not a packet that it sends"
        else:
            yield from check(packet)

    def _connect(self, packet: Packet) -> Iterator[str]:
        credentials = _USER_NAME | _PASSWORD if self.user_name else 0
        expected = {
            "protocol": "MQTT",
            "version": 5,
            "connect flags": _CLEAN_START | _WILL_QOS_1_RETAINED | credentials,
            "client id": f"classpulse-edge-{self.classroom}",
            "will properties": [],
            "will topic": f"classpulse/v1/{self.classroom}/status",
            "will payload": b"offline",
        }
        if self.user_name:
            expected["user name"] = self.user_name
        known = {**expected, "keep alive": packet.fields["keep alive"]}
        if self.user_name:
            known["password"] = packet.fields.get("password")
        yield from (f"{name} is {value!r}" for name, value in packet.fields.items() if known.get(name) != value)
        yield from (f"{name} is missing" for name in known if name not in packet.fields)
        yield from (f"property {name}" for name, _ in packet.properties)

    def _publish(self, packet: Packet) -> Iterator[str]:
        topic, payload = packet.fields["topic"], packet.fields["payload"]
        root, _, kind = topic.partition(f"classpulse/v1/{self.classroom}/")
        if root:
            yield f"topic {topic!r}"
        match kind:
            case "observation" | "observation/late":
                yield from self._observation(packet, payload)
            case "status":
                yield from _retained(packet)
                if payload not in (b"online", b"offline"):
                    yield f"status {payload!r}"
                yield from (f"property {name}" for name, _ in packet.properties)
            case "health":
                yield from _retained(packet)
                yield from self._health(payload)
                if packet.properties != [("content type", "application/json")]:
                    yield f"properties {packet.properties}"
            case _:
                yield f"topic {topic!r}"

    def _observation(self, packet: Packet, payload: bytes) -> Iterator[str]:
        if packet.flags != _QOS_1:
            yield f"flags {packet.flags:04b}"
        shape = rf'\{{"student_id": "([a-z0-9-]+)", "emotion": "({_LABELS})"\}}'
        found = re.fullmatch(shape, payload.decode("ascii", "replace"))
        if found is None or found[1] not in self.students:
            yield f"payload {payload[:80]!r}"
        names = sorted(name for name, _ in packet.properties)
        if names != ["content type", "message expiry interval", "user property", "user property", "user property"]:
            yield f"properties {names}"
        if ("content type", "application/json") not in packet.properties:
            yield "another content type"
        user = [value for name, value in packet.properties if name == "user property"]
        if sorted(name for name, _ in user) != sorted(_USER_PROPERTIES):
            yield f"user properties {user}"
        for name, value in user:
            if name in _USER_PROPERTIES and not _USER_PROPERTIES[name].fullmatch(value):
                yield f"{name} {value!r}"

    def _health(self, payload: bytes) -> Iterator[str]:
        try:
            # Numbers as they were written: there is room for a message in the digits of a float.
            content = json.loads(payload, parse_float=_Written, parse_int=_Written, object_pairs_hook=_Pairs)
        except ValueError:
            yield f"health is no JSON: {payload[:80]!r}"
            return
        if not isinstance(content, _Pairs) or len({name for name, _ in content}) != len(content):
            yield f"health {payload[:80]!r}"
            return
        for name, value in content:
            if not self._is_of_health(name, value):
                yield f"health {name!r}: {value!r:.80}"

    def _is_of_health(self, name: str, value: Any) -> bool:
        if name == "version":
            return isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){2}", value) is not None
        if name == "models":
            return isinstance(value, _Pairs) and all(
                model in self.models and isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{12}", sha256) is not None
                for model, sha256 in value
            )
        if name in _WORDS:
            return isinstance(value, str) and not isinstance(value, _Written) and value in _WORDS[name]
        return name in _FIGURES and isinstance(value, _Written) and _NUMBER.fullmatch(value) is not None


class _Written(str):
    """A number in JSON, digit by digit."""


class _Pairs(list[tuple[str, Any]]):
    """A JSON object, repeated keys included."""


def _retained(packet: Packet) -> Iterator[str]:
    if packet.flags != _QOS_1_RETAINED:
        yield f"flags {packet.flags:04b}"


def _empty(packet: Packet) -> Iterator[str]:
    if packet.flags or packet.fields["rest"]:
        yield "is not empty"


def _disconnect(packet: Packet) -> Iterator[str]:
    if packet.flags or packet.fields["reason"] or packet.properties:
        yield f"reason {packet.fields['reason']}, properties {packet.properties}"
