"""Capture beside the pipeline: only the newest frame is kept, old ones are dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from edge.records import Frame

if TYPE_CHECKING:
    from types import TracebackType

    from edge.camera.source import Camera

logger = logging.getLogger(__name__)

_POLL = 0.1
"""Seconds between looks at `stop` while no frame comes; a new frame wakes the consumer at once."""
_PATIENCE = 2.0
"""Seconds that closing waits for a capture that does not return."""


class NewestFrame:
    """A camera whose frames are always the latest: a thread takes them, whoever is late misses some.

    The thread that takes the frames also closes the source: closing a device during a read can crash the driver.
    """

    def __init__(self, source: Camera) -> None:
        self._source = source
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._dropped = 0
        self._ended = False
        self._error: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._capture, name="capture", daemon=True)

    @property
    def dropped(self) -> int:
        """Frames that were replaced by a newer one before anybody took them."""
        with self._changed:
            return self._dropped

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.ident is None:  # never started: nobody asked for frames
            self._source.__exit__(None, None, None)
            return
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            logger.warning("the camera does not answer; left to itself")

    @property
    def ended(self) -> bool:
        """Whether the source has ended and its last frame was taken."""
        with self._changed:
            return self._ended and self._frame is None

    def take(self, seconds: float) -> Frame | None:
        """The newest frame, each at most once; None when none comes within `seconds`. Raises what ended the source."""
        if self._thread.ident is None:
            self._thread.start()
        with self._changed:
            if self._frame is None and not self._ended:
                self._changed.wait(seconds)
            frame, self._frame = self._frame, None
            if frame is None and self._error is not None:
                raise self._error
        return frame

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """The newest frame, each at most once, until the source ends or `stop` is set. To be called once.

        The last frame of a source that ends is delivered. Raises what ended the source.
        """
        while not stop.is_set():
            frame = self.take(_POLL)
            if frame is not None:
                yield frame
            elif self.ended:
                return

    def _capture(self) -> None:
        error: Exception | None = None
        try:
            with ExitStack() as opened:
                opened.push(self._source)  # entered by __enter__, where its errors belong
                for frame in self._source.frames(self._stop):
                    with self._changed:
                        self._dropped += self._frame is not None
                        self._frame = frame
                        self._changed.notify()
        except Exception as failure:  # whatever it is, it belongs to the thread that asked for frames
            error = failure
        finally:
            with self._changed:
                self._error, self._ended = error, True
                self._changed.notify()
