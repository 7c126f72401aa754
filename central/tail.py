"""Prints what classrooms publish, a line each, as it comes: the smallest useful subscriber."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO
from uuid import UUID

from central.session import Message
from edge.wire import ObservationMessage, WireError, decode_observation, decode_status, parse_topic

REMEMBERED = 10_000
"""Observations whose repeats are recognised; a repeat follows its original by seconds."""


class Tail:
    """Turns messages into lines."""

    def __init__(self, out: TextIO, errors: TextIO, *, as_json: bool = False) -> None:
        """out: gets the lines; errors: what was wrong with a message that is none of ours."""
        self._out, self._errors, self._json = out, errors, as_json
        self._online: dict[str, bool] = {}
        self._shown: OrderedDict[tuple[str, UUID, int], None] = OrderedDict()
        self.observations = 0
        """Printed so far."""

    def show(self, message: Message) -> None:
        """Print an observation or a classroom's change of status; health is passed over."""
        try:
            classroom, kind = parse_topic(message.topic)
            if kind == "status":
                self._show_status(classroom, decode_status(message.payload))
            elif kind != "health":
                self._show_observation(decode_observation(message.topic, message.payload, message.user_properties))
        except WireError as error:
            self._errors.write(f"skipped a message on {message.topic[:80]!a}: {error}\n")
            self._errors.flush()

    def _show_observation(self, seen: ObservationMessage) -> None:
        if self._is_repeat(seen):
            return
        self.observations += 1
        if self._json:
            observed_at = None if seen.observed_at is None else seen.observed_at.isoformat(timespec="milliseconds")
            self._write_json(
                type="observation", classroom=seen.classroom, student_id=seen.student_id, emotion=seen.emotion,
                late=seen.late, observed_at=observed_at, stream=None if seen.stream is None else str(seen.stream),
                sequence=seen.sequence,
            )  # fmt: skip
            return
        moment = _local(seen.observed_at or datetime.now(UTC), dated=seen.late)
        late = "  (late)" if seen.late else ""
        self._write(f"{moment}  {seen.classroom}  {seen.student_id}  {seen.emotion}{late}")

    def _is_repeat(self, seen: ObservationMessage) -> bool:
        """Whether it was shown before: after a lost connection the same observation may come again."""
        if seen.stream is None or seen.sequence is None:
            return False
        identity = (seen.classroom, seen.stream, seen.sequence)
        if identity in self._shown:
            return True
        self._shown[identity] = None
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        return False

    def _show_status(self, classroom: str, online: bool) -> None:
        if self._online.get(classroom) == online:
            return
        self._online[classroom] = online
        status = "online" if online else "offline"
        if self._json:
            self._write_json(type="status", classroom=classroom, status=status)
        else:
            self._write(f"{_local(datetime.now(UTC), dated=False)}  {classroom}  {status}")

    def _write_json(self, **content: str | int | None) -> None:
        self._write(json.dumps(content))

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def tail(
    messages: Iterable[Message | None], output: Tail, *, count: int | None = None, seconds: float | None = None
) -> None:
    """Show messages until count observations came or seconds passed; None means without end."""
    ends_at = None if seconds is None else time.monotonic() + seconds
    for message in messages:
        if message is not None:
            output.show(message)
        if count is not None and output.observations >= count:
            return
        if ends_at is not None and time.monotonic() >= ends_at:
            return


def _local(moment: datetime, *, dated: bool) -> str:
    """Local time; a late observation may be of another day and says its date."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S" if dated else "%H:%M:%S")
