"""What a running daemon is told from outside: by systemd, and by signals."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path

from edge.notify import Notifier


@dataclass(frozen=True)
class Service:
    """The daemon's surroundings."""

    config: Path
    """Where the settings come from, to be read again on SIGHUP."""
    notifier: Notifier
    watchdog_seconds: float | None = None
    """`WatchdogSec=` of the unit; None: nobody restarts a daemon that hangs."""
    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)

    def follow_signals(self) -> None:
        """SIGTERM and SIGINT stop, SIGHUP reloads. To be called on the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        signal.signal(signal.SIGHUP, lambda *_: self.reload.set())
