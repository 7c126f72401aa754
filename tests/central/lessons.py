"""What classrooms send, stored and fed to the live picture as `serve` does it; and profiles of those in them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from central.api.services import Services
from central.arrivals import Arrival, Health, Seen, Status
from central.store.student_changes import create
from central.store.students import Profile
from tests.central.web_clients import Dashboard


class Lessons:
    """The classrooms of a school. Times are the dashboard's own, unless said otherwise."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._sequences: Counter[str] = Counter()

    @property
    def _services(self) -> Services:
        return self._dashboard.services

    def enrol(self, student_id: str, group: str | None = None, *, name: str | None = None, **fields: Any) -> None:
        """A profile. name: default is made of the ID."""
        profile = Profile(
            student_id=student_id, display_name=name or f"Name of {student_id}", consent_reference="form 1",
            group=group, **fields,
        )  # fmt: skip
        with self._services.store.writing() as connection:
            student = create(connection, profile, self._dashboard.now)
        self._services.live.put_profile(student_id, student.display_name, student.group)

    def observe(
        self,
        student_id: str,
        label: str = "happy",
        *,
        classroom: str = "room-101",
        ago: timedelta = timedelta(),
        late: bool = False,
    ) -> None:
        """An observation, made so long ago."""
        self._sequences[classroom] += 1
        self._take(Seen(
            classroom, UUID(int=1), self._sequences[classroom], student_id, label, self._dashboard.now - ago, late
        ))  # fmt: skip

    def status(self, classroom: str, online: bool) -> None:
        """The classroom's device came or went."""
        self._take(Status(classroom, online))

    def health(self, classroom: str, **figures: Any) -> None:
        """What it says of itself."""
        self._take(Health(classroom, figures))

    def lose(self, classroom: str, count: int) -> None:
        """So many observations never come; which shows with the next one."""
        self._sequences[classroom] += count

    def _take(self, arrival: Arrival) -> None:
        live, now = self._services.live, self._dashboard.now
        with live.feeding:
            saved = self._services.store.save([arrival], now)
            live.feed(saved.stored, [arrival] if isinstance(arrival, Status) else [])


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def moment(text: str) -> datetime:
    """Of a JSON answer."""
    return datetime.fromisoformat(text)
