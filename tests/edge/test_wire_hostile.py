"""The wire's decoder against messages that no ClassPulse sends. `make fuzz` runs a hundred thousand of them."""

from __future__ import annotations

import json
import re
import string
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings

from edge.records import LABELS
from edge.wire import (
    HEALTH_NUMBERS,
    ObservationMessage,
    WireError,
    check_outgoing,
    decode_health,
    decode_observation,
    decode_status,
    parse_topic,
)
from tests.edge.wire_messages import Message, messages
from tests.tally import Tally

ORDINARY = settings().max_examples
LIVE, PAYLOAD = "classpulse/v1/room-101/observation", b'{"student_id": "s-042", "emotion": "happy"}'


def judge(message: Message) -> bool:
    """Whether the message is one of ours, decided without `edge.wire`."""
    root, version, room, *kind = [*message.topic.split("/", 3), "", "", ""][:4]
    if (root, version) != ("classpulse", "v1") or not is_id(room):
        return False
    match kind:
        case ["observation" | "observation/late"]:
            return is_observation(message.payload) and are_properties(message.properties)
        case ["status"]:
            return message.payload in (b"online", b"offline")
        case ["health"]:
            return is_health(message.payload)
    return False


def is_id(text: Any) -> bool:
    allowed = set(string.ascii_lowercase + string.digits + "-")
    return isinstance(text, str) and 0 < len(text) < 64 and set(text) <= allowed and text[0] != "-"


def members(payload: bytes, most: int) -> list[tuple[str, Any]] | None:
    """Of a JSON object, repeats among them; None where there is no such object."""
    if len(payload) > most or re.search(rb"NaN|Infinity", payload):
        return None
    try:
        found = json.loads(payload.decode(), object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return None
    return found if type(found) is Members and not repeats(found) else None


class Members(list[tuple[str, Any]]):
    """Of one JSON object."""


def repeats(value: Any) -> bool:
    """Whether a name is given twice in an object, or in one within it."""
    if isinstance(value, Members):
        return len(dict(value)) < len(value) or any(repeats(inner) for _, inner in value)
    return isinstance(value, list) and any(map(repeats, value))


def is_observation(payload: bytes) -> bool:
    found = dict(members(payload, 256) or [])
    return found.keys() == {"student_id", "emotion"} and is_id(found["student_id"]) and found["emotion"] in LABELS


def is_health(payload: bytes) -> bool:
    found = members(payload, 4096)
    return found is not None and all(is_figure(name, value) for name, value in found)


def is_figure(name: str, value: Any) -> bool:
    match name:
        case "version":
            return isinstance(value, str) and bool(
                re.fullmatch(r"\d{1,5}(\.\d{1,5}){1,3}((a|b|rc|\.dev|\.post)\d{1,4}){0,2}", value, re.ASCII)
            )
        case "models":
            return type(value) is Members and len(value) <= 8 and all(is_model(*model) for model in value)
        case "camera":
            return value in ("opening", "working", "failed", "closed")
        case "paused":
            return value in ("clock", "authorisation")
    figure = name in HEALTH_NUMBERS and type(value) in (int, float) and abs(value) <= 10**15
    return figure and round(value, 3) == value  # in all the digits of a double there would be room for a message


def is_model(name: str, prefix: Any) -> bool:
    known = re.fullmatch(r"[a-z\d][a-z\d_.-]{0,62}", name, re.ASCII)
    return bool(known) and isinstance(prefix, str) and bool(re.fullmatch(r"[\da-f]{12}", prefix, re.ASCII))


def are_properties(pairs: tuple[tuple[Any, Any], ...]) -> bool:
    if len(pairs) > 32 or not all(isinstance(part, str) for pair in pairs for part in pair):
        return False
    known = [pair for pair in pairs if pair[0] in ("observed_at", "stream", "sequence")]
    return len(dict(known)) == len(known) and all(is_property(*pair) for pair in known)


def is_property(name: str, value: str) -> bool:
    match name:
        case "observed_at":
            found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", value, re.ASCII)
            return found is not None and is_time(*map(int, found.groups()))
        case "stream":
            return re.fullmatch(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}", value, re.ASCII) is not None
    return len(value) < 20 and value.isascii() and value.isdigit() and value[0] != "0" and int(value) < 2**63


def is_time(year: int, month: int, day: int, hour: int, minute: int, second: int, millisecond: int) -> bool:
    try:
        datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=UTC)
    except ValueError:
        return False
    return True


def decode(message: Message) -> object:
    """As a receiver does. Raises WireError."""
    _, kind = parse_topic(message.topic)
    if kind == "status":
        return decode_status(message.payload)
    if kind == "health":
        return decode_health(message.payload)
    return decode_observation(message.topic, message.payload, message.properties)


@settings(max_examples=20 * ORDINARY, deadline=None)
@given(message=messages())
@example(message=Message(LIVE, b"[" * 100_000, ()))
@example(message=Message(LIVE, PAYLOAD, (("sequence", str(2**63 - 1)),)))
@example(message=Message(LIVE, PAYLOAD, (("sequence", str(2**63)),)))
def test_a_message_is_taken_rightly_or_refused_with_a_reason(
    message: Message, tallies: defaultdict[str, Tally]
) -> None:
    expected = judge(message)
    try:
        found = decode(message)
    except WireError as refusal:
        reason = str(refusal)
        assert reason.isprintable()
        assert len(reason) < 300
        tallies["messages"].count(message, "refused: " + re.sub(r"(['\"]).*\1 |\d{3,} ", "… ", reason))
        assert not expected, f"refused: {reason}"
        return
    kind = message.topic.split("/", 3)[3]
    tallies["messages"].count(message, f"accepted: {kind}")
    assert expected, f"accepted as {found}"
    if isinstance(found, ObservationMessage):
        assert {"student_id": found.student_id, "emotion": found.emotion} == json.loads(message.payload)
        assert message.topic.split("/")[2] == found.classroom
        given = {name: value for name, value in message.properties if name in ("observed_at", "stream", "sequence")}
        assert given.get("sequence") == (None if found.sequence is None else str(found.sequence))
        assert given.get("stream") == (None if found.stream is None else str(found.stream))
        assert ("observed_at" in given) == (found.observed_at is not None)


@settings(max_examples=3 * ORDINARY, deadline=None)
@given(message=messages())
def test_no_decoder_raises_anything_else_whatever_it_is_given(message: Message) -> None:
    texts = [pair for pair in message.properties if isinstance(pair[0], str) and isinstance(pair[1], str)]
    for decode_anything in (
        lambda: decode_observation(message.topic, message.payload, message.properties),
        lambda: decode_status(message.payload),
        lambda: decode_health(message.payload),
        lambda: check_outgoing(message.topic, message.payload, texts),
    ):
        with suppress(WireError):
            decode_anything()


@settings(max_examples=3 * ORDINARY, deadline=None)
@given(message=messages())
@example(message=Message(LIVE, PAYLOAD, (("sequence", "1"), ("sequence", "1"))))
@example(message=Message(LIVE, PAYLOAD, (("sequence", str(2**63)),)))
@example(message=Message(LIVE, PAYLOAD, (("observed_at", "2026-02-29T09:15:30.123Z"),)))
def test_what_may_leave_would_be_taken(message: Message) -> None:
    texts = tuple(pair for pair in message.properties if isinstance(pair[0], str) and isinstance(pair[1], str))
    try:
        check_outgoing(message.topic, message.payload, texts)
    except WireError:
        return
    assert judge(Message(message.topic, message.payload, texts))
