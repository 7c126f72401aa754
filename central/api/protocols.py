"""uvicorn's two protocols, made impatient: it waits for ever for a request's head, and for who does not read."""

from __future__ import annotations

import asyncio
from asyncio.transports import BaseTransport

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from central.api.callers import client_of

_GOODBYE_SECONDS = 3.0
"""For what is still to be sent when a socket ends, and for the browser's answer."""


class RequestProtocol(H11Protocol):
    """HTTP: a connection without a request under way ends after `timeout_keep_alive`, whatever dribbles in."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.client = client_of(self.client)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_watch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        upgraded = self.transport.get_protocol() is not self
        if upgraded or (self.cycle is not None and not self.cycle.response_complete):
            self._end_watch()
        elif self._deadline is None:  # not begun anew by every byte
            self._deadline = self.loop.call_later(self.timeout_keep_alive, self.transport.abort)

    def _end_watch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket: who does not read does not hold the connection; `Transport.close` waits until they have read all."""

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.client = client_of(self.client)

    def shutdown(self) -> None:
        super().shutdown()
        self._let_go()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._let_go()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    def _let_go(self) -> None:
        if self.writable.is_set():
            self.loop.call_later(_GOODBYE_SECONDS, self.transport.abort)
        else:  # a full buffer, which was waited for already
            self.transport.abort()
