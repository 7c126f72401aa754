"""One of the two topics that observations leave on: what to send next, in order, and when to pause."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Collection

from edge.connection import Backoff
from edge.spool import Spool, Spooled

_log = logging.getLogger(__name__)

_READ_AHEAD = 500
_PROBE = 8
_PROBE_EVERY = 4
"""After a refusal one observation at a time is tried, which keeps the order when the broker changes its
mind; every fourth time so many, to tell one refused observation from a refused topic."""
_REVISIT_SECONDS = 600.0


class Lane:
    """The order of sending on one topic.

    A refused observation stays in the spool. When later ones were accepted it is passed over and
    tried again after ten minutes, so that it does not block the others; when none was, the whole
    topic is refused, and sending starts again at the first refused one after a pause.
    """

    def __init__(self, topic: str, spool: Spool, backoff: Backoff) -> None:
        """backoff: the pauses after refusals."""
        self.topic = topic
        self._spool = spool
        self._backoff = backoff
        self._reported: str | None = None
        self._erasures = spool.erasures
        self.restart()

    def restart(self) -> None:
        """A new connection: everything that is not acknowledged is to be sent again."""
        self._ahead: deque[Spooled] = deque()
        self._cursor = 0
        self._in_flight = 0
        self._refused: list[int] = []
        self._accepted_up_to = 0
        self._resume_at = 0.0
        self._revisit_at: float | None = None

    def next(self, after: int, up_to: int, in_flight: Collection[int]) -> Spooled | None:
        """The observation with after < sequence <= up_to to send now; None when there is none, or the lane pauses.

        in_flight: sequences that wait for their PUBACK, on either lane.
        """
        if self._refused and not self._resume():
            return None
        if self._in_flight >= self._window():
            return None
        if self._revisit_at is not None and time.monotonic() >= self._revisit_at:
            self._revisit_at = None
            self.rewind(0)
        if self._erasures != self._spool.erasures:
            self._erasures = self._spool.erasures
            if self._ahead:  # what was read ahead may be of a student who is forgotten now
                self.rewind(self._ahead[0].sequence - 1)
        while True:
            if not self._ahead:
                self._ahead.extend(self._spool.pending(max(self._cursor, after), _READ_AHEAD, up_to))
            if not self._ahead:
                return None
            row = self._ahead.popleft()
            self._cursor = row.sequence
            if row.sequence > after and row.sequence not in in_flight:
                return row

    def _window(self) -> float:
        if self._backoff.failures == 0:
            return math.inf
        return _PROBE if self._backoff.failures % _PROBE_EVERY == 0 else 1

    def rewind(self, sequence: int) -> None:
        """Look again at everything after sequence."""
        self._cursor = min(self._cursor, sequence)
        self._ahead.clear()

    def sent(self) -> None:
        self._in_flight += 1

    def accepted(self, sequence: int) -> None:
        self._in_flight -= 1
        self._accepted_up_to = max(self._accepted_up_to, sequence)
        if self._reported is not None and not self._refused:
            _log.info("the broker accepts %s again", self.topic)
            self._reported = None
        self._backoff.reset()

    def refused(self, sequence: int, reason: str) -> None:
        self._in_flight -= 1
        if not self._refused:
            self._resume_at = time.monotonic() + self._backoff.next()
        self._refused.append(sequence)
        if reason != self._reported:
            _log.error(
                "the broker refuses %s: %s; observations stay in the spool and are sent again later. "
                "Check the broker's access list", self.topic, reason,
            )  # fmt: skip
            self._reported = reason

    def _resume(self) -> bool:
        if self._in_flight or time.monotonic() < self._resume_at:
            return False
        blocked = [sequence for sequence in self._refused if sequence > self._accepted_up_to]
        if blocked:
            self.rewind(min(blocked) - 1)
        if len(blocked) < len(self._refused):
            self._revisit_at = time.monotonic() + _REVISIT_SECONDS
        self._refused.clear()
        return True
