"""Who may be connected: so many at once, so many of one place, and behind a proxy nobody but the proxy.

What is said here costs no session and no request: a stranger who opens connections and says nothing shall not take
the descriptors that the database and the broker need.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import math
import os
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

_log = logging.getLogger(__name__)

_MOST = 500
"""Connections at once: half of the descriptors that a service has by default (systemd.exec(5), LimitNOFILE)."""
_MOST_OF_ONE = 50
"""Of one address: a browser has six at most, and a socket for each page."""
_SAY_SECONDS = 60.0
"""Between two lines about who was refused: a stranger must not fill the journal either."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RESET = struct.pack("ii", 1, 0)
"""socket(7), SO_LINGER: on, no second; closing sends RST, and nothing of the connection stays behind."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(host: str) -> Address:
    """As a person writes it: a socket for both families shows 192.0.2.1 as ::ffff:192.0.2.1. Raises ValueError."""
    address = ipaddress.ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def client_of(peer: tuple[str, int] | None) -> tuple[str, int] | None:
    """The same of what uvicorn takes for the client, by which a proxy is trusted and logins are throttled."""
    return None if peer is None else (str(address_of(peer[0])), peer[1])


class Callers:
    """Which connection is taken beside those that are open."""

    def __init__(self, proxy: str | None) -> None:
        """proxy: through which all browsers come; None: they come by themselves."""
        self._proxy = None if proxy is None else address_of(proxy)

    def refusal(self, caller: Address, others: Sequence[Address]) -> str | None:
        """Why caller is not taken; None: it is. others: of the connections that are open."""
        # Anybody else would be answered without TLS: a password must not even be asked for there.
        if self._proxy is not None and caller != self._proxy and not caller.is_loopback:
            return f"[web] behind_proxy takes connections of {self._proxy} and of this machine only"
        if len(others) >= _MOST:
            return f"{_MOST} connections are open already"
        if caller != self._proxy and _count(_place(caller), others) >= _MOST_OF_ONE:
            return f"it has {_MOST_OF_ONE} connections open already"
        return None


def _count(place: object, others: Sequence[Address]) -> int:
    return sum(_place(other) == place for other in others)


def _place(address: Address) -> object:
    """Of IPv6 the network: whoever has one address has all 2^64 of it (RFC 7421)."""
    return address if isinstance(address, ipaddress.IPv4Address) else int(address) >> 64


class ListeningSocket(socket.socket):
    """Takes the connections that `Callers` allows, and resets the others."""

    def __init__(self, family: int, callers: Callers) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._callers = callers
        self._taken: list[tuple[socket.socket, Address]] = []
        # Given up for a moment when there is no other: else whoever cannot be taken cannot be refused either.
        self._spare: int | None = os.open(os.devnull, os.O_RDONLY)
        self._said_at = -math.inf

    def accept(self) -> tuple[socket.socket, Any]:
        """As `socket.accept`. Raises BlockingIOError when nobody is taken: the event loop then looks after others."""
        try:
            connection, peer = super().accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            # asyncio would log this as often as the backlog is long, and each second again.
            self._refuse_without_descriptor()
            self._say("a connection cannot be taken: %s", error.strerror)
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
        caller = address_of(peer[0])
        self._taken = [(one, address) for one, address in self._taken if one.fileno() != -1]
        refusal = self._callers.refusal(caller, [address for _, address in self._taken])
        if refusal is not None:
            _reset(connection)
            self._say("a connection from %s was refused: %s", caller, refusal)
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        self._taken.append((connection, caller))
        return connection, peer

    def close(self) -> None:
        """As `socket.close`."""
        self._give_up_spare()
        super().close()

    def _refuse_without_descriptor(self) -> None:
        self._give_up_spare()
        # Another thread may have been quicker; the next caller will do.
        with suppress(OSError):
            _reset(super().accept()[0])
        with suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)

    def _give_up_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _say(self, message: str, *values: object) -> None:
        now = time.monotonic()
        if now - self._said_at >= _SAY_SECONDS:
            self._said_at = now
            _log.warning(message, *values)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()
