"""The watchdog is fed only while every thread makes progress.

A camera call that never returns cannot be interrupted from within the process. It is said in the
journal, the feeding ends, and systemd (`WatchdogSec=`) restarts the service.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from edge.journal import THREAD_HANGS, THREAD_RECOVERED, event
from edge.notify import Notifier

logger = logging.getLogger(__name__)

_LOOKS_PER_PERIOD = 4
"""sd_watchdog_enabled(3) asks for at least two messages in a period."""
_DEFAULT_PERIOD = 20.0
"""Seconds; without systemd a thread that hangs is still said."""


class Heartbeat:
    """The progress of one thread."""

    def __init__(self, name: str, limit: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """limit: seconds that one step of it may take at most."""
        self.name, self.limit = name, limit
        self._monotonic = monotonic
        self._since: float | None = None

    def beat(self) -> None:
        """A step begins; the one before it, if any, is done."""
        self._since = self._monotonic()

    def rest(self) -> None:
        """There is nothing to do: this thread waits, as long as it takes, for another."""
        self._since = None

    def late(self, now: float) -> float | None:
        """Seconds that the step under way has lasted, when that is longer than the limit."""
        since = self._since
        return now - since if since is not None and now - since > self.limit else None


class Watchdog:
    """Looks at the heartbeats and feeds systemd's watchdog; a context manager that starts and stops its thread."""

    def __init__(
        self,
        notifier: Notifier,
        period: float | None,
        *,
        hangs: Callable[[str], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """period: seconds, `WatchdogSec=` of the unit; None: there is no watchdog. hangs: told a thread's name once."""
        self._notifier = notifier
        self._pause = (period or _DEFAULT_PERIOD) / _LOOKS_PER_PERIOD
        self._feeds = period is not None
        self._hangs = hangs
        self._monotonic = monotonic
        self._heartbeats: list[Heartbeat] = []
        self._hanging: set[str] = set()
        self._looked_at = monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def heartbeat(self, name: str, limit: float) -> Heartbeat:
        """The heartbeat of another thread, which counts from its first beat on. To be called before `with`."""
        heartbeat = Heartbeat(name, limit, self._monotonic)
        self._heartbeats.append(heartbeat)
        return heartbeat

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def look(self) -> bool:
        """Feed the watchdog if no thread hangs; says which ones began to, or no longer do. True if it was fed."""
        now = self._monotonic()
        asleep, self._looked_at = now - self._looked_at > 2 * self._pause, now
        if asleep:  # the whole process was stopped: give the threads a moment to make progress before judging them
            return False
        late = {heartbeat.name: heartbeat.late(now) for heartbeat in self._heartbeats}
        for name, seconds in late.items():
            if seconds is not None and name not in self._hanging:
                self._hanging.add(name)
                consequence = "; the watchdog is not fed any more, systemd will restart the service"
                logger.error(
                    "the thread %s has made no progress for %.0f s%s", name, seconds,
                    consequence if self._feeds else "; restart the service",
                    extra=event(THREAD_HANGS, thread=name),
                )  # fmt: skip
                self._hangs(name)
            elif seconds is None and name in self._hanging:
                self._hanging.discard(name)
                logger.warning("the thread %s goes on", name, extra=event(THREAD_RECOVERED, thread=name))
        if self._hanging:
            return False
        self._notifier.alive()
        return True

    def _run(self) -> None:
        self._looked_at = self._monotonic()
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._pause)
