"""Carries observations from the spool to the broker, and says that the classroom is there.

One thread does everything that has to do with MQTT. An observation leaves the spool only when the
broker acknowledged it with a reason code of success; whatever a connection's end leaves open is
sent again on the next one with the same stream and sequence.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from edge.config import MqttSettings
from edge.connection import Backoff
from edge.errors import BrokerError
from edge.lane import Lane
from edge.session import GOODBYE_SECONDS, Acknowledgement, RefusedError, Session
from edge.spool import NO_END, Spool, Spooled
from edge.watchdog import Heartbeat
from edge.wire import OFFLINE, ONLINE, encode, encode_health, topic, user_properties

_log = logging.getLogger(__name__)

State = Literal["connecting", "connected", "refused", "stopped"]

_ACKNOWLEDGE_SECONDS = 20.0
"""A PUBACK outstanding longer means that the connection is half open: a Wi-Fi that is gone does not say so."""
_STABLE_SECONDS = 10.0
"""A connection that ends sooner does not reset the backoff."""
_BRIEF_CONNECTIONS = 3
_TWIN = " soon after each connect; does another Pi carry the same classroom name?"
_STOP_SECONDS = 5.0
_LEAVE_SECONDS = GOODBYE_SECONDS + 1.0
"""Of the stop's seconds, those for `offline` and the goodbye."""
_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class _Sent:
    """A publish that waits for its PUBACK; lane and row are None for status and health."""

    topic: str
    at: float
    lane: Lane | None = None
    row: Spooled | None = None


