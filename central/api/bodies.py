"""The body of a request, read before a route sees it: not too large, not for ever, of the kind that is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope

from central.api.problems import ProblemError

_LARGEST = 64 * 1024
"""Bytes. The longest that a person writes, the notes on a student, is 2,000 characters."""
_JSON = "application/json"
_MOST_LARGE = 2
"""Large ones at once: they are held in memory, and a school is imported once a year."""
_COME_AGAIN_SECONDS = 10
_BODY_SECONDS = 30.0

Check = Callable[[HTTPConnection], Awaitable[None]]
"""Raises ProblemError for whom nothing large is read."""


async def _anybody(_: HTTPConnection) -> None:
    return


class Bodies:
    """Reads them."""

    def __init__(
        self, larger: Mapping[str, tuple[int, str]], check: Check = _anybody, *, seconds: float = _BODY_SECONDS
    ) -> None:
        """larger: by path, how many bytes of which type are taken from whom `check` lets; seconds: for all of one."""
        self._larger, self._check, self._seconds = larger, check, seconds
        self._large_ones = 0

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive) -> AsyncIterator[Receive]:
        """What gives the body again; a large one counts until the context ends. Raises ProblemError."""
        larger = self._larger.get(scope["path"])
        if larger is None:
            yield await self._body(scope, receive, _LARGEST, _JSON)
            return
        await self._check(HTTPConnection(scope))
        if self._large_ones >= _MOST_LARGE:
            raise ProblemError(
                503,
                "others send large files right now; send it again in a moment",
                headers={"Retry-After": str(_COME_AGAIN_SECONDS)},
            )
        self._large_ones += 1
        try:
            yield await self._body(scope, receive, *larger)
        finally:
            self._large_ones -= 1

    async def _body(self, scope: Scope, receive: Receive, most: int, kind: str) -> Receive:
        headers = Headers(scope=scope)
        try:
            async with asyncio.timeout(self._seconds):
                body = await _read(headers, receive, most)
        except TimeoutError as error:
            late = f"the request did not come within {self._seconds:g} s; send it again"
            raise ProblemError(408, late, headers={"Connection": "close"}) from error
        _check_kind(headers, body, kind)
        return _Again(body, receive)


async def _read(headers: Headers, receive: Receive, most: int) -> bytes:
    """The body. Raises ProblemError as soon as it is larger than `most`."""
    too_large = ProblemError(413, f"at most {most} bytes are taken here", headers={"Connection": "close"})
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > most:
        raise too_large
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "the request broke off")  # nobody is there to read it
        body += message.get("body", b"")
        if len(body) > most:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


def _check_kind(headers: Headers, body: bytes, kind: str) -> None:
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and sent != kind:
        raise ProblemError(415, f"send it as {kind}", headers={"Accept": kind})


class _Again:
    """Gives the body that was read already, then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
