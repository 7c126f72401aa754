"""What is seen now: the newest label of each student in view, and which classrooms' devices are there.

It lives in memory, and is fed with what has just been stored. Every change has a version, and of each student and each
classroom only the newest change is kept: whoever has not looked for a while gets fewer changes, and newer ones.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from central.arrivals import Seen, Status
from central.versions import Versions

SIMULATED = "simulated-"
"""Begins the ID of a classroom that `classpulse-central simulate` plays."""
_LOOK = timedelta(seconds=1)
"""So often it is looked who has gone."""
_REMEMBERED = timedelta(minutes=5)
"""So long it is known who has gone; whoever asks for the changes since before then gets a snapshot."""
_MOST_IN_ROOM = 500
"""Students: whoever has a classroom's key could name any number of them, and memory is finite."""


@dataclass(frozen=True)
class PresentStudent:
    """A student in view."""

    student_id: str
    name: str | None
    """None: no profile has this ID."""
    group: str | None
    classroom: str
    label: str
    since: datetime
    """From when on every live observation had this label; after a restart no further back than was read."""
    observed_at: datetime
    """The newest observation; never after now, whatever the device's clock says."""


@dataclass(frozen=True)
class LiveRoom:
    """A classroom's device."""

    classroom: str
    online: bool | None = None
    """None: it was never heard of."""
    since: datetime | None = None
    """Since when it is on- or offline."""
    observed_at: datetime | None = None
    """The newest live observation, if one came since the start."""

    @property
    def simulated(self) -> bool:
        return self.classroom.startswith(SIMULATED)


@dataclass(frozen=True)
class Gone:
    """A student who is in view no more."""

    student_id: str
    group: str | None
    classroom: str
    at: datetime


Change = PresentStudent | LiveRoom | Gone
Profile = tuple[str, str, str | None]
"""Student ID, name, group."""


@dataclass(frozen=True)
class LiveSnapshot:
    """Everything at one moment."""

    version: int
    at: datetime
    rooms: tuple[LiveRoom, ...]
    """By name."""
    students: tuple[PresentStudent, ...]
    """By ID."""


