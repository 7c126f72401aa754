"""What every answer tells the browser, after OWASP's HTTP Headers Cheat Sheet and Secure Headers Project."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/api"
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page: opened as one all the same, it can do nothing."""
_UNUSED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""Features of browsers that a script of ours never asks for, so that none that is not ours gets them."""
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "no-referrer",  # an address may hold a student's ID
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_TLS_ONLY = "max-age=31536000"
"""A year. Not includeSubDomains: they are the school's own matter."""


class Headers:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        """tls: browsers come by HTTPS, and shall never come otherwise."""
        self._app, self._tls = app, tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope["path"], MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _add(self, path: str, headers: MutableHeaders) -> None:
        for name, value in _FIXED.items():
            headers[name] = value
        page = headers.get("content-type", "").startswith("text/html")
        headers["Content-Security-Policy"] = _PAGE_POLICY if page else _API_POLICY
        if self._tls:
            headers["Strict-Transport-Security"] = _TLS_ONLY
        if "cache-control" not in headers:
            # Names and labels are in no cache, not even the browser's: at a shared computer somebody presses "back".
            headers["Cache-Control"] = "no-store"
