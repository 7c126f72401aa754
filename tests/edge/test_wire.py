"""What leaves a classroom, and what is believed of what arrives."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.records import LABELS, Observation
from edge.wire import (
    ID_PATTERN,
    WireError,
    check_outgoing,
    client_id,
    decode_health,
    decode_observation,
    decode_status,
    encode,
    encode_health,
    parse_topic,
    topic,
    user_properties,
)

SEEN = datetime(2026, 3, 2, 10, 15, 30, 123_456, tzinfo=timezone(timedelta(hours=1)))
STREAM = uuid.UUID("7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a")
LIVE = "classpulse/v1/room-101/observation"
PAYLOAD = b'{"student_id": "s-042", "emotion": "happy"}'
PROPERTIES = [
    ("observed_at", "2026-03-02T09:15:30.123Z"),
    ("stream", "7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a"),
    ("sequence", "17"),
]
BASE64, HEX = "AACAPwAAgD8AAIA/" * 64, "0000803f" * 192
"""Embeddings, as somebody might hide one."""


def test_payload_is_exactly_student_and_label() -> None:
    assert encode(Observation("s-042", "happy", SEEN)) == PAYLOAD


def test_properties_are_utc_in_milliseconds_stream_and_sequence() -> None:
    assert user_properties(SEEN, STREAM, 17) == PROPERTIES


@given(
    st.from_regex(ID_PATTERN, fullmatch=True),
    st.from_regex(ID_PATTERN, fullmatch=True),
    st.sampled_from(LABELS),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.integers(1, 2**63 - 1),
    st.booleans(),
)
def test_what_is_encoded_is_decoded_and_may_leave(
    classroom: str, student: str, label: str, seen: datetime, stream: uuid.UUID, sequence: int, late: bool
) -> None:
    name = topic(classroom, "observation/late" if late else "observation")
    payload, properties = encode(Observation(student, label, seen)), user_properties(seen, stream, sequence)
    check_outgoing(name, payload, properties)
    found = decode_observation(name, payload, properties)
    assert (found.classroom, found.student_id, found.emotion, found.late) == (classroom, student, label, late)
    assert (found.stream, found.sequence) == (stream, sequence)
    assert found.observed_at == seen.replace(microsecond=seen.microsecond // 1000 * 1000)


def test_message_without_properties_decodes_with_none() -> None:
    found = decode_observation(LIVE, PAYLOAD)
    assert (found.observed_at, found.stream, found.sequence) == (None, None, None)


def test_properties_that_a_bridge_added_are_passed_over() -> None:
    assert decode_observation(LIVE, PAYLOAD, [("bridge", "x"), ("bridge", "y"), *PROPERTIES]).sequence == 17


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"[" * 250, "not JSON"),
        (b'{"student_id": "s-042"}', "exactly"),
        (b'{"student_id": "s-042", "emotion": "happy", "picture": ""}', "exactly"),
        (b'{"student_id": "s-042", "student_id": "s-043", "emotion": "happy"}', "repeats a key"),
        (b'{"student_id": 42, "emotion": "happy"}', "student_id"),
        (b'{"student_id": "S-042", "emotion": "happy"}', "student_id"),
        (b'{"student_id": "s-042\\n", "emotion": "happy"}', "student_id"),
        (b'{"student_id": "s-042", "emotion": "bored"}', "emotion"),
        (b'{"student_id": "s-042", "emotion": []}', "emotion"),
        (b'{"student_id": NaN, "emotion": "happy"}', "NaN"),
        (b'{"student_id": ' + b"9" * 200 + b', "emotion": "happy"}', "student_id"),
        (PAYLOAD + b" " * 300, "bytes"),
    ],
)
def test_malformed_payload_is_rejected_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        decode_observation(LIVE, payload, PROPERTIES)


@pytest.mark.parametrize(
    "name",
    [
        "", "classpulse/v1/room-101", "classpulse/v2/room-101/observation", "classpulse/v1/Room/observation",
        "classpulse/v1/room-101/observation/later", "classpulse/v1/room-101/status", LIVE + "\n", LIVE * 9,
        "classpulse/v1//observation", "classpulse/v1/+/observation", "\x1b[2Jclasspulse", "classpulse/v1/ä/observation",
    ],
)  # fmt: skip
def test_observation_on_another_topic_is_rejected(name: str) -> None:
    with pytest.raises(WireError):
        decode_observation(name, PAYLOAD)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("observed_at", "yesterday"),
        ("observed_at", "2026-02-31T09:15:30.123Z"),
        ("observed_at", "2026-03-02T09:15:30.123+00:00"),
        ("stream", "none"),
        ("sequence", "0"),
        ("sequence", "-1"),
        ("sequence", "9" * 19),
        ("sequence", "9" * 5000),  # int() refuses more than 4300 digits
        ("sequence", "٣"),  # a digit, but not one of ours
    ],
)
def test_malformed_property_is_rejected(name: str, value: str) -> None:
    with pytest.raises(WireError, match=name):
        decode_observation(LIVE, PAYLOAD, [(name, value)])


def test_property_given_twice_is_rejected() -> None:
    with pytest.raises(WireError, match="twice"):
        decode_observation(LIVE, PAYLOAD, [*PROPERTIES, ("sequence", "18")])


def test_reason_is_safe_to_print() -> None:
    with pytest.raises(WireError) as caught:
        parse_topic("\x1b[31m\n")
    assert str(caught.value).isprintable()


def test_picture_or_embedding_may_not_leave() -> None:
    jpeg = b"\xff\xd8\xff\xe0" + bytes(5000)
    embedding = json.dumps([0.1] * 192).encode()
    for payload in (
        jpeg,
        embedding,
        PAYLOAD + jpeg,
        b'{"student_id": "s-042", "emotion": "happy", "embedding": ' + embedding + b"}",
        b'{"student_id": "' + b"a" * 64 + b'", "emotion": "happy"}',
        b'{"emotion": "happy", "student_id": "s-042"}',
        PAYLOAD + b"\n",
    ):
        for kind in ("observation", "observation/late", "status", "health"):
            with pytest.raises(WireError):
                check_outgoing(f"classpulse/v1/room-101/{kind}", payload)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("picture", "x"), ("stream", "0" * 36), ("stream", HEX[:36]), ("sequence", "1.5"), ("sequence", "9" * 192),
        ("observed_at", "now"), ("observed_at", BASE64), ("embedding", BASE64),
    ],
)  # fmt: skip
def test_unlisted_property_may_not_leave(name: str, value: str) -> None:
    with pytest.raises(WireError, match=name):
        check_outgoing(LIVE, PAYLOAD, [(name, value)])


def test_status_is_online_or_offline() -> None:
    assert decode_status(b"online") is True
    assert decode_status(b"offline") is False
    with pytest.raises(WireError):
        decode_status(b"Online")


def test_health_returns_as_it_was_sent() -> None:
    health = {"version": "0.1.0", "uptime_seconds": 12.5, "models": {"emotion": "0123456789ab"}}
    assert decode_health(encode_health(health)) == health


@pytest.mark.parametrize(
    "health",
    [
        {"student_id": "s-042"},
        {"uptime_seconds": "long"},
        {"uptime_seconds": True},
        {"uptime_seconds": float("nan")},
        {"uptime_seconds": 1e300},
        {"uptime_seconds": [0.1, 0.2]},
        {"uptime_seconds": 0.12345678901234},
        {"camera": BASE64},
        {"embedding": [0.1] * 192},
        {"version": f"0.1.0+{HEX[:24]}"},
        {"spool_storage": HEX},
        {"models": {"emotion": BASE64[:12]}},
        {"models": {HEX: "0123456789ab"}},
        {"version": "s-042 is tired"},
        {"models": {"emotion": "s-042"}},
        {"models": {f"m{i}": "0123456789ab" for i in range(17)}},
        {"version": object()},
    ],
)
def test_health_holds_figures_of_the_machine_only(health: dict[str, object]) -> None:
    with pytest.raises(WireError):
        encode_health(health)


def test_id_that_does_not_match_may_not_be_encoded() -> None:
    with pytest.raises(WireError):
        encode(Observation('s", "picture": "', "happy", SEEN))
    with pytest.raises(WireError):
        encode(Observation("s-042", "bored", SEEN))
    with pytest.raises(WireError):
        encode(Observation("s-042", "happy", SEEN.replace(tzinfo=None)))
    with pytest.raises(WireError):
        user_properties(SEEN, STREAM, 0)
    with pytest.raises(WireError):
        topic("room 101", "status")
    with pytest.raises(WireError):
        check_outgoing(f"classpulse/v1/{HEX}/observation", PAYLOAD)


def test_client_id_names_the_classroom_and_has_room_for_nothing_else() -> None:
    assert client_id("room-101", "edge") == "classpulse-edge-room-101"
    for classroom in (HEX, BASE64, "room 101", ""):
        with pytest.raises(WireError):
            client_id(classroom, "edge")