class Labelled(Protocol):
    """A live observation read back from the store."""

    @property
    def student_id(self) -> str: ...
    @property
    def classroom(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def observed_at(self) -> datetime: ...


class LivePicture:
    """Fed on one thread, looked at on others."""

    def __init__(self, present: timedelta, clock: Callable[[], datetime]) -> None:
        """present: so long after the last observation a student counts as in view; clock: aware, UTC."""
        self._present, self._clock = present, clock
        self.epoch: UUID = uuid4()
        """Of the versions: another process counts anew."""
        self.feeding = threading.Lock()
        """Held from the storing of a batch until it is fed: what is erased in between cannot come back with it."""
        self._lock = threading.Lock()
        self._changes: Versions[Change] = Versions()
        self._students: dict[str, PresentStudent] = {}
        self._rooms: dict[str, LiveRoom] = {}
        self._in_room: Counter[str] = Counter()
        self._profiles: dict[str, tuple[str, str | None]] = {}
        self._looked_at = clock()
        self._listeners: list[Callable[[], None]] = []

    # --- Fed

    def restore(
        self,
        observations: Iterable[Labelled],
        devices: Iterable[tuple[str, bool | None, datetime | None]],
        profiles: Iterable[Profile],
    ) -> None:
        """At the start: what the store holds. observations: live ones, the oldest first; devices: classroom, online,
        since."""
        with self._changing():
            self._profiles = {student: (name, group) for student, name, group in profiles}
            for classroom, online, since in devices:
                self._put_room(LiveRoom(classroom, online, since))
            now = self._clock()
            for one in observations:
                # Not yet who is in view: an older observation says since when a label is the same.
                self._observe(one.classroom, one.student_id, one.label, one.observed_at, now)
            self._look(now)

    def feed(self, stored: Iterable[Seen], status: Iterable[Status]) -> None:
        """What a batch brought that was new; with `feeding` held since before it was stored."""
        with self._changing() as now:
            for news in status:
                known = self._rooms.get(news.classroom)
                if known is None or known.online != news.online:
                    self._put_room(replace(known or LiveRoom(news.classroom), online=news.online, since=now))
            oldest = now - self._present
            for one in stored:
                if not one.late and one.observed_at > oldest:
                    self._observe(one.classroom, one.student_id, one.emotion, one.observed_at, now)

    def put_profile(self, student_id: str, name: str, group: str | None) -> None:
        """A profile was written."""
        with self._changing():
            self._profiles[student_id] = (name, group)
            self._name(student_id, name, group)

    def put_profiles(self, profiles: Iterable[Profile]) -> None:
        """These are all there are."""
        with self._changing():
            self._profiles = {student_id: (name, group) for student_id, name, group in profiles}
            for student_id in list(self._students):
                self._name(student_id, *self._profiles.get(student_id, (None, None)))

    def erase(self, student_id: str) -> None:
        """Forget all of a student, for whom the store takes no observation any more."""
        with self.feeding, self._changing():
            self._profiles.pop(student_id, None)
            known = self._students.pop(student_id, None)
            if known is not None:
                self._in_room[known.classroom] -= 1
            # Not that the student has gone: that would keep the ID in memory for minutes.
            self._changes.drop(student_id)

    # --- Looked at

    def snapshot(self) -> LiveSnapshot:
        """Everything, now."""
        with self._changing() as now:
            rooms = sorted(self._rooms.values(), key=lambda room: room.classroom)
            students = sorted(self._students.values(), key=lambda student: student.student_id)
            return LiveSnapshot(self._changes.newest, now, tuple(rooms), tuple(students))

    def student(self, student_id: str) -> PresentStudent | None:
        """None: not in view."""
        with self._changing():
            return self._students.get(student_id)

    def room(self, classroom: str) -> LiveRoom | None:
        """None: nothing was ever heard of it."""
        with self._lock:
            return self._rooms.get(classroom)

    def changes_since(self, version: int) -> tuple[int, tuple[Change, ...]] | None:
        """The version by now, and the newest change of each student and classroom that changed, in their order.

        None when that is not known any more, or not enough: take a snapshot.
        """
        with self._changing():
            changes = self._changes.since(version)
            return None if changes is None else (self._changes.newest, changes)

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """listener: called after every change, on the thread that made it; it must be quick and raise nothing."""
        with self._lock:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)

    # --- How it changes, with the lock held

    @contextmanager
    def _changing(self) -> Iterator[datetime]:
        """Gives the time; who has gone by then is gone."""
        with self._lock:
            before, now = self._changes.newest, self._clock()
            if not timedelta() <= now - self._looked_at < _LOOK:
                self._look(now)
            yield now
            listeners = list(self._listeners) if self._changes.newest != before else []
        for listener in listeners:
            listener()

    def _look(self, now: datetime) -> None:
        if now < self._looked_at:
            self._set_back(now)
        self._looked_at = now
        oldest = now - self._present
        for student in [one for one in self._students.values() if one.observed_at <= oldest]:
            del self._students[student.student_id]
            self._in_room[student.classroom] -= 1
            self._changes.put(student.student_id, Gone(student.student_id, student.group, student.classroom, now))
        self._changes.forget(lambda change: isinstance(change, Gone) and not now - _REMEMBERED < change.at <= now)

    def _set_back(self, now: datetime) -> None:
        """The clock was: nothing is of later, or what comes from now on would be older than what is known."""
        for student in list(self._students.values()):
            if student.observed_at > now:
                earlier = replace(student, since=min(student.since, now), observed_at=now)
                self._students[student.student_id] = earlier
                self._changes.put(student.student_id, earlier)
        for room in list(self._rooms.values()):
            since, observed_at = (at and min(at, now) for at in (room.since, room.observed_at))
            if (since, observed_at) != (room.since, room.observed_at):
                self._put_room(replace(room, since=since, observed_at=observed_at))

    def _observe(self, classroom: str, student_id: str, label: str, observed_at: datetime, now: datetime) -> None:
        at = min(observed_at, now)
        known = self._students.get(student_id)
        if known is not None and at < known.observed_at:
            return
        if known is None or known.classroom != classroom:
            if self._in_room[classroom] >= _MOST_IN_ROOM:
                return
            self._in_room[classroom] += 1
            if known is not None:
                self._in_room[known.classroom] -= 1
        since = known.since if known is not None and known.label == label else at
        name, group = self._profiles.get(student_id, (None, None))
        student = PresentStudent(student_id, name, group, classroom, label, since, at)
        self._students[student_id] = student
        self._changes.put(student_id, student)
        room = self._rooms.get(classroom)
        if room is None:
            self._put_room(LiveRoom(classroom, observed_at=at))
        elif room.observed_at is None or room.observed_at < at:
            self._rooms[classroom] = replace(room, observed_at=at)  # no news by itself: a student's change tells it

    def _put_room(self, room: LiveRoom) -> None:
        self._rooms[room.classroom] = room
        self._changes.put(f"/{room.classroom}", room)  # which no student can be called

    def _name(self, student_id: str, name: str | None, group: str | None) -> None:
        known = self._students.get(student_id)
        if known is None or (known.name, known.group) == (name, group):
            return
        named = replace(known, name=name, group=group)
        self._students[student_id] = named
        if known.group != group:
            # Who saw the student may not any more, and others may now: all take a snapshot.
            self._changes.drop(student_id)
        self._changes.put(student_id, named)
