"""What the watchdog's victims leave behind: when a thread hung, for the next run to tell of."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_KEPT = 50
_PERIOD = timedelta(days=1)


class Hangs:
    """A small file beside the spool: a line with time and thread for each hang."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hangs"

    def add(self, thread: str) -> None:
        """Note that a thread hangs now. What cannot be written is left out: the journal has it."""
        lines = [*self._lines(), f"{datetime.now(UTC).isoformat(timespec='seconds')} {thread}"]
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("\n".join(lines[-_KEPT:]) + "\n")
        except OSError:
            return

    def last_day(self) -> list[str]:
        """The threads that hung within the last 24 hours, the newest last."""
        since = datetime.now(UTC) - _PERIOD
        recent = []
        for line in self._lines():
            moment, _, thread = line.partition(" ")
            try:
                if datetime.fromisoformat(moment) >= since:
                    recent.append(thread)
            except (ValueError, TypeError):  # TypeError: a time without zone; not ours
                continue
        return recent

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
