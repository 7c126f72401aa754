"""Writers of one process take turns."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.errors import StoreBusyError

_PATIENCE_SECONDS = 1.0
"""Whoever waits longer tries again, and meanwhile answers the broker or a browser."""


class Turns:
    """Those who want to write, in the order in which they came.

    SQLite has none: who waits there asks now and then, and finds it taken by whoever writes one batch after the other.
    Nor has `threading.Lock`, which the same thread may take again before another one has woken up.
    """

    def __init__(self, path: Path, patience: float = _PATIENCE_SECONDS) -> None:
        """path: of what is written; patience: how long one's turn is waited for, seconds."""
        self._path, self._patience = path, patience
        self._changed = threading.Condition()
        self._line: deque[object] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for it, and have it. Raises StoreBusyError."""
        mine = object()
        with self._changed:
            self._line.append(mine)
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._line[0] is mine, self._patience):
                    raise StoreBusyError(f"{self._path}: others are writing")
            yield
        finally:
            with self._changed:
                self._line.remove(mine)
                self._changed.notify_all()
