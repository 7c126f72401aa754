"""What is old enough is deleted, a little at a time, when nothing else is to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from central.errors import StoreBusyError
from central.store.expiry import Expiry
from central.store.kinds import KeptKind
from central.store.store import Store

_log = logging.getLogger(__name__)

_AT_ONCE = 2000
"""Rows of one transaction: it must not keep observations waiting."""
_EVERY_SECONDS = 600.0
_OVERDUE = timedelta(days=1)
"""Rows fall due one after the other, and go within minutes: that the newest is overdue for so long is no such thing."""
_PATIENCE_SECONDS = 7 * 86_400.0
"""So long must the service have run, restarts between: by its own clock, since the date is what is doubted. A school
that ended, or a central that was off for the holidays, keeps nothing for longer."""
_NAMES: dict[KeptKind, str] = {
    "observation": "observation",
    "minute": "count by the minute",
    "hour": "count by the hour",
    "day": "count by the day",
}


class Retention:
    """Deletes what is older than it is kept; not everything at once because the clock has jumped."""

    def __init__(
        self, store: Store, keep: Mapping[KeptKind, timedelta], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """keep: for how long, each for itself; monotonic: the clock for the waits, which must not jump."""
        self._monotonic = monotonic
        expiry = Expiry(store)
        self._parts = [_Part(expiry, kind, length, monotonic) for kind, length in keep.items()]

    def step(self, now: datetime) -> None:
        """Delete some of what is due; a store that cannot be used now is tried again later."""
        part = min(self._parts, key=lambda part: part.next_at)
        if self._monotonic() >= part.next_at:
            part.step(now)


class _Part:
    """Observations, or one of the roll-ups."""

    def __init__(self, expiry: Expiry, kind: KeptKind, keep: timedelta, monotonic: Callable[[], float]) -> None:
        self._expiry, self._kind, self._keep, self._monotonic = expiry, kind, keep, monotonic
        self.next_at = monotonic()
        self._doubted_at: float | None = None
        """Up to when the doubt is noted in the store."""
        self._trusted = False

    def step(self, now: datetime) -> None:
        try:
            doubtful = self._doubtful(now)
            deleted = 0 if doubtful else self._expiry.delete_before(self._kind, now - self._keep, _AT_ONCE)
        except StoreBusyError as error:
            _log.debug("what is old stays for now: %s", error)
            deleted = 0
        # A moment later, so that the others have their turn.
        self.next_at = self._monotonic() + (_EVERY_SECONDS if deleted < _AT_ONCE else 0.0)

    def _doubtful(self, now: datetime) -> bool:
        """Whether everything would go, and has not been due for long enough by a clock that does not jump."""
        newest = self._expiry.newest(self._kind)
        if newest is None or newest >= now - self._keep - _OVERDUE:
            self._trust()
            return False
        moment = self._monotonic()
        since = self._doubted_at
        waited = self._expiry.doubt(self._kind, newest, 0.0 if since is None else moment - since)
        self._doubted_at, self._trusted = moment, False
        left = _PATIENCE_SECONDS - waited
        if left > 0 and since is None:
            _log.error(
                "today is %s by this machine's clock, and the newest %s of %s: all of them would be deleted. "
                "Is the date right? They stay until a newer one comes, or this service has run for %.1f days more",
                f"{now:%Y-%m-%d}", _NAMES[self._kind], f"{newest:%Y-%m-%d}", left / 86_400,
            )  # fmt: skip
        return left > 0

    def _trust(self) -> None:
        if not self._trusted:
            self._expiry.trust(self._kind)
            self._doubted_at, self._trusted = None, True
