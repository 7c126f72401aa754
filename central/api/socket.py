"""`/ws/live`: the live picture as JSON texts, a snapshot first and then what changes.

A connection holds nothing but the version it has sent. Whatever changed since is read from the picture when the
socket takes more: a slow reader gets fewer changes, and newer ones, and none of them wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Query, WebSocket
from fastapi.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from central.accounts.sessions import CurrentUser
from central.api.access import find_user
from central.api.live_texts import changes_text, heartbeat_text, snapshot_text
from central.api.services import Services
from central.errors import StoreError
from central.live import LivePicture

_log = logging.getLogger(__name__)

NOT_LOGGED_IN, WRONG_ROLE = 4401, 4403
GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013
_PAUSE_SECONDS = 0.05
"""Between two texts: what changes meanwhile comes in one."""
_LOOK_SECONDS = 1.0
"""Somebody has gone when nothing was heard of them: that has to be looked for."""
_SESSION_SECONDS = 3.0
"""So often it is looked whether the session still stands."""
_CLOSE_SECONDS = 2.0
"""To be told why it ends; whose buffer is full is told no more (`central.api.protocols`)."""

router = APIRouter()


class LiveConnections:
    """The sockets that are open; `close` ends them all."""

    def __init__(self, heartbeat_seconds: float = 15.0, send_seconds: float = 20.0) -> None:
        """heartbeat_seconds: of silence, after which a browser is told that there is nothing to tell.

        send_seconds: who takes no text for so long is not there any more.
        """
        self.heartbeat_seconds, self.send_seconds = heartbeat_seconds, send_seconds
        self.closing = False
        self._wakes: set[_Wake] = set()

    @property
    def count(self) -> int:
        return len(self._wakes)

    def close(self, seconds: float = 2.0) -> None:
        """End every one, as when the service stops, and wait so long at most; on any thread but theirs."""
        self.closing = True
        for wake in list(self._wakes):
            wake.call()
        until = time.monotonic() + seconds
        while self._wakes and time.monotonic() < until:
            time.sleep(0.01)

    @contextmanager
    def open(self, live: LivePicture) -> Iterator[_Wake]:
        """A connection, woken by every change."""
        wake = _Wake(asyncio.get_running_loop())
        self._wakes.add(wake)
        try:
            with live.listening(wake.call):
                yield wake
        finally:
            self._wakes.discard(wake)


class _Wake:
    """Ends a wait on the event loop, from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._event = loop, asyncio.Event()

    def call(self) -> None:
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Until the next call, or one since the last wait; so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


@router.websocket("/ws/live")
async def live(
    websocket: WebSocket,
    epoch: Annotated[UUID | None, Query()] = None,
    version: Annotated[int | None, Query(ge=0)] = None,
) -> None:
    """See `central.api.live_texts` for the texts. epoch, version: of the last text, to go on from there."""
    services: Services = websocket.app.state.services
    if websocket.headers.get("origin") not in services.origins:
        # Refused before it is open: a page of somebody else's must not even learn whether its visitor is logged in.
        await websocket.close()
        return
    await websocket.accept()
    connection = _Connection(websocket, services)
    code = await connection.run(epoch, version)
    if code is not None:
        with suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(min(_CLOSE_SECONDS, services.live_connections.send_seconds)):
                await websocket.close(code)


class _Connection:
    """One browser's socket."""

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        self._websocket, self._services, self._live = websocket, services, services.live

    async def run(self, epoch: UUID | None, version: int | None) -> int | None:
        """Until it ends; the code to close it with, None where the browser has closed it."""
        tasks = {asyncio.create_task(self._listen()), asyncio.create_task(self._tell(epoch, version))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        try:
            return min((task.result() for task in done), key=lambda code: code is not None)
        except WebSocketDisconnect:  # noticed by who would have told it something
            return None

    async def _listen(self) -> None:
        """What the browser sends means nothing; but when it leaves, this ends."""
        try:
            while True:
                await self._websocket.receive_text()
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes instead of text
            return

    async def _tell(self, epoch: UUID | None, version: int | None) -> int | None:
        viewer, code = await self._viewer()
        if viewer is None:
            return code
        own = _epoch(self._live, viewer)
        known = version if epoch == own else None
        looked_at = spoke_at = time.monotonic()
        connections = self._services.live_connections
        with connections.open(self._live) as wake:
            while not connections.closing:
                text, known = self._news(viewer, own, known)
                now = time.monotonic()
                if text is None and now - spoke_at >= connections.heartbeat_seconds:
                    text = heartbeat_text(known, self._services.clock())
                if text is not None:
                    if not await self._send(text):
                        return TRY_AGAIN_LATER
                    spoke_at = time.monotonic()
                    await asyncio.sleep(_PAUSE_SECONDS)
                await wake.wait(_LOOK_SECONDS)
                if now - looked_at >= _SESSION_SECONDS:
                    looked_at = now
                    still, code = await self._viewer()
                    if still is None:
                        return code
                    if _scope(still) != _scope(viewer):
                        return TRY_AGAIN_LATER
        return GOING_AWAY

    def _news(self, viewer: CurrentUser, epoch: UUID, known: int | None) -> tuple[str | None, int]:
        """What this viewer may know and does not yet; and the version by now."""
        found = None if known is None else self._live.changes_since(known)
        if found is None:
            snapshot = self._live.snapshot()
            return snapshot_text(snapshot, epoch, viewer.sees), snapshot.version
        version, changes = found
        return changes_text(version, changes, self._services.clock(), viewer.sees), version

    async def _viewer(self) -> tuple[CurrentUser | None, int]:
        """Whose session it is, if they may look; else the code that says why not."""
        try:
            viewer = await run_in_threadpool(find_user, self._websocket.cookies, self._services, touch=False)
        except StoreError as error:
            _log.debug("a socket is closed: %s", error)
            return None, TRY_AGAIN_LATER
        if viewer is None:
            return None, NOT_LOGGED_IN
        if viewer.role == "technician" or not viewer.legal_note_accepted:
            return None, WRONG_ROLE
        return viewer, GOING_AWAY

    async def _send(self, text: str) -> bool:
        """Whether the browser took it in time."""
        try:
            async with asyncio.timeout(self._services.live_connections.send_seconds):
                await self._websocket.send_text(text)
        except TimeoutError:
            return False
        return True


def _epoch(live: LivePicture, viewer: CurrentUser) -> UUID:
    """By which a browser goes on: other groups than before make another one, and so a snapshot."""
    return uuid5(live.epoch, "\n".join(_scope(viewer)))


def _scope(viewer: CurrentUser) -> tuple[str, ...]:
    """What decides on whom they see."""
    return viewer.account, viewer.role, *sorted(viewer.groups)
