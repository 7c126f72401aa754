"""A camera that the kernel (V4L2) or the network (RTSP) offers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2

from edge.camera.view import View
from edge.errors import CameraError
from edge.records import Frame

if TYPE_CHECKING:
    from types import TracebackType

    from edge.config import CameraSettings

_NETWORK_TIMEOUT_MS = 5000
_MJPG = cv2.VideoWriter.fourcc(*"MJPG")


class DeviceCamera:
    """A V4L2 or RTSP camera; it may be entered again after it failed."""

    def __init__(
        self, settings: CameraSettings, *, opener: Callable[[CameraSettings], cv2.VideoCapture] | None = None
    ) -> None:
        """opener: how the camera is opened, for tests."""
        self._settings = settings
        self._name = without_password(settings.source)
        self._opener = opener or _open
        self._view = View(settings)
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
        """Frames until `stop` is set. Raises CameraError when the camera gives no more."""
        sequence = 0
        while not stop.is_set() and self._capture is not None:
            try:
                read, picture = self._capture.read()
                frame = self._view.frame(picture, sequence) if read else None
            except cv2.error as error:
                raise CameraError(f"{self._name}: no picture: {error.err or error}; {self._remedy()}") from error
            if frame is None:
                raise CameraError(f"{self._name}: gives no more pictures; {self._remedy()}")
            yield frame
            sequence += 1

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
