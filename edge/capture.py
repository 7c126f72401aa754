"""A camera that is watched, closed while nobody may be observed, and opened again for as long as it takes.

Everything that may block (opening, a frame, closing) happens on the thread that takes the frames, so that a driver
that never returns stops that thread only, and the watchdog can tell.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from edge.camera.source import Camera
from edge.connection import Backoff
from edge.errors import CameraError
from edge.journal import CAMERA_FAILED, CAMERA_WORKS, event
from edge.records import Frame
from edge.watchdog import Heartbeat
from edge.wire import CameraState

logger = logging.getLogger(__name__)

_STABLE_SECONDS = 30.0
"""A camera that fails sooner after it was opened does not reset the backoff."""
_SLICE = 1.0
"""Seconds between heartbeats while it waits."""


class WatchedCamera:
    """Frames of a camera that may be missing, fail and come back, or of a clip that ends.

    While `paused` is set the camera is closed: nobody is looked at who must not be.
    """

    def __init__(
        self,
        camera: Camera,
        heartbeat: Heartbeat,
        paused: threading.Event,
        *,
        lasting: bool,
        backoff: Backoff | None = None,
    ) -> None:
        """lasting: False for a clip or a folder, whose end is the end and whose mistakes no waiting mends.

        backoff: the waits between attempts to open it; 1 s to 30 s by default.
        """
        self._camera = camera
        self._heartbeat = heartbeat
        self._paused = paused
        self._lasting = lasting
        self._backoff = backoff or Backoff(1.0, 30.0)
        self._reported: str | None = None
        self.state: CameraState = "opening"
        self.failures = 0
        """How often it could not be opened, or failed."""

    def __enter__(self) -> Self:
        return self  # opened by `frames`, on the thread that calls it

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.state = "closed"
        self._heartbeat.rest()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set, or a clip ends. Raises CameraError only for a source that does not last."""
        while not stop.is_set():
            if self._paused.is_set():
                self.state = "closed"
                self._wait(stop, _SLICE)
                continue
            began = time.monotonic()
            try:
                yield from self._opened(stop)
                if not self._lasting and not self._paused.is_set():
                    return
            except CameraError as error:
                if not self._lasting:
                    raise
                if stop.is_set():  # cut off in the middle of a frame
                    return
                self._fail(str(error))
                if time.monotonic() - began > _STABLE_SECONDS:
                    self._backoff.reset()
                self._wait(stop, self._backoff.next())

    def _opened(self, stop: threading.Event) -> Iterator[Frame]:
        self._heartbeat.beat()
        with self._camera as camera:
            for frame in camera.frames(stop):
                self._heartbeat.beat()
                if self._paused.is_set():
                    return
                if self.state != "working":
                    self._works()
                yield frame
                self._heartbeat.beat()
        if self._lasting and not stop.is_set():
            raise CameraError("the camera gives no more frames; check its cable and its power")

    def _works(self) -> None:
        self.state = "working"
        again = " again" if self._reported else ""
        self._reported = None
        logger.info("the camera works%s", again, extra=event(CAMERA_WORKS))

    def _fail(self, reason: str) -> None:
        self.state = "failed"
        self.failures += 1
        if reason != self._reported:
            self._reported = reason
            logger.error("%s (trying again)", reason, extra=event(CAMERA_FAILED, reason=reason))

    def _wait(self, stop: threading.Event, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            self._heartbeat.beat()
            stop.wait(min(left, _SLICE))
