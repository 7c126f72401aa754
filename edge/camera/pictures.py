"""A folder of pictures as a camera."""

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

    from edge.config import CameraSettings

logger = logging.getLogger(__name__)

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class Pictures:
    """The pictures of one folder in the order of their names, each in its own size."""

    def __init__(self, settings: CameraSettings, *, realtime: bool = True) -> None:
        """realtime: False gives every picture at once, `monotonic` advancing by the frame rate."""
        self._folder = Path(settings.source)
        self._step = 1.0 / settings.frames_per_second
        self._loop = settings.loop
        self._view = View(settings)
        self._realtime = realtime
        self._paths: list[Path] = []
        self._unreadable: set[Path] = set()

    @property
    def unreadable(self) -> int:
        """Pictures skipped so far because they cannot be decoded."""
        return len(self._unreadable)

    def __enter__(self) -> Self:
        try:
            entries = sorted(self._folder.iterdir())
        except OSError as error:
            raise CameraError(f"{self._folder}: cannot be listed ({error.strerror}); check its permissions") from error
        # A hidden "._x.jpg" is what macOS leaves beside x.jpg: no picture.
        self._paths = [path for path in entries if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
        if not self._paths:
            raise CameraError(f"{self._folder}: holds no pictures ({', '.join(sorted(SUFFIXES))}); name another folder")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._paths = []

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until the last picture (for ever, with loop) or until `stop` is set.

        Raises CameraError when not one picture can be decoded.
        """
        started, sequence = time.monotonic(), 0
        while True:
            for path in self._paths:
                # Decoded before the wait, so that the time this takes does not delay the frame.
                picture = None if path in self._unreadable else cv2.imread(str(path), cv2.IMREAD_COLOR)
                if picture is None:
                    self._skip(path)
                    continue
                due = started + sequence * self._step
                if stop.is_set() or (self._realtime and stop.wait(due - time.monotonic())):
                    return
                yield self._view.frame(picture, sequence, None if self._realtime else due)
                sequence += 1
            if len(self._unreadable) == len(self._paths):
                raise CameraError(f"{self._folder}: none of its {len(self._paths)} pictures can be decoded")
            if not self._loop:
                return

    def _skip(self, path: Path) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            logger.warning("%s: cannot be decoded, skipped", path)
