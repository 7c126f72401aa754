"""Plays the classrooms: who observes when, and which of them is away."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from central.session import BrokerSettings
from central.simulation.device import Device
from central.simulation.pupils import Pupil, Seat
from edge.errors import BrokerError
from edge.records import Observation

_HEALTH_SECONDS = 30.0
_OUTAGE_EVERY, _OUTAGE_SECONDS = 900.0, 45.0
"""Seconds between two outages of a classroom, on average, and how long one lasts."""
_CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Pace:
    """How fast, and how long."""

    interval_seconds: float
    """Between two observations of a student."""
    seconds: float
    """0: until stopped."""
    outages: bool
    """Whether classrooms lose their connection now and then, and send what they missed as late."""
    seed: int


@dataclass(frozen=True)
class Progress:
    """What was done so far."""

    published: int
    """Observations."""
    online: int
    """Classrooms."""


class _Classroom:
    """A device, its students, and when it has something to do next."""

    def __init__(self, device: Device, seats: Sequence[Seat], pace: Pace) -> None:
        self.device, self._pace = device, pace
        self._pupils = {seat.student_id: Pupil(seat.student_id, pace.seed) for seat in seats}
        self._random = random.Random(f"{pace.seed} {device.classroom}")
        self._back_at: float | None = None
        self._outage_at = self._next_outage(time.monotonic())
        self._health_at = 0.0
        self.due = time.monotonic() + self._random.random() * pace.interval_seconds

    def step(self, now: float) -> None:
        """End an interval. now: monotonic seconds."""
        self.due += self._pace.interval_seconds
        if self._back_at is not None and now >= self._back_at:
            self._back_at, self._outage_at = None, self._next_outage(now)
            self.device.come_back()
        elif self._back_at is None and now >= self._outage_at:
            self._back_at = now + _OUTAGE_SECONDS
            self.device.vanish()
        moment = datetime.now(UTC)
        local = moment.astimezone()
        labels = {name: pupil.observe(local.hour + local.minute / 60) for name, pupil in self._pupils.items()}
        self.device.observe(Observation(name, label, moment) for name, label in labels.items() if label is not None)
        if self.device.online and now >= self._health_at:
            self._health_at = now + _HEALTH_SECONDS
            self.device.tell_health()

    def _next_outage(self, now: float) -> float:
        return now + self._random.expovariate(1 / _OUTAGE_EVERY) if self._pace.outages else float("inf")


def play(
    settings: BrokerSettings, seats: Sequence[Seat], pace: Pace, stop: threading.Event, each: Callable[[Progress], None]
) -> Progress:
    """Play until the time is over or stop is set; each: told of the progress after every step.

    settings: its classroom is replaced by each of the seats' classrooms, as are certificate and key where their paths
    contain `{classroom}`. Raises BrokerError when the broker cannot be reached, or refuses one of them.
    """
    rooms: dict[str, list[Seat]] = {}
    for seat in seats:
        rooms.setdefault(seat.classroom, []).append(seat)
    with ExitStack() as stack:
        devices = [stack.enter_context(Device(_for_classroom(settings, name))) for name in rooms]
        _wait_until_online(devices, stop)
        return _run([_Classroom(device, rooms[device.classroom], pace) for device in devices], pace, stop, each)


def _run(
    classrooms: Sequence[_Classroom], pace: Pace, stop: threading.Event, each: Callable[[Progress], None]
) -> Progress:
    until = time.monotonic() + pace.seconds if pace.seconds else float("inf")
    queue = [(room.due, number, room) for number, room in enumerate(classrooms)]
    heapq.heapify(queue)
    while not stop.is_set():
        due, number, room = queue[0]
        if min(due, until) > (now := time.monotonic()):
            stop.wait(min(due, until) - now)
            continue
        if now >= until:
            break
        room.step(now)
        heapq.heapreplace(queue, (room.due, number, room))
        each(_progress(classrooms))
    return _progress(classrooms)


def _progress(classrooms: Sequence[_Classroom]) -> Progress:
    devices = [room.device for room in classrooms]
    return Progress(sum(device.published for device in devices), sum(device.online for device in devices))


def _for_classroom(settings: BrokerSettings, classroom: str) -> BrokerSettings:
    def own(path: Path | None) -> Path | None:
        return None if path is None else Path(str(path).replace("{classroom}", classroom))

    certificate, key = own(settings.certificate_file), own(settings.key_file)
    return replace(settings, classroom=classroom, certificate_file=certificate, key_file=key)


def _wait_until_online(devices: Sequence[Device], stop: threading.Event) -> None:
    until = time.monotonic() + _CONNECT_SECONDS
    while not all(device.online for device in devices) and not stop.is_set():
        for device in devices:
            if device.refusal is not None:
                raise BrokerError(device.refusal)
        if time.monotonic() > until:
            away = next(device.classroom for device in devices if not device.online)
            raise BrokerError(f"{away}: the broker did not answer within {_CONNECT_SECONDS:.0f} s")
        stop.wait(0.02)
