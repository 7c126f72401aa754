"""The line between daemon and broker: a TCP proxy that can fail in the ways that networks fail."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.brokers import SECONDS
from tests.faults.tap import Capture, Chunk, Direction

_READ = 65_536


@dataclass(frozen=True)
class Conditions:
    """What the line does to everything on it."""

    refuses: bool = False
    """New connections are reset."""
    delay: float = 0.0
    """Seconds that each piece takes."""
    bytes_per_second: float | None = None
    """None: as fast as may be."""
    corrupts: float = 0.0
    """Share of the pieces, 0..1, in which a bit is turned."""
    half_closes: Direction | None = None
    """New connections are closed in this direction after their first bytes."""


CALM = Conditions()


@dataclass(eq=False)
class _Link:
    """One connection of the daemon, and the one to the broker that belongs to it."""

    daemon: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    capture: Capture
    stranded: bool = False
    """Nothing passes any more, and nobody is told."""
    closed: set[Direction] = field(default_factory=set)


class Proxy:
    """Listens for the daemon on a port of its own; a context manager with a thread of its own."""

    def __init__(self, broker_port: int, seed: int) -> None:
        """seed: of which bits are turned."""
        self._broker_port = broker_port
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._links: set[_Link] = set()
        self._conditions = CALM
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.captures: list[Capture] = []
        """What every connection carried, in the order they were made."""
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def become(self, conditions: Conditions) -> None:
        """Behave so from now on."""
        self._do(lambda: setattr(self, "_conditions", conditions))

    def reset(self) -> None:
        """End every connection at once, towards both sides."""
        self._do_to_all(self._abort)

    def hold(self) -> None:
        """Let nothing pass, connections that come included, until `release`."""
        self._do(self._flowing.clear)

    def release(self) -> None:
        """Pass on what was held, except from a daemon that has given the connection up: its kernel resends nothing."""
        self._do(self._flowing.set)

    def strand(self) -> None:
        """Forget every connection as a router does: both sides believe in it until they lose patience."""
        self._do_to_all(lambda link: setattr(link, "stranded", True))

    def half_close(self, direction: Direction) -> None:
        """Close one direction of every connection."""
        self._do_to_all(lambda link: self._close(link, direction))

    def _do_to_all(self, action: Callable[[_Link], object]) -> None:
        self._do(lambda: [action(link) for link in list(self._links)])

    def _do(self, action: Callable[[], object]) -> None:
        done: Future[None] = Future()

        def run() -> None:
            action()
            done.set_result(None)

        self._loop.call_soon_threadsafe(run)
        done.result(SECONDS)

    async def _stop(self) -> None:
        self._server.close()
        for link in list(self._links):
            self._abort(link)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, from_daemon: asyncio.StreamReader, daemon: asyncio.StreamWriter) -> None:
        if self._conditions.refuses:
            daemon.transport.abort()
            return
        try:
            from_broker, broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            daemon.transport.abort()
            return
        link = _Link(daemon, broker, Capture())
        self._links.add(link)
        self.captures.append(link.capture)
        await asyncio.gather(
            self._pump(link, from_daemon, broker, "to broker"), self._pump(link, from_broker, daemon, "to daemon")
        )
        self._abort(link)

    async def _pump(
        self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, direction: Direction
    ) -> None:
        with suppress(OSError):
            while content := await source.read(_READ):
                link.capture.saw(direction, Chunk(time.time(), content))
                await self._carry(link, source, sink, content, direction)
        if not self._flowing.is_set():
            # A reset does not get through a hole: the broker goes on to believe in this connection.
            link.stranded |= direction == "to broker"
            await self._flowing.wait()
        if not link.stranded:
            self._close(link, direction)
            if source.exception() is not None:
                self._abort(link)

    async def _carry(
        self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, content: bytes,
        direction: Direction,
    ) -> None:  # fmt: skip
        conditions = self._conditions
        pause = conditions.delay
        if conditions.bytes_per_second is not None:
            pause += len(content) / conditions.bytes_per_second
        if pause:
            await asyncio.sleep(pause)
        if not self._flowing.is_set():
            await self._flowing.wait()
            link.stranded |= direction == "to broker" and (source.exception() is not None or source.at_eof())
        if link.stranded or direction in link.closed:
            return
        if self._random.random() < conditions.corrupts:
            content = self._turn_a_bit(content)
        sink.write(content)
        if conditions.half_closes == direction:
            self._close(link, direction)
        await sink.drain()

    def _turn_a_bit(self, content: bytes) -> bytes:
        changed = bytearray(content)
        changed[self._random.randrange(len(changed))] ^= 1 << self._random.randrange(8)
        return bytes(changed)

    def _close(self, link: _Link, direction: Direction) -> None:
        if direction not in link.closed:
            link.closed.add(direction)
            with suppress(OSError):
                (link.broker if direction == "to broker" else link.daemon).write_eof()

    def _abort(self, link: _Link) -> None:
        self._links.discard(link)
        link.daemon.transport.abort()
        link.broker.transport.abort()
