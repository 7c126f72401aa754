"""What is refused before a route sees it, and what is said when one fails."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.api.access import SAFE_METHODS
from central.api.bodies import Bodies
from central.api.problems import ProblemError
from edge.errors import ClassPulseError

_log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PLACES = 6
"""Of where it happened, the innermost first: the outer ones are the framework's, and always the same."""


class Failures:
    """ASGI middleware: what nobody expected becomes a plain 500; the journal has where, and not with whose data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:  # whatever it is, the service goes on
            _report(scope, error)
            if begun:
                raise ConnectionAbortedError("an answer broke off") from None  # half an answer must not look whole
            problem = ProblemError(500, "central made a mistake; what it was stands in the journal of the service")
            await problem.response()(scope, receive, send)


def _report(scope: Scope, error: BaseException) -> None:
    """Not the path, which may hold a student's ID, nor the error's words, which may hold anything."""
    route = getattr(scope.get("route"), "path", "an unknown address")
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    # Our own errors are written for people, and hold nothing about them.
    what = str(error) if isinstance(error, ClassPulseError) else type(error).__name__
    _log.error("%s %s failed: %s at %s", scope["method"], route, what, places)


class Guard:
    """ASGI middleware: a request of another host, from another site, too large, or of a kind nobody takes."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str], bodies: Bodies) -> None:
        """origins: where the dashboard is opened."""
        self._app = app
        self._origins = frozenset(origins)
        self._hosts = _LOOPBACK | {urlsplit(origin).hostname or "" for origin in self._origins}
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        async with AsyncExitStack() as stack:
            try:
                self._check_host(headers)
                if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
                    self._check_site(headers)
                    receive = await stack.enter_async_context(self._bodies.read(scope, receive))
            except ProblemError as problem:
                await problem.response()(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    def _check_host(self, headers: Headers) -> None:
        """A name of somebody else's that points here (DNS rebinding) would make their page one of ours."""
        try:
            host = urlsplit(f"//{headers.get('host', '')}").hostname
        except ValueError:  # a bracket without its other half
            host = None
        if host not in self._hosts:
            raise ProblemError(400, "this is not the name of this service; open it by its own address")

    def _check_site(self, headers: Headers) -> None:
        """After OWASP's CSRF cheat sheet: what the browser says of the sending page, and silence is a no."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        own = site == "same-origin" if site is not None else origin is not None
        if not own or (origin is not None and origin not in self._origins):
            raise ProblemError(403, f"requests come from the dashboard only, at {' or '.join(sorted(self._origins))}")
