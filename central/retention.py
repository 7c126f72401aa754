"""Observations that are old enough are deleted, a few at a time, when nothing else is to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from central.errors import StoreBusyError
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


class Retention:
    """Deletes what is older than `keep`; not everything at once because the clock has jumped."""

    def __init__(self, store: Store, keep: timedelta, monotonic: Callable[[], float] = time.monotonic) -> None:
        """monotonic: the clock for the waits, which must not jump."""
        self._store, self._keep, self._monotonic = store, keep, monotonic
        self._next_at = monotonic()
        self._doubted_at: float | None = None
        """Up to when the doubt is noted in the store."""
        self._trusted = False

    def step(self, now: datetime) -> None:
        """Delete some of what is due; a store that cannot be used now is tried again later."""
        if self._monotonic() < self._next_at:
            return
        try:
            deleted = 0 if self._doubtful(now) else self._store.delete_observed_before(now - self._keep, _AT_ONCE)
        except StoreBusyError as error:
            _log.debug("old observations stay for now: %s", error)
            deleted = 0
        if deleted < _AT_ONCE:
            self._next_at = self._monotonic() + _EVERY_SECONDS

    def _doubtful(self, now: datetime) -> bool:
        """Whether everything would go, and has not been due for long enough by a clock that does not jump."""
        newest = self._store.newest_observed()
        if newest is None or newest >= now - self._keep - _OVERDUE:
            self._trust()
            return False
        moment = self._monotonic()
        since = self._doubted_at
        waited = self._store.doubt(newest, 0.0 if since is None else moment - since)
        self._doubted_at, self._trusted = moment, False
        left = _PATIENCE_SECONDS - waited
        if left > 0 and since is None:
            _log.error(
                "today is %s by this machine's clock, and the newest observation of %s: all of them would be deleted. "
                "Is the date right? They stay until a newer one comes, or this service has run for %.1f days more",
                f"{now:%Y-%m-%d}", f"{newest:%Y-%m-%d}", left / 86_400,
            )  # fmt: skip
        return left > 0

    def _trust(self) -> None:
        if not self._trusted:
            self._store.trust()
            self._doubted_at, self._trusted = None, True
