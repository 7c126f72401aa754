"""A session that comes back by itself: whatever is wrong with the broker is said once, and tried again without end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from central.session import BrokerSettings, Message, RefusedError, Session
from edge.connection import Backoff
from edge.errors import BrokerError

_log = logging.getLogger(__name__)
_STEADY_SECONDS = 60.0
"""A connection that lasted for so long worked."""


class Link:
    """Messages of a kept session over as many connections as it takes; no error of the broker leaves it."""

    def __init__(
        self,
        settings: BrokerSettings,
        backoff: Backoff | None = None,
        connect: Callable[[BrokerSettings], Session] = Session,
        *,
        expected: bool = False,
    ) -> None:
        """Nothing is connected yet. settings: with a kept session; backoff: 1 s to 60 s by default.

        expected: the broker has kept a session for a process before this one.
        """
        self._settings, self._backoff, self._open = settings, backoff or Backoff(), connect
        self._session: Session | None = None
        self._again_at = 0.0
        self._said: str | None = None
        self._expected = expected
        self._connected_at = 0.0

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.ended is None

    @property
    def session(self) -> Session | None:
        """The connection that there is now."""
        return self._session if self.connected else None

    def receive(self, seconds: float) -> Message | None:
        """The next message, waited for so long at most; connects when it is time to."""
        if self._session is None:
            self._wait_or_connect(seconds)
            return None
        message = self._session.receive(seconds)
        if message is None and self._session.ended is not None:
            self._lose(self._session)
        return message

    def idle(self, seconds: float) -> None:
        """Let so much time pass, and keep the connection; messages wait for `receive`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._session is None or self._session.ended is not None:
                time.sleep(left)
            else:
                self._session.poll(left)

    def acknowledge(self) -> None:
        """Tell the broker to forget what `receive` gave on this connection; the rest it sends again."""
        if self._session is not None:
            self._session.acknowledge()

    def close(self) -> None:
        """Take leave, if there is a connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _wait_or_connect(self, seconds: float) -> None:
        left = self._again_at - time.monotonic()
        if left > 0:
            time.sleep(min(left, seconds))
            return
        try:
            session = self._open(self._settings)
        except BrokerError as error:
            for_good = isinstance(error, RefusedError)
            self._say(str(error))
            self._again_at = time.monotonic() + (self._backoff.slow() if for_good else self._backoff.next())
            return
        if self._expected and not session.resumed:
            _log.error(
                "%s: the broker has forgotten the session; what came meanwhile is lost, and counted as missing once "
                "the next observation of a classroom shows the gap",
                self._settings.where,
            )
        kept = self._settings.kept
        _log.info("connected to %s%s", self._settings.where, f" as {kept.client_id}" if kept is not None else "")
        self._session, self._said, self._expected = session, None, True
        self._connected_at = time.monotonic()

    def _lose(self, session: Session) -> None:
        self._session = None
        # Not sooner: two centrals with one client ID end each other's connections as fast as they are made.
        if time.monotonic() - self._connected_at > _STEADY_SECONDS:
            self._backoff.reset()
        reason = session.ended or ""
        if session.taken_over:
            client_id = self._settings.kept.client_id if self._settings.kept else ""
            reason = f"{self._settings.where}: another client came as {client_id}; is a second central running?"
        self._say(reason)
        self._again_at = time.monotonic() + (self._backoff.slow() if session.taken_over else self._backoff.next())

    def _say(self, reason: str) -> None:
        """Once for each reason in a row."""
        if reason != self._said:
            self._said = reason
            _log.warning("%s; trying again", reason)
