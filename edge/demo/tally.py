"""What a subscriber has learned so far, and whether it is what it should have learned."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edge import wire
from edge.demo.subscriber import Arrival


@dataclass
class Row:
    """The observations of one student."""

    label: str
    """The newest."""
    observed_at: datetime | None
    """Of the newest; aware."""
    labels: Counter[str] = field(default_factory=Counter)


class Tally:
    """Observations by student, the classroom's status and its last health message."""

    def __init__(self, enrolled: tuple[str, ...]) -> None:
        """enrolled: the student IDs that have to be reported; no others may be."""
        self.enrolled = enrolled
        self.rows: dict[str, Row] = {}
        self.online: bool | None = None
        """None before the first status message."""
        self.health: dict[str, Any] = {}
        self.first_observation: float | None = None
        """When it came, on `time.monotonic()`."""
        self._foreign: list[str] = []

    def add(self, arrival: Arrival) -> wire.ObservationMessage | None:
        """Take a message in. Returns the observation, if it is one."""
        try:
            _, kind = wire.parse_topic(arrival.topic)
            if kind == "status":
                self.online = wire.decode_status(arrival.payload)
                return None
            if kind == "health":
                self.health = wire.decode_health(arrival.payload)
                return None
            observation = wire.decode_observation(arrival.topic, arrival.payload, arrival.user_properties)
        except wire.WireError as error:
            self._foreign.append(str(error))
            return None
        if arrival.retained:
            self._foreign.append("an observation was retained, which keeps yesterday's label for whoever comes")
            return None
        if self.first_observation is None:
            self.first_observation = arrival.monotonic
        row = self.rows.setdefault(observation.student_id, Row(observation.emotion, observation.observed_at))
        row.label, row.observed_at = observation.emotion, observation.observed_at
        row.labels[observation.emotion] += 1
        return observation

    def complaints(self) -> list[str]:
        """What is not as it should be, once the daemon has ended; empty if all is well."""
        found = [f"{student} was never reported" for student in self.enrolled if student not in self.rows]
        found += [
            f"{student} was reported, but nobody of that ID is enrolled"
            for student in sorted(self.rows)
            if student not in self.enrolled
        ]
        found += [f"a message that should not be there: {reason}" for reason in self._foreign]
        if self.online is None:
            found.append("the daemon never came online")
        elif self.online:
            found.append("the daemon ended without saying offline")
        return found
