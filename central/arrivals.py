"""What a message turns out to be. Everything comes from the network: nothing here raises because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from central.session import Message
from edge.wire import WireError, decode_health, decode_observation, decode_status, parse_topic

Reason = Literal["topic", "payload", "unnumbered", "future", "too-old", "sequence", "streams", "erased"]
"""Why a message is not stored; an observation that is repeated is no such case.

sequence, streams: its number, or one more stream of its classroom, is not believed (`central.store.numbering`).
erased: its student was (`central.store.writer.Screen`).
"""

_FUTURE = timedelta(days=1)
"""A device's clock is synchronised before it observes; this much is no clock that is slightly wrong."""


@dataclass(frozen=True)
class Seen:
    """An observation, with all that makes it one of its kind."""

    classroom: str
    stream: UUID
    sequence: int
    student_id: str
    emotion: str
    observed_at: datetime
    late: bool


@dataclass(frozen=True)
class Status:
    """A classroom's device came or went."""

    classroom: str
    online: bool


@dataclass(frozen=True)
class Health:
    """Figures about a device."""

    classroom: str
    figures: dict[str, Any]


@dataclass(frozen=True)
class Rejection:
    """A message that is not stored."""

    classroom: str
    """Empty where the topic names none."""
    reason: Reason
    text: str
    """For people; safe for a terminal and a log, and without student IDs."""


Arrival = Seen | Status | Health | Rejection


def read(message: Message, now: datetime, keep: timedelta) -> Arrival:
    """What message is. keep: observations older than this are not stored, since they would be deleted at once."""
    try:
        classroom, kind = parse_topic(message.topic)
    except WireError as error:
        return Rejection("", "topic", str(error))
    try:
        if kind == "status":
            return Status(classroom, decode_status(message.payload))
        if kind == "health":
            return Health(classroom, decode_health(message.payload))
        found = decode_observation(message.topic, message.payload, message.user_properties)
    except WireError as error:
        return Rejection(classroom, "payload", str(error))
    if found.observed_at is None or found.stream is None or found.sequence is None:
        return Rejection(
            classroom, "unnumbered", "an observation lacks observed_at, stream or sequence; did a bridge drop them?"
        )
    if found.observed_at > now + _FUTURE:
        return Rejection(classroom, "future", f"an observation is of {found.observed_at:%Y-%m-%d}, after today")
    if found.observed_at < now - keep:
        return Rejection(
            classroom, "too-old", f"an observation is of {found.observed_at:%Y-%m-%d}, older than what is kept"
        )
    return Seen(classroom, found.stream, found.sequence, found.student_id, found.emotion, found.observed_at, found.late)