class Publisher:
    """The classroom's MQTT client; a context manager that starts and stops its thread."""

    def __init__(
        self,
        settings: MqttSettings,
        classroom: str,
        spool: Spool,
        retention_seconds: float,
        backoff: Backoff | None = None,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """retention_seconds: how long the spool keeps observations; messages expire no sooner.

        backoff: the waits between connection attempts; 1 s to 60 s by default.
        heartbeat: of the MQTT thread, for the watchdog.
        """
        self._heartbeat = heartbeat or Heartbeat("mqtt", float("inf"))
        self._settings, self._classroom, self._spool = settings, classroom, spool
        # Never 0, which would mean "at once", nor more than the four bytes of the property.
        self._expiry_seconds = min(max(int(retention_seconds) + 1, 60), 2**32 - 1)
        self._backoff = backoff or Backoff()
        first, longest = self._backoff.first, self._backoff.longest
        self._live = Lane(topic(classroom, "observation"), spool, Backoff(first, longest))
        self._late = Lane(topic(classroom, "observation/late"), spool, Backoff(first, longest))
        self._sent: dict[int, _Sent] = {}
        self._sequences: set[int] = set()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._stop_at: float | None = None
        self._renewed: MqttSettings | None = None
        self._health: deque[bytes] = deque(maxlen=1)  # the newest figures, and atomic
        self._reported: str | None = None
        self._reported_refusals: set[tuple[str, str]] = set()
        self.state: State = "connecting"
        self.reconnects = 0
        """Connections after the first one."""
        self.refusals = 0
        """Observations that the broker refused, each attempt counted."""
        self.connection_refusals = 0
        """Connections that the broker refused, or ended in a way that says that it will refuse the next one."""
        self._connections = 0
        self._brief = 0
        """Connections in a row that ended at once."""

    def __enter__(self) -> Self:
        self._spool.listen(self._wake)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is fresh, say `offline`, and stop; what cannot be sent by then stays in the spool."""
        self._spool.flush(timeout=2.0)
        self._stop_at = time.monotonic() + _STOP_SECONDS
        self._wake()
        self._thread.join(timeout=_STOP_SECONDS + 1)
        if self._thread.is_alive():
            _log.warning("the broker does not answer; leaving without saying offline")
        else:
            self._wake_reader.close()
        self._wake_writer.close()
        self.state = "stopped"

    def publish_health(self, health: dict[str, Any]) -> None:
        """Publish figures about the machine, retained; only the newest waits. Raises WireError for others."""
        self._health.append(encode_health(health))
        self._wake()

    def use_settings(self, settings: MqttSettings) -> None:
        """Connect anew, by these settings and with the certificates and password that the files hold now."""
        self._renewed = settings
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # full: enough wake-ups are on their way; closed: nobody is left to wake
            self._wake_writer.send(b"\0")

    def _run(self) -> None:
        while self._stop_at is None:
            self._heartbeat.beat()
            self._take_renewed()
            where = f"{self._settings.host}:{self._settings.port}"
            try:
                session = Session(self._settings, self._classroom, self._wake_reader)
            except RefusedError as error:
                self.connection_refusals += 1
                self._change("refused", str(error))
                self._pause(self._backoff.slow())
                continue
            except BrokerError as error:
                self._change("connecting", str(error))
                self._pause(self._backoff.next())
                continue
            began = time.monotonic()
            self._connections += 1
            self.reconnects = self._connections - 1
            self._change("connected", f"connected to {where}")
            self._serve(session)
            if self._stop_at is not None:
                break
            if self._renewed is not None:
                continue
            if time.monotonic() - began >= _STABLE_SECONDS:
                self._backoff.reset()
                self._brief = 0
            else:
                self._brief += 1
            # Not every broker tells why it closes a connection that another client took over.
            self.connection_refusals += session.refused
            hint = _TWIN if self._brief == _BRIEF_CONNECTIONS else ""
            self._change("refused" if session.refused else "connecting", f"{where}: {session.ended}{hint}")
            self._pause(self._backoff.slow() if session.refused else self._backoff.next())
        self.state = "stopped"
        self._heartbeat.rest()

    def _take_renewed(self) -> None:
        settings, self._renewed = self._renewed, None
        if settings is not None:
            self._settings = settings
            self._reported = None  # how it ends is news, even when it ends as before
            self._backoff.reset()

    def _change(self, state: State, what: str) -> None:
        """Log changes, not attempts."""
        self.state = state
        if what == self._reported:
            return
        self._reported = what
        if state == "connected":
            _log.info("%s", what)
        elif state == "refused":
            _log.error("%s (trying again once a minute; observations wait in the spool)", what)
        else:
            _log.warning("%s (trying again; observations wait in the spool)", what)

    def _pause(self, seconds: float) -> None:
        """Wait, but not for longer than until `__exit__`, or until there are other settings."""
        self._heartbeat.rest()
        until = time.monotonic() + seconds
        while self._stop_at is None and self._renewed is None and (left := until - time.monotonic()) > 0:
            self._wake_reader.settimeout(left)
            with suppress(TimeoutError):
                self._wake_reader.recv(4096)
        self._wake_reader.setblocking(False)

    def _serve(self, session: Session) -> None:
        """Publish over one connection until it ends or it is time to stop."""
        self._sent.clear()
        self._sequences.clear()
        self._live.restart()
        self._late.restart()
        self._publish(session, "status", ONLINE)
        while session.ended is None:
            self._heartbeat.beat()
            stop_at = self._stop_at
            if self._renewed is not None and stop_at is None:
                if not self._sent:
                    session.close()  # without `offline`: the next connection follows at once
                    return
            else:
                self._pump(session, only_live=stop_at is not None)
            if stop_at is not None and (not self._sent or time.monotonic() >= stop_at - _LEAVE_SECONDS):
                self._leave(session, stop_at)
                return
            self._settle(session.poll(_POLL_SECONDS))
            self._check_patience(session)
        session.abort(session.ended)

    def _pump(self, session: Session, *, only_live: bool) -> None:
        """Fill the broker's receive window: health, then live, then late observations."""
        if self._health and len(self._sent) < session.in_flight:
            self._publish(session, "health", self._health.popleft())
        boundary = self._spool.late_up_to()
        self._fill(session, self._live, session.in_flight, after=boundary, up_to=NO_END)
        if not only_live:
            # A quarter stays free for what is seen now, however long the backlog.
            self._fill(session, self._late, session.in_flight - session.in_flight // 4, after=0, up_to=boundary)

    def _fill(self, session: Session, lane: Lane, window: int, *, after: int, up_to: int) -> None:
        while len(self._sent) < window and session.ended is None:
            row = lane.next(after, up_to, self._sequences)
            if row is None:
                return
            self._publish_observation(session, lane, row)

    def _publish_observation(self, session: Session, lane: Lane, row: Spooled) -> None:
        mid = session.publish(
            lane.topic,
            encode(row.observation),
            user_properties=user_properties(row.observation.observed_at, row.stream, row.sequence),
            expiry_seconds=self._expiry_seconds,
        )
        if mid is not None:
            lane.sent()
            self._sequences.add(row.sequence)
            self._sent[mid] = _Sent(lane.topic, time.monotonic(), lane, row)

    def _publish(self, session: Session, kind: Literal["status", "health"], payload: bytes) -> None:
        name = topic(self._classroom, kind)
        mid = session.publish(name, payload, retain=True)
        if mid is not None:
            self._sent[mid] = _Sent(name, time.monotonic())

    def _settle(self, acknowledgements: list[Acknowledgement]) -> None:
        for acknowledgement in acknowledgements:
            sent = self._sent.pop(acknowledgement.mid, None)
            if sent is None:
                continue
            refused = acknowledgement.reason >= 0x80
            if sent.lane is None or sent.row is None:
                refusal = (sent.topic, acknowledgement.text)
                if refused and refusal not in self._reported_refusals:
                    self._reported_refusals.add(refusal)
                    _log.error("the broker refuses %s: %s; check its access list", *refusal)
                continue
            sequence = sent.row.sequence
            self._sequences.discard(sequence)
            if refused:
                self.refusals += 1
                sent.lane.refused(sequence, acknowledgement.text)
                if sent.lane is self._live:
                    # It may have become late in flight, and the late lane have passed it by.
                    self._late.rewind(sequence - 1)
            else:
                self._spool.acknowledge(sequence)
                sent.lane.accepted(sequence)

    def _check_patience(self, session: Session) -> None:
        oldest = next(iter(self._sent.values()), None)
        if oldest is not None and time.monotonic() - oldest.at > _ACKNOWLEDGE_SECONDS:
            session.abort(f"the broker acknowledged nothing for {_ACKNOWLEDGE_SECONDS:.0f} s")

    def _leave(self, session: Session, stop_at: float) -> None:
        """Say `offline` and disconnect; where that takes too long, let the last will say it."""
        said = False
        while session.ended is None and time.monotonic() < stop_at:
            if not said and len(self._sent) < session.in_flight:
                self._publish(session, "status", OFFLINE)
                said = True
            self._settle(session.poll(0.1))
            if said and not self._sent:
                session.close()
                return
        session.abort("stopping")
