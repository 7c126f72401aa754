"""A video file as a camera."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2

from edge.camera.view import View
from edge.errors import CameraError
from edge.records import Frame

if TYPE_CHECKING:
    from types import TracebackType

    from cv2.typing import MatLike

    from edge.config import CameraSettings

logger = logging.getLogger(__name__)

_PLAUSIBLE_RATES = (0.1, 1000.0)
"""Frames a second; containers without a rate report 0, nan or a time base such as 90000."""
_WHOLE = 0.9
"""Share of the announced frames below which a clip is called cut short; the announced number is an estimate."""


class Clip:
    """The frames of a video file, at the clip's own pace."""

    def __init__(self, settings: CameraSettings, *, realtime: bool = True) -> None:
        """
        settings: their frames_per_second is used only where the file does not say its own rate.
        realtime: False gives every frame at once, `monotonic` advancing by the clip's own time stamps.
        """
        self._path = Path(settings.source)
        self._fallback_rate = settings.frames_per_second
        self._loop = settings.loop
        self._view = View(settings)
        self._realtime = realtime
        self._capture: cv2.VideoCapture | None = None

    def __enter__(self) -> Self:
        self._capture = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until the clip ends (never, with loop) or `stop` is set."""
        started = time.monotonic()
        for sequence, (position, picture) in enumerate(self._timeline()):
            due = started + position
            if stop.is_set() or (self._realtime and stop.wait(due - time.monotonic())):
                return
            yield self._view.frame(picture, sequence, None if self._realtime else due)

    def _timeline(self) -> Iterator[tuple[float, MatLike]]:
        """Each picture with its seconds since the beginning, which go on rising when the clip starts again."""
        beginning = 0.0
        while True:
            if self._capture is None:  # a second pass, or a second call
                self._capture = self._open()
            capture, step = self._capture, 1.0 / self._rate(self._capture)
            position, count = beginning, 0
            while True:
                read, picture = capture.read()
                if not read:
                    break
                if count:
                    # Not every container has time stamps: where they do not advance, the rate does.
                    shown = beginning + capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                    position = shown if shown > position else position + step
                count += 1
                yield position, picture
            announced = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            capture.release()
            self._capture = None
            if not count:
                raise CameraError(f"{self._path}: holds no picture that can be decoded; convert it to H.264 in MP4")
            if not beginning and count < _WHOLE * announced:
                logger.warning("%s: ended after %d of %d frames; the file may be damaged", self._path, count, announced)
            if not self._loop:
                return
            beginning = position + step

    def _open(self) -> cv2.VideoCapture:
        # FFmpeg by name: left to choose, OpenCV takes "frame_01.jpg" for a numbered series of pictures.
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                f"{self._path}: cannot be read as a clip; check that the file is whole, or convert it to H.264 in MP4"
            )
        return capture

    def _rate(self, capture: cv2.VideoCapture) -> float:
        rate = capture.get(cv2.CAP_PROP_FPS)
        lowest, highest = _PLAUSIBLE_RATES
        return rate if lowest <= rate <= highest else self._fallback_rate
