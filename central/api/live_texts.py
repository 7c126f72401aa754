"""What `/ws/live` says, as JSON texts.

    {"type": "snapshot", "version", "epoch", "at", "classrooms": [{"classroom", "simulated", "online", "since",
        "students": [...]}]}
    {"type": "changes", "version", "at", "changes": [{"kind": "student", ...}, {"kind": "gone", "student_id",
        "classroom"}, {"kind": "device", "classroom", "simulated", "online", "since"}]}
    {"type": "heartbeat", "version", "at"}

A student is as in `models.Present`; a moment is UTC, RFC 3339.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from central.live import Change, Gone, LiveRoom, LiveSnapshot, PresentStudent

Sees = Callable[[str | None], bool]
"""Whether a viewer may know of a student of this group, or of none."""


def snapshot_text(snapshot: LiveSnapshot, epoch: UUID, sees: Sees) -> str:
    """Every classroom, with the students in view there."""
    rooms: dict[str, dict[str, Any]] = {room.classroom: _room(room) | {"students": []} for room in snapshot.rooms}
    for student in snapshot.students:
        if sees(student.group):
            rooms[student.classroom]["students"].append(_student(student))
    return _text("snapshot", snapshot.version, snapshot.at, epoch=str(epoch), classrooms=list(rooms.values()))


def changes_text(version: int, changes: Iterable[Change], at: datetime, sees: Sees) -> str | None:
    """What of them the viewer may know; None if that is nothing."""
    known = [_change(change) for change in changes if isinstance(change, LiveRoom) or sees(change.group)]
    return _text("changes", version, at, changes=known) if known else None


def heartbeat_text(version: int, at: datetime) -> str:
    """That the connection stands, and nothing has changed."""
    return _text("heartbeat", version, at)


def _text(kind: str, version: int, at: datetime, **content: Any) -> str:
    return json.dumps({"type": kind, "version": version, "at": _moment(at), **content}, separators=(",", ":"))


def _change(change: Change) -> dict[str, Any]:
    match change:
        case PresentStudent():
            return {"kind": "student", **_student(change)}
        case Gone():
            return {"kind": "gone", "student_id": change.student_id, "classroom": change.classroom}
        case LiveRoom():
            return {"kind": "device", **_room(change)}


def _student(student: PresentStudent) -> dict[str, Any]:
    return {
        "student_id": student.student_id,
        "name": student.name,
        "group": student.group,
        "classroom": student.classroom,
        "label": student.label,
        "since": _moment(student.since),
        "observed_at": _moment(student.observed_at),
    }


def _room(room: LiveRoom) -> dict[str, Any]:
    return {
        "classroom": room.classroom,
        "simulated": room.simulated,
        "online": room.online,
        "since": None if room.since is None else _moment(room.since),
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
