"""Observations that are old enough are deleted, a few at a time, when nothing else is to be done."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from central.errors import StoreBusyError
from central.store.store import Store

_log = logging.getLogger(__name__)

_AT_ONCE = 2000
"""Rows of one transaction: it must not keep observations waiting."""
_EVERY = timedelta(minutes=10)


class Retention:
    """Deletes what is older than `keep`."""

    def __init__(self, store: Store, keep: timedelta) -> None:
        self._store, self._keep = store, keep
        self._next: datetime | None = None

    def step(self, now: datetime) -> None:
        """Delete some of what is due; a store that cannot be written now is tried again later."""
        if self._next is not None and now < self._next:
            return
        try:
            deleted = self._store.delete_observed_before(now - self._keep, _AT_ONCE)
        except StoreBusyError as error:
            _log.debug("old observations stay for now: %s", error)
            deleted = 0
        if deleted < _AT_ONCE:
            self._next = now + _EVERY
