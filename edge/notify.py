"""Tells systemd how the service is: the protocol of sd_notify(3), by the standard library."""

from __future__ import annotations

import logging
import socket
import time
from types import TracebackType
from typing import Self

logger = logging.getLogger(__name__)


class Notifier:
    """Sends datagrams to systemd; does nothing where no systemd listens. A context manager."""

    def __init__(self, address: str | None) -> None:
        """address: the value of NOTIFY_SOCKET, a path or "@name" for an abstract socket; None: nobody listens."""
        self._address = address.replace("@", "\0", 1) if address and address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            # A systemd that does not read must not stall the daemon; the next message says it again.
            self._socket.setblocking(False)
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()

    @property
    def listening(self) -> bool:
        """Whether this runs as a service of Type=notify."""
        return self._socket is not None

    def ready(self) -> None:
        """The start, or a reload, is over."""
        self._send("READY=1")

    def reloading(self) -> None:
        """The config is being read again; `ready` ends that."""
        # Type=notify-reload (systemd 253) wants to know when the reload began.
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if self._socket is None or self._address is None:
            return
        try:
            self._socket.sendto(state.encode(), self._address)
        except OSError as error:
            if not self._failed:  # once: without systemd there is nobody to tell
                self._failed = True
                logger.warning("systemd's NOTIFY_SOCKET does not take messages: %s", error.strerror or error)
