"""What every camera is, and how its frames are stamped."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, Self

from edge.records import Frame, Reduced

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray


class Camera(Protocol):
    """A source of frames; open between `__enter__` and `__exit__`."""

    def __enter__(self) -> Self:
        """Open it. Raises CameraError when it cannot be opened."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until the source ends or `stop` is set. Raises CameraError when the source fails for good."""
        ...


def utc_of(monotonic: float) -> datetime:
    """UTC of a moment on `time.monotonic()`, as the system clock says now.

    The only place where a capture gets its wall-clock time, so that frames taken before the clock was
    synchronised can be corrected in one place.
    """
    return datetime.now(UTC) + timedelta(seconds=monotonic - time.monotonic())


def stamped(
    image: NDArray[np.uint8], sequence: int, monotonic: float | None = None, reduced: Reduced | None = None
) -> Frame:
    """A frame taken at `monotonic` (default: now). image: (H, W, 3) uint8 RGB."""
    moment = time.monotonic() if monotonic is None else monotonic
    return Frame(image, utc_of(moment), moment, sequence, reduced)
