"""At which addresses a browser may have opened the dashboard."""

from __future__ import annotations

import ipaddress

from central.api.tls import names
from central.config import WebSettings

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def allowed_origins(web: WebSettings) -> frozenset[str]:
    """As browsers write them (RFC 6454): from no other page a request is taken. Raises WebError."""
    if web.origin is not None:
        return frozenset({_short(web.origin)})
    if web.certificate_file is None:
        return frozenset(_short(f"http://{host}:{web.port}") for host in _LOOPBACK)
    hosts = [_bracketed(name) for name in names(web.certificate_file)]
    return frozenset(_short(f"https://{host}:{web.port}") for host in hosts)


def _short(origin: str) -> str:
    """Without the port that goes without saying."""
    default = ":443" if origin.startswith("https://") else ":80"
    return origin.removesuffix(default)


def _bracketed(name: str) -> str:
    try:
        return f"[{name}]" if ipaddress.ip_address(name).version == 6 else name
    except ValueError:
        return name
