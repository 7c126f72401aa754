"""What becomes of a message, and why some are not stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.arrivals import Health, Rejection, Seen, Status, read
from central.session import Message

NOW = datetime(2026, 3, 2, 9, 15, 31, tzinfo=UTC)
KEEP = timedelta(days=90)
ROOM = "classpulse/v1/room-101"
PAYLOAD = b'{"student_id": "s-042", "emotion": "happy"}'
STREAM = "7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a"


def properties(
    observed_at: str = "2026-03-02T09:15:30.123Z", stream: str = STREAM, sequence: str = "17"
) -> tuple[tuple[str, str], ...]:
    return ("observed_at", observed_at), ("stream", stream), ("sequence", sequence)


def test_an_observation_is_told_by_classroom_stream_and_sequence() -> None:
    moment = datetime(2026, 3, 2, 9, 15, 30, 123000, tzinfo=UTC)
    live, late = (Message(f"{ROOM}/{kind}", PAYLOAD, properties()) for kind in ("observation", "observation/late"))
    assert read(live, NOW, KEEP) == Seen("room-101", UUID(STREAM), 17, "s-042", "happy", moment, False)
    assert read(late, NOW, KEEP) == Seen("room-101", UUID(STREAM), 17, "s-042", "happy", moment, True)


def test_status_and_health_are_about_a_classroom() -> None:
    assert read(Message(f"{ROOM}/status", b"online", ()), NOW, KEEP) == Status("room-101", True)
    assert read(Message(f"{ROOM}/health", b'{"spool_depth": 3}', ()), NOW, KEEP) == Health(
        "room-101", {"spool_depth": 3}
    )


@pytest.mark.parametrize(
    ("message", "classroom", "reason"),
    [
        pytest.param(Message("classpulse/v1/ROOM/status", b"online", ()), "", "topic", id="a room that cannot be"),
        pytest.param(Message(f"{ROOM}/status", b"maybe", ()), "room-101", "payload", id="a status that is none"),
        pytest.param(Message(f"{ROOM}/health", b"[" * 4000, ()), "room-101", "payload", id="nested too deep"),
        pytest.param(Message(f"{ROOM}/observation", b"\xff", properties()), "room-101", "payload", id="no UTF-8"),
        pytest.param(Message(f"{ROOM}/observation", PAYLOAD, ()), "room-101", "unnumbered", id="by MQTT 3.1.1"),
        pytest.param(
            Message(f"{ROOM}/observation", PAYLOAD, properties()[1:]), "room-101", "unnumbered", id="without its time"
        ),
        pytest.param(
            Message(f"{ROOM}/observation", PAYLOAD, properties(sequence="0")), "room-101", "payload", id="no sequence"
        ),
        pytest.param(
            Message(f"{ROOM}/observation", PAYLOAD, properties("2026-03-04T00:00:00.000Z")), "room-101", "future",
            id="the day after tomorrow",
        ),
        pytest.param(
            Message(f"{ROOM}/observation/late", PAYLOAD, properties("2025-11-01T00:00:00.000Z")), "room-101",
            "too-old", id="older than what is kept",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_rejected_with_a_reason(message: Message, classroom: str, reason: str) -> None:
    rejection = read(message, NOW, KEEP)
    assert isinstance(rejection, Rejection)
    assert (rejection.classroom, rejection.reason) == (classroom, reason)
    assert rejection.text.isascii()
    assert "s-042" not in rejection.text


@given(
    st.sampled_from([f"{ROOM}/observation", f"{ROOM}/observation/late", f"{ROOM}/status", f"{ROOM}/health"])
    | st.text(),
    st.binary() | st.sampled_from([PAYLOAD, b"online", b'{"version": "1.0.0"}']),
    st.lists(st.tuples(st.sampled_from(["observed_at", "stream", "sequence", "x"]), st.text())).map(tuple)
    | st.just(properties()),
)
def test_nothing_that_a_broker_can_deliver_raises(
    topic: str, payload: bytes, pairs: tuple[tuple[str, str], ...]
) -> None:
    read(Message(topic, payload, pairs), NOW, KEEP)
