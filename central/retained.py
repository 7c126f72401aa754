"""Looks whether the broker keeps a message about a student, although no device asks it to keep observations."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from central.session import BrokerSettings, KeptSession, Session
from edge.errors import BrokerError
from edge.wire import WireError, parse_topic

_log = logging.getLogger(__name__)

_QUIET_SECONDS = 1.0
"""A broker sends what it has kept at once; when nothing came for so long, that was all."""
_LONGEST_SECONDS = 3.0
"""Where classrooms publish all the time."""
_AT_ONCE = 100


class RetainedSearch:
    """Asks a broker, each time on a connection of its own, which the one that stores does not notice."""

    def __init__(self, settings: BrokerSettings) -> None:
        """settings: with a kept session, beside whose client ID another one is used."""
        kept = settings.kept
        name = kept.client_id[:16] if kept is not None else "classpulse"
        # No session that is kept by the broker: an acknowledgement there would cost another reader its message.
        self._settings = replace(settings, kept=KeptSession(f"{name}-search", 0, _AT_ONCE))

    def __call__(self, student_id: str) -> list[str] | None:
        """The topics of kept messages that name the student; None: the broker could not be asked."""
        try:
            session = Session(self._settings)
        except BrokerError as error:
            _log.warning("the broker could not be asked for kept messages of an erased student: %s", error)
            return None
        try:
            return self._look(session, f'"{student_id}"'.encode())
        finally:
            session.close()

    def _look(self, session: Session, wanted: bytes) -> list[str] | None:
        found: set[str] = set()
        until = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < until:
            message = session.receive(_QUIET_SECONDS)
            if message is None and session.ended is not None:
                _log.warning("the broker was not asked to the end for an erased student's messages: %s", session.ended)
                return None
            if message is None:
                break
            session.acknowledge()
            if message.retained and wanted in message.payload:
                found.add(_shown(message.topic))
        return sorted(found)


def _shown(topic: str) -> str:
    """What may stand in a command that somebody pastes into a shell."""
    try:
        parse_topic(topic)
    except WireError:
        return "(a topic that is none of ClassPulse's)"
    return topic
