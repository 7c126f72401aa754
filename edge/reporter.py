"""Readings to observations: one label per student and interval, or none when it is not clear."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from edge.config import ReportSettings
from edge.records import LABELS, Emotion, Frame, Observation

RUN_GAP = 2.5
"""Seconds between two readings above which a run of `tired` is broken: nobody knows what was between."""


@dataclass
class _Readings:
    """One student's readings since the last report. Times are monotonic seconds."""

    emotions: list[Emotion] = field(default_factory=list)
    last_at: float = 0.0
    last_seen: datetime | None = None
    tired_since: float | None = None
    tired_count: int = 0
    sustained: bool = False


class Reporter:
    """Collects readings and closes an interval at a time."""

    def __init__(self, settings: ReportSettings) -> None:
        self._settings = settings
        self._students: dict[str, _Readings] = {}
        self._closes_at: float | None = None

    def use_settings(self, settings: ReportSettings) -> None:
        """Report by other settings; the interval under way ends when it would have."""
        self._settings = settings

    def add(self, student_id: str, emotion: Emotion, frame: Frame) -> None:
        """Count one reading of a student's face in frame."""
        readings = self._students.setdefault(student_id, _Readings())
        now = frame.monotonic
        if emotion.label != "tired" or emotion.confidence < self._settings.confidence:
            readings.tired_since, readings.tired_count = None, 0
        elif readings.tired_since is None or now - readings.last_at > RUN_GAP:
            readings.tired_since, readings.tired_count = now, 1
        else:
            readings.tired_count += 1
            readings.sustained |= (
                now - readings.tired_since >= self._settings.tired_seconds
                and readings.tired_count >= self._settings.minimum_readings
            )
        readings.emotions.append(emotion)
        readings.last_at, readings.last_seen = now, frame.captured_at

    def keep(self, student_ids: Collection[str]) -> None:
        """Forget the readings of everybody else at once: they were erased, or their consent has ended."""
        self._students = {student: readings for student, readings in self._students.items() if student in student_ids}

    def due(self, now: float) -> list[Observation]:
        """The observations of the interval that ended by now (monotonic seconds); [] while it lasts."""
        if self._closes_at is None:
            self._closes_at = now + self._settings.interval_seconds
        if now < self._closes_at:
            return []
        # From now on, not from when it should have closed: after a pause there is one report, not a burst.
        self._closes_at = now + self._settings.interval_seconds
        return self.close(now)

    def close(self, now: float) -> list[Observation]:
        """End the interval at once and say what it holds."""
        observations = []
        for student_id, readings in list(self._students.items()):
            label = self._label(readings)
            if label in self._settings.labels and readings.last_seen is not None:
                observations.append(Observation(student_id, label, readings.last_seen))
            if now - readings.last_at > RUN_GAP:
                del self._students[student_id]  # gone; a run of tired does not outlive the absence
            else:
                readings.emotions.clear()
                readings.sustained = False
        return observations

    def _label(self, readings: _Readings) -> str | None:
        """A sustained `tired` wins; else the mean of the probabilities; None when unsure."""
        if readings.sustained:
            return "tired"
        if len(readings.emotions) < self._settings.minimum_readings:
            return None
        mean = np.mean([emotion.probabilities for emotion in readings.emotions], axis=0)
        best = int(mean.argmax())
        return LABELS[best] if mean[best] >= self._settings.confidence else None
