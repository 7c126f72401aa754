"""A Raspberry Pi camera, by picamera2."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from edge.camera.source import stamped
from edge.errors import CameraError
from edge.records import Frame

if TYPE_CHECKING:
    from types import TracebackType

    from edge.config import CameraSettings


class PiCamera:
    """The first camera that libcamera finds."""

    def __init__(self, settings: CameraSettings, *, library: Any = None) -> None:
        """
        library: the class `picamera2.Picamera2`, or a fake with its interface.

        Raises CameraError when picamera2 is not installed.
        """
        self._settings = settings
        self._library = library or _installed()
        self._camera: Any = None

    def __enter__(self) -> Self:
        if not self._library.global_camera_info():
            raise CameraError(
                "picamera2: no camera found; check the ribbon cable at both ends, then `rpicam-hello --list-cameras`"
            )
        size = (self._settings.width, self._settings.height)
        try:
            self._camera = self._library()
            # picamera2 names its formats by libcamera's convention: "BGR888" is R, G, B in memory.
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": size, "format": "BGR888"}, controls={"FrameRate": self._settings.frames_per_second}
                )
            )
            self._camera.start()
        except (RuntimeError, OSError, ValueError, IndexError) as error:
            self._close()
            raise CameraError(
                f"picamera2: the camera does not start: {error}; check that no other program uses it "
                f"and that it offers {size[0]}x{size[1]}"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set. Raises CameraError when picamera2 fails."""
        sequence = 0
        while not stop.is_set():
            try:
                image = self._camera.capture_array("main")
            except (RuntimeError, OSError) as error:
                raise CameraError(f"picamera2: no frame: {error}; check the ribbon cable and the journal") from error
            yield stamped(np.ascontiguousarray(image, dtype=np.uint8), sequence)
            sequence += 1

    def _close(self) -> None:
        if self._camera is not None:
            self._camera.stop()
            self._camera.close()
            self._camera = None


def _installed() -> Any:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraError(
            f"picamera2 cannot be imported ({error}); install it with `sudo apt install python3-picamera2` "
            "and use a virtual environment made with --system-site-packages"
        ) from error
    return Picamera2
