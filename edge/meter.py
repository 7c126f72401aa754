"""How fast the pipeline is."""

from __future__ import annotations

import time
from collections import deque


class Meter:
    """Frames a second and time per frame since the last reading."""

    def __init__(self) -> None:
        self._durations: deque[float] = deque(maxlen=4096)
        self._frames = 0
        self._since = time.monotonic()

    def add(self, duration: float) -> None:
        """A frame took so many seconds."""
        self._durations.append(duration)
        self._frames += 1

    def read(self, now: float) -> tuple[float, list[float]]:
        """(frames a second, seconds per frame), and begin again."""
        rate = self._frames / max(now - self._since, 1e-9)
        durations = list(self._durations)
        self._durations.clear()
        self._frames, self._since = 0, now
        return rate, durations
