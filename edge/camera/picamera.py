"""A Raspberry Pi camera, by picamera2.

Two streams come from the camera's own scaler: "main", the full picture in RGB, and, where faces are looked for in
fewer pixels, "lores" in YUV 4:2:0, the one format that every Pi offers for it.

picamera2 documents no exceptions; its code raises RuntimeError and TimeoutError, and after a camera has gone also
whatever its own state then leads to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np

from edge.camera.view import View
from edge.camera_values import WHITE_BALANCES
from edge.errors import CameraError

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    from edge.config import CameraSettings
    from edge.records import Frame

logger = logging.getLogger(__name__)

_FRAME_SECONDS = 5.0
"""A camera that gives no frame in this time has failed: the longest exposure is one second."""
_PLAUSIBLE_AGE = 5.0
"""Seconds; a time stamp further off is of another clock than `time.monotonic()`."""
_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, CancelledError, LookupError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What picamera2 and libcamera's binding raise; CancelledError is a job that `cancel_all_and_flush` ended."""


class PiCamera:
    """The first camera that libcamera finds; it may be entered again after it failed."""

    def __init__(self, settings: CameraSettings, *, library: Any = None, frame_seconds: float = _FRAME_SECONDS) -> None:
        """
        library: the class `picamera2.Picamera2`, or a fake with its interface.
        frame_seconds: after so many without a frame the camera has failed.

        Raises CameraError when picamera2 is not installed.
        """
        self._settings = settings
        self._library = library or _installed()
        self._frame_seconds = frame_seconds
        self._camera: Any = None
        self._view = View(settings)
        self._main_size = self._small_size = (0, 0)

    def __enter__(self) -> Self:
        try:
            if not self._library.global_camera_info():
                raise CameraError(
                    "picamera2: no camera found; check the ribbon cable at both ends, "
                    "then `rpicam-hello --list-cameras`"
                )
            self._camera = self._library()
            self._configure()
            self._camera.start()
        except _FAILURES as error:
            self._close()
            raise CameraError(
                f"picamera2: the camera does not start: {_said(error)}; check that no other program uses it "
                f"and that it offers {self._settings.width}x{self._settings.height}"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set. Raises CameraError when the camera gives no more."""
        sequence = 0
        while not stop.is_set():
            try:
                frame = self._frame(sequence)
            except _FAILURES as error:
                raise CameraError(
                    f"picamera2: no frame: {_said(error)}; check the ribbon cable, the power supply and the journal"
                ) from error
            yield frame
            sequence += 1

    def _configure(self) -> None:
        settings = self._settings
        # picamera2 names its formats by libcamera's convention: "BGR888" is R, G, B in memory.
        streams: dict[str, Any] = {"main": {"size": (settings.width, settings.height), "format": "BGR888"}}
        if 0 < settings.detection_width < settings.width:
            height = round(settings.height * settings.detection_width / settings.width)
            streams["lores"] = {"size": (settings.detection_width, height), "format": "YUV420"}
        configuration = self._camera.create_video_configuration(**streams, controls=_controls(settings))
        upright = configuration["transform"]
        if settings.rotation == 180:
            # Its class, so that libcamera need not be imported here; a new one, since picamera2 shares its default.
            configuration["transform"] = type(upright)(hflip=True, vflip=True)
        self._camera.configure(configuration)
        # libcamera may have changed what it was asked for.
        turned = settings.rotation == 180 and _is_turned(self._camera.camera_configuration()["transform"])
        if settings.rotation == 180 and not turned:  # nor half of it
            configuration["transform"] = upright
            self._camera.configure(configuration)
        self._view = View(settings, rotation=0 if turned else None)
        used = self._camera.camera_configuration()
        for name, stream in streams.items():
            if used[name]["format"] != stream["format"]:
                raise RuntimeError(f"it gives {used[name]['format']} in place of {stream['format']}")
        size, asked = used["main"]["size"], streams["main"]["size"]
        if size not in (asked, self._main_size):
            logger.warning("picamera2: frames are %dx%d, not %dx%d as camera.width and height say", *size, *asked)
        self._main_size = size
        self._small_size = used["lores"]["size"] if "lores" in streams else (0, 0)

    def _frame(self, sequence: int) -> Frame:
        request = self._camera.capture_request(wait=self._frame_seconds)
        # The camera has six buffers: one that is not given back is lost to it, and without any it stands still.
        try:
            main = request.make_array("main")  # a copy: the buffer may be given back
            planes = request.make_array("lores") if self._small_size[0] else None
            taken = _taken_at(request)
        finally:
            request.release()
        width, height = self._main_size
        if main.shape != (height, width, 3):
            raise RuntimeError(f"a frame of shape {main.shape} in place of {(height, width, 3)}")
        small = None if planes is None else _rgb(planes, self._small_size)
        return self._view.frame_of_streams(main, small, sequence, taken)

    def _close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is None:
            return
        # A capture that timed out is still queued, and would take a buffer that nobody gives back. No `stop`: it asks
        # picamera2's event loop, for ever if that has died; `close` ends the loop first and stops the camera itself.
        for step in ("cancel_all_and_flush", "close"):
            try:
                getattr(camera, step)()
            except _FAILURES as error:  # of a camera that failed before; what remains of it is tried all the same
                logger.debug("picamera2: %s: %s", step, _said(error))


def _is_turned(transform: Any) -> bool:
    return bool(transform.hflip and transform.vflip)


def _controls(settings: CameraSettings) -> dict[str, Any]:
    """libcamera's controls that the settings ask for; what is "auto" is left to it."""
    controls: dict[str, Any] = {"FrameRate": settings.frames_per_second}
    if settings.exposure != "auto":
        controls["ExposureTime"] = settings.exposure
    if settings.gain != "auto":
        controls["AnalogueGain"] = settings.gain
    if isinstance(settings.white_balance, tuple):
        controls |= {"AwbEnable": False, "ColourGains": settings.white_balance}
    elif settings.white_balance != "auto":
        controls["AwbMode"] = WHITE_BALANCES.index(settings.white_balance)
    return controls


def _taken_at(request: Any) -> float | None:
    """When the exposure began, on the clock of `time.monotonic()`; None where that cannot be told."""
    try:
        taken = float(request.get_metadata()["SensorTimestamp"]) / 1e9
    except _FAILURES:  # the picture is good all the same
        return None
    return taken if 0 <= time.monotonic() - taken < _PLAUSIBLE_AGE else None


def _rgb(planes: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """(h, w, 3) RGB of YUV 4:2:0 as picamera2 gives it: (h * 3 / 2, stride), rows padded on the right."""
    width, height = size
    if planes.ndim != 2 or planes.shape[0] * 2 != height * 3 or planes.shape[1] < width or planes.shape[1] % 2:
        raise RuntimeError(f"a reduced frame of shape {planes.shape} in place of {(height * 3 // 2, width)}")
    return cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420)[:, :width].astype(np.uint8, copy=False)


def _said(error: BaseException) -> str:
    return str(error) or ("it does not answer" if isinstance(error, TimeoutError) else type(error).__name__)


def _installed() -> Any:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraError(
            f"picamera2 cannot be imported ({error}); install it with `sudo apt install python3-picamera2` "
            "and use a virtual environment made with --system-site-packages"
        ) from error
    return Picamera2
