"""Receives what classrooms publish, and comes back when the connection is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from central.session import BrokerSettings, Message, RefusedError, Session
from edge.connection import Backoff
from edge.errors import BrokerError

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2


class Subscriber:
    """One MQTT 5 subscription over as many connections as it takes."""

    def __init__(self, settings: BrokerSettings, backoff: Backoff | None = None) -> None:
        """backoff: the waits between connection attempts; 1 s to 60 s by default."""
        self._settings = settings
        self._backoff = backoff or Backoff()

    def messages(self) -> Iterator[Message | None]:
        """Messages as they come, and None a few times a second while there are none; without end.

        Raises BrokerError when the broker cannot be reached the first time, or whenever it refuses;
        a connection that is lost later is made again.
        """
        session = Session(self._settings)
        while True:
            self._backoff.reset()
            while (message := session.receive(_POLL_SECONDS)) is not None or session.ended is None:
                yield message
            _log.warning("%s; connecting again", session.ended)
            while True:
                yield from self._pause()
                try:
                    session = Session(self._settings)
                    break
                except RefusedError:
                    raise
                except BrokerError as error:
                    _log.debug("%s", error)
            _log.warning("connected again")

    def _pause(self) -> Iterator[None]:
        until = time.monotonic() + self._backoff.next()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_SECONDS))
            yield None
