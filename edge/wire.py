"""What travels between a classroom and the broker: topics, payloads and MQTT 5 user properties.

Standard library only, because the central side imports this module. An observation's payload is
exactly `{"student_id": "s-042", "emotion": "happy"}`; when it was seen and which one it is travel
beside it as user properties, so that a plain MQTT 3.1.1 subscriber sees an ID and a label and no more.

Everything read here comes from the network and is hostile until shown otherwise: decoding raises
WireError with a reason, and never anything else.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn, get_args

from edge.errors import ClassPulseError
from edge.records import LABELS, Observation

ROOT = "classpulse/v1"
ONLINE, OFFLINE = b"online", b"offline"
CONTENT_TYPE = "application/json"
ID_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}"
"""What classrooms and students may be called."""

Kind = Literal["observation", "observation/late", "status", "health"]
CameraState = Literal["opening", "working", "failed", "closed"]
"""Closed: observing is paused, or has ended."""
Pause = Literal["clock", "authorisation"]
"""Why nobody is observed: the clock is not synchronised, or the authorisation has expired."""
Storage = Literal["disk", "memory"]
"""Where observations wait: in memory while the disk cannot be written."""

_ID = re.compile(ID_PATTERN)
_TOPIC = re.compile(rf"{ROOT}/({ID_PATTERN})/(observation|observation/late|status|health)")
_OBSERVATION = re.compile(rf'\{{"student_id": "{ID_PATTERN}", "emotion": "(?:{"|".join(LABELS)})"\}}')
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_STREAM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEQUENCE = re.compile(r"[1-9][0-9]{0,18}")
_VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}(?:(?:a|b|rc|\.dev|\.post)[0-9]{1,4}){0,2}")
_MODEL = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_SHA256_PREFIX = re.compile(r"[0-9a-f]{12}")
_USER_PROPERTIES = {"observed_at": _TIME, "stream": _STREAM, "sequence": _SEQUENCE}

_MAX_TOPIC = 128
_MAX_OBSERVATION = 256
_MAX_HEALTH = 4096
_MAX_PROPERTIES = 32
_MAX_SEQUENCE = 2**63 - 1  # what SQLite's INTEGER holds
_MAX_MODELS = 8
_DECIMALS = 3
"""Of a figure: in all the digits of a double there would be room for a message."""

HEALTH_NUMBERS = frozenset(
    {
        "uptime_seconds", "frames_per_second", "dropped_frames", "inference_p50_ms", "inference_p95_ms",
        "spool_depth", "spool_oldest_seconds", "spool_dropped", "spool_erased", "reconnects", "refusals",
        "connection_refusals", "temperature_celsius", "throttled_bits", "disk_free_bytes", "memory_bytes",
        "memory_available_bytes", "authorisation_days_left", "camera_failures", "load_shed_level", "hangs_last_day",
    }
)  # fmt: skip
"""Keys of a health message whose values are finite numbers. The others are `version`, `models` and `HEALTH_WORDS`."""
HEALTH_WORDS: dict[str, tuple[str, ...]] = {
    "camera": get_args(CameraState),
    "paused": get_args(Pause),
    "spool_storage": get_args(Storage),
}
"""Keys of a health message whose values are one of these words. `paused` is there only while nobody is observed."""


class WireError(ClassPulseError, ValueError):
    """A message that is not one of ours; the text says why."""


@dataclass(frozen=True)
class ObservationMessage:
    """An observation as it arrived."""

    classroom: str
    student_id: str
    emotion: str
    """One of `edge.records.LABELS`."""
    late: bool
    """It could not be sent when it was seen."""
    observed_at: datetime | None
    """Aware, UTC. This and the next two are None where MQTT 3.1.1 dropped the properties."""
    stream: uuid.UUID | None
    sequence: int | None
    """`(classroom, stream, sequence)` is unique: a second arrival is a repeat."""


def topic(classroom: str, kind: Kind) -> str:
    """The topic of a classroom. Raises WireError for a classroom that cannot be part of one."""
    if not _ID.fullmatch(classroom):
        raise WireError(f"classroom {_shown(classroom)} must match {ID_PATTERN}")
    return f"{ROOT}/{classroom}/{kind}"


def client_id(classroom: str, role: Literal["edge", "trial"]) -> str:
    """How a classroom's device names itself to the broker. Raises WireError for a classroom that cannot be a topic's.

    The same every time, so that the broker ends a forgotten half-open connection, last will included, before the new
    one says "online" and not a minute later.
    """
    topic(classroom, "status")
    return f"classpulse-{role}-{classroom}"


def parse_topic(text: str) -> tuple[str, Kind]:
    """Classroom and kind of a topic. Raises WireError when it is none of ours."""
    if not isinstance(text, str) or len(text) > _MAX_TOPIC:
        raise WireError("topic is too long or no text")
    match = _TOPIC.fullmatch(text)
    if match is None:
        raise WireError(f"topic {_shown(text)} is none of ClassPulse's")
    kind: Any = match[2]
    return match[1], kind


def encode(observation: Observation) -> bytes:
    """The payload. Raises WireError for an ID or a label that may not leave, or a time without zone."""
    if observation.observed_at.utcoffset() is None:
        raise WireError("observed_at must be an aware datetime")
    payload = f'{{"student_id": "{observation.student_id}", "emotion": "{observation.emotion}"}}'
    if not _OBSERVATION.fullmatch(payload):
        raise WireError(f"student ID must match {ID_PATTERN} and the label be one of {', '.join(LABELS)}")
    return payload.encode("ascii")


def user_properties(observed_at: datetime, stream: uuid.UUID, sequence: int) -> list[tuple[str, str]]:
    """What travels beside a payload; observed_at is aware. Raises WireError for a sequence out of range."""
    if not 1 <= sequence <= _MAX_SEQUENCE:
        raise WireError(f"sequence must be 1..{_MAX_SEQUENCE}")
    text = observed_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [("observed_at", text), ("stream", str(stream)), ("sequence", str(sequence))]


def encode_health(health: dict[str, Any]) -> bytes:
    """The payload of a health message. Raises WireError for a key or value that may not leave."""
    try:
        payload = json.dumps(health, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"health cannot be written as JSON: {error}") from error
    decode_health(payload)
    return payload


def decode_observation(
    topic: str, payload: bytes, user_properties: Iterable[tuple[str, str]] = ()
) -> ObservationMessage:
    """The observation in a message. Raises WireError, and nothing else, for anything that is not one.

    Unknown user properties are passed over: bridges may add their own.
    """
    classroom, kind = parse_topic(topic)
    if kind not in ("observation", "observation/late"):
        raise WireError(f"topic {_shown(topic)} does not carry observations")
    content = _json_object(payload, _MAX_OBSERVATION)
    if set(content) != {"student_id", "emotion"}:
        raise WireError("payload keys must be exactly student_id and emotion")
    student_id, emotion = content["student_id"], content["emotion"]
    if not isinstance(student_id, str) or not _ID.fullmatch(student_id):
        raise WireError(f"student_id must match {ID_PATTERN}")
    if emotion not in LABELS:
        raise WireError(f"emotion must be one of {', '.join(LABELS)}")
    observed_at, stream, sequence = _read_properties(user_properties)
    return ObservationMessage(
        classroom=classroom,
        student_id=student_id,
        emotion=emotion,
        late=kind == "observation/late",
        observed_at=observed_at,
        stream=stream,
        sequence=sequence,
    )


def decode_status(payload: bytes) -> bool:
    """Whether a classroom is online. Raises WireError for anything but `online` and `offline`."""
    if payload not in (ONLINE, OFFLINE):
        raise WireError("status must be online or offline")
    return bytes(payload) == ONLINE


def decode_health(payload: bytes) -> dict[str, Any]:
    """The figures in a health message. Raises WireError for keys or values that do not belong there."""
    content = _json_object(payload, _MAX_HEALTH)
    for key, value in content.items():
        if key == "version":
            valid = isinstance(value, str) and _VERSION.fullmatch(value) is not None
        elif key == "models":
            valid = _are_models(value)
        elif key in HEALTH_WORDS:
            valid = isinstance(value, str) and value in HEALTH_WORDS[key]
        else:
            valid = key in HEALTH_NUMBERS and _is_figure(value)
        if not valid:
            raise WireError(f"health key {_shown(key)} is unknown or has a value that does not belong there")
    return content


def check_outgoing(topic: str, payload: bytes, user_properties: Iterable[tuple[str, str]] = ()) -> None:
    """The allow-list: called just before bytes leave the classroom. Raises WireError for anything not on it."""
    _, kind = parse_topic(topic)
    if kind == "status":
        decode_status(payload)
    elif kind == "health":
        decode_health(payload)
    elif not _OBSERVATION.fullmatch(payload.decode("ascii", "replace")):
        raise WireError("an observation's payload holds more than a student ID and a label")
    given = list(user_properties)
    for name, _ in given:
        if name not in _USER_PROPERTIES:
            raise WireError(f"user property {_shown(name)} may not leave")
    _read_properties(given)  # no receiver would take what this does not


def _json_object(payload: bytes, limit: int) -> dict[str, Any]:
    if len(payload) > limit:
        raise WireError(f"payload has {len(payload)} bytes, more than {limit}")
    try:
        content = json.loads(
            payload.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
    except WireError:
        raise
    # RecursionError: nesting deep enough for the parser; ValueError: no JSON, no UTF-8, or a number too long
    except (ValueError, RecursionError) as error:
        raise WireError(f"payload is not JSON: {type(error).__name__}") from error
    if not isinstance(content, dict):
        raise WireError("payload is not a JSON object")
    return content


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise WireError("payload repeats a key")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise WireError(f"payload holds {name}, which is not JSON")


def _read_properties(
    pairs: Iterable[tuple[str, str]],
) -> tuple[datetime | None, uuid.UUID | None, int | None]:
    """`observed_at`, `stream` and `sequence`; None where one is not given."""
    found = _known_properties(pairs)
    return (
        _time(found["observed_at"]) if "observed_at" in found else None,
        uuid.UUID(found["stream"]) if "stream" in found else None,
        _sequence(found["sequence"]) if "sequence" in found else None,
    )


def _known_properties(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for count, (name, value) in enumerate(pairs, start=1):
        if count > _MAX_PROPERTIES:
            raise WireError(f"more than {_MAX_PROPERTIES} user properties")
        if not isinstance(name, str) or not isinstance(value, str):
            raise WireError("a user property is no text")
        pattern = _USER_PROPERTIES.get(name)
        if pattern is None:
            continue
        if name in found:
            raise WireError(f"user property {name} is given twice")
        if not pattern.fullmatch(value):
            raise WireError(f"user property {name} is malformed")
        found[name] = value
    return found


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:  # the pattern admits a 31st of February
        raise WireError("user property observed_at is no date") from error


def _sequence(text: str) -> int:
    value = int(text)
    if value > _MAX_SEQUENCE:
        raise WireError("user property sequence is too large")
    return value


def _is_figure(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return -1e15 <= value <= 1e15 and round(value, _DECIMALS) == value


def _are_models(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MAX_MODELS
        and all(_MODEL.fullmatch(name) for name in value)
        and all(isinstance(prefix, str) and _SHA256_PREFIX.fullmatch(prefix) for prefix in value.values())
    )


def _shown(text: str) -> str:
    """Text from the network, safe for a terminal and a log."""
    return ascii(text[:80])
