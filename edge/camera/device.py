"""A camera that the kernel (V4L2) or the network (RTSP) offers."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2

from edge.camera.source import rgb, stamped
from edge.errors import CameraError
from edge.records import Frame

if TYPE_CHECKING:
    from types import TracebackType

    from edge.config import CameraSettings

logger = logging.getLogger(__name__)

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 30.0
"""Seconds between attempts to open a camera that was lost; doubled each time."""
_NETWORK_TIMEOUT_MS = 5000
_MJPG = cv2.VideoWriter.fourcc(*"MJPG")


class DeviceCamera:
    """A V4L2 or RTSP camera; once it has worked, it is reopened for as long as it takes."""

    def __init__(
        self,
        settings: CameraSettings,
        *,
        opener: Callable[[CameraSettings], cv2.VideoCapture] | None = None,
        first_delay: float = _FIRST_DELAY,
    ) -> None:
        """
        opener: how the camera is opened, for tests.
        first_delay: seconds before the first attempt to reopen.
        """
        self._settings = settings
        self._name = without_password(settings.source)
        self._opener = opener or _open
        self._first_delay = first_delay
        self._capture: cv2.VideoCapture | None = None

    def __enter__(self) -> Self:
        self._capture = self._opener(self._settings)
        if not self._capture.isOpened():
            self._release()
            raise CameraError(f"{self._name}: no camera could be opened there; {self._remedy()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set. A camera that stops giving frames is reopened."""
        sequence = 0
        while not stop.is_set():
            read, picture = self._capture.read() if self._capture is not None else (False, None)
            if read and picture is not None:
                yield stamped(rgb(picture), sequence)
                sequence += 1
            elif not stop.is_set():
                self._reopen(stop)

    def _reopen(self, stop: threading.Event) -> None:
        logger.warning("camera %s lost; trying to reopen it", self._name)
        delay = self._first_delay
        while True:
            self._release()
            if stop.wait(delay):
                return
            self._capture = self._opener(self._settings)
            # A network camera may accept the connection long before it shows a picture again.
            if self._capture.isOpened() and self._capture.grab():
                logger.info("camera %s restored", self._name)
                return
            delay = min(2 * delay, _LONGEST_DELAY)

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _remedy(self) -> str:
        if not self._settings.source.startswith("/dev/"):
            return "check address, user name and password, and that the camera can be reached"
        if Path(self._settings.source).exists():
            return "check that no other program uses it and that this user is in the group video"
        found = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "none"
        return f"check the cable and camera.source; cameras here: {found}"


def without_password(source: str) -> str:
    """The source as it may be shown: user name and password of a URL left out."""
    return re.sub(r"(?<=://)[^/]*@", "", source)


def _open(settings: CameraSettings) -> cv2.VideoCapture:
    if not settings.source.startswith("/dev/"):
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _NETWORK_TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, _NETWORK_TIMEOUT_MS,
        ]  # fmt: skip
        return cv2.VideoCapture(settings.source, cv2.CAP_FFMPEG, timeouts)
    capture = cv2.VideoCapture(settings.source, cv2.CAP_V4L2)
    # USB 2 carries 1280x720 uncompressed at about ten frames a second only. A camera without MJPG ignores this.
    capture.set(cv2.CAP_PROP_FOURCC, _MJPG)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    capture.set(cv2.CAP_PROP_FPS, settings.frames_per_second)
    return capture
