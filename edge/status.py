"""How the daemon is doing, as `systemctl status` shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.notify import Notifier
from edge.publisher import State
from edge.wire import CameraState, Pause

_EVERY_SECONDS = 10.0
_PAUSES = {
    "clock": "paused: the clock is not synchronised",
    "authorisation": "paused: the authorisation has expired",
}
_CAMERA = {
    "opening": "opening the camera",
    "working": "observing",
    "failed": "the camera does not work; trying again",
    "closed": "the camera is closed",
}


@dataclass(frozen=True)
class Condition:
    """The states that a technician wants to hear of at once when they change."""

    camera: CameraState
    paused: Pause | None
    broker: State
    shed_level: int

    def text(self, frames_per_second: float, tracks: int, spool_depth: int) -> str:
        """One line."""
        state = _PAUSES[self.paused] if self.paused else _CAMERA[self.camera]
        parts = [state]
        if self.camera == "working" and not self.paused:
            parts.append(f"{frames_per_second:.1f} frames/s, {tracks} {'face' if tracks == 1 else 'faces'}")
        if self.shed_level:
            parts.append("less is looked at (heat or load)")
        parts.append(f"broker {self.broker}, {spool_depth} in the spool")
        return "; ".join(parts)


class StatusLine:
    """Tells systemd the condition when it changes, and every ten seconds the figures."""

    def __init__(self, notifier: Notifier, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._notifier = notifier
        self._monotonic = monotonic
        self._told: Condition | None = None
        self._told_at = monotonic()
        self._frames = 0

    def update(self, condition: Condition, frames: int, tracks: int, spool_depth: Callable[[], int]) -> None:
        """frames: processed since the start; tracks: faces in view; spool_depth: asked only when it is told."""
        now = self._monotonic()
        elapsed = now - self._told_at
        if condition == self._told and elapsed < _EVERY_SECONDS:
            return
        rate = (frames - self._frames) / elapsed if elapsed > 0 else 0.0
        self._told, self._told_at, self._frames = condition, now, frames
        self._notifier.status(condition.text(rate, tracks, spool_depth()))
