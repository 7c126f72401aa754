"""Serves the dashboard and its API on a thread of its own, beside the ingest."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn

from central.api import tls
from central.api.callers import Callers, ListeningSocket, address_of
from central.api.origins import allowed_origins
from central.api.protocols import RequestProtocol, SocketProtocol
from central.config import WebSettings
from central.errors import WebError
from edge.watchdog import Heartbeat

_log = logging.getLogger(__name__)

_BEAT_SECONDS = 1
_CERTIFICATE_SECONDS = 60.0
"""So often it is looked whether the certificate was renewed."""
_STOP_SECONDS = 5
"""For requests under way, when the service stops."""
_IDLE_SECONDS = 10
"""So long a connection may have no request under way, and the head of one may take."""
_LARGEST_TEXT = 1024
"""Bytes that a browser may send by a socket, to which it has nothing to say."""
_FREEBIND = getattr(socket, "IP_FREEBIND", 15)
"""Linux, ip(7): an address that the network has not given to this machine yet may be listened on all the same."""


def listen(web: WebSettings, *, ahead: bool = True) -> socket.socket:
    """A socket that is bound, and does not listen yet. Raises WebError.

    ahead: also to an address that this machine does not have yet, as when it boots before its network is up.
    """
    family = socket.AF_INET6 if ":" in web.listen else socket.AF_INET
    bound = ListeningSocket(family, Callers(web.behind_proxy))
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ahead:
            bound.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)
        bound.bind((web.listen, web.port))
    except OSError as error:
        bound.close()
        where = f"{web.listen}:{web.port}"
        match error.errno:
            case errno.EADDRINUSE:
                raise PortTakenError(
                    f"{where}: another program listens there already; write another web.port, or stop that program "
                    f"(sudo ss --listening --tcp --processes 'sport = {web.port}')"
                ) from error
            case errno.EADDRNOTAVAIL:
                raise WebError(f"{where}: this machine has no such address; write one of `ip address`") from error
        raise WebError(f"{where}: nobody can listen there: {error.strerror}") from error
    return bound


class PortTakenError(WebError):
    """Another program, or another central, listens there."""


class Entrance:
    """The dashboard's port, and the certificate shown there; a context manager that gives the port back.

    Nobody is answered before there is a server: whoever connects is refused, and does not wait.
    """

    def __init__(self, web: WebSettings) -> None:
        """Read the certificate and take the port. Raises WebError."""
        self.web = web
        self._files = (web.certificate_file, web.key_file)
        self.tls: ssl.SSLContext | None = None
        self._shown_since = self._changed_at()
        allowed_origins(web)  # a certificate that names none is of no use either
        if web.certificate_file is not None and web.key_file is not None:
            self.tls = tls.tls_context(web.certificate_file, web.key_file)
        self.socket = listen(web)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def renew(self) -> None:
        """Show a renewed certificate without a restart."""
        changed_at = self._changed_at()
        certificate, key = self._files
        if self.tls is None or changed_at == self._shown_since or certificate is None or key is None:
            return
        self._shown_since = changed_at
        try:
            tls.tls_context(certificate, key)  # of what does not fit together a context would keep one half
            tls.load(self.tls, certificate, key)
        except WebError as error:
            _log.error("%s; browsers are shown the one before", error)
        else:
            _log.info("browsers are shown the certificate that is in %s now", certificate)

    def _changed_at(self) -> tuple[int, ...]:
        try:
            return tuple(file.stat().st_mtime_ns for file in self._files if file is not None)
        except OSError:  # between the old one and the new one; or for good, which is said once it is needed
            return ()


class WebServer:
    """An application behind a port; a context manager that returns once it answers."""

    def __init__(
        self,
        app: Any,
        entrance: Entrance,
        heartbeat: Heartbeat,
        closing: Callable[[], None] = lambda: None,
        *,
        look_seconds: float = _CERTIFICATE_SECONDS,
    ) -> None:
        """closing: asks open sockets to end; look_seconds: between looks at the certificate."""
        self._look_seconds = look_seconds
        self._entrance, self._heartbeat, self._closing = entrance, heartbeat, closing
        self._looked_at = time.monotonic()
        self._server = uvicorn.Server(self._config(app))
        self._thread = threading.Thread(target=self._run, name="web")

    def _config(self, app: Any) -> uvicorn.Config:
        context = self._entrance.tls
        proxy = self._entrance.web.behind_proxy
        return uvicorn.Config(
            app,
            # Its own lines would go beside the journal, and those of requests hold student IDs.
            log_config=None,
            access_log=False,
            server_header=False,
            loop="asyncio",  # another one would not take connections by the socket's own `accept`
            http=RequestProtocol,
            ws=SocketProtocol,
            ws_max_size=_LARGEST_TEXT,
            proxy_headers=proxy is not None,
            forwarded_allow_ips=[str(address_of(proxy))] if proxy is not None else [],
            timeout_keep_alive=_IDLE_SECONDS,
            ssl_context_factory=None if context is None else lambda *_: context,
            timeout_notify=_BEAT_SECONDS,
            callback_notify=self._beat,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )

    def __enter__(self) -> Self:
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        if not self._server.started:
            raise WebError("the dashboard could not be started; why, stands above")
        web = self._entrance.web
        scheme = "http" if self._entrance.tls is None else "https"
        _log.info("the dashboard is at %s", web.origin or f"{scheme}://{web.listen}:{web.port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing()
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        self._heartbeat.beat()
        try:
            self._server.run(sockets=[self._entrance.socket])
        except (Exception, SystemExit):
            # Not rested: the watchdog starts the whole service again.
            _log.exception("the dashboard's thread has ended")
        else:
            self._heartbeat.rest()

    async def _beat(self) -> None:
        self._heartbeat.beat()
        now = time.monotonic()
        if now - self._looked_at >= self._look_seconds:
            self._looked_at = now
            self._entrance.renew()
