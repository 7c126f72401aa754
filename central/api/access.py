"""Who may use which route: a parameter of each one says so.

    @router.get("/api/devices")
    def devices(user: DeviceViewer, services: Context) -> list[Device]:

`tests/central/test_access_by_route.py` finds a route that says nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from central.accounts.sessions import CurrentUser, Role
from central.accounts.tokens import csrf_token
from central.api.problems import LEGAL_NOTE, ProblemError
from central.api.services import Services

CSRF_HEADER = "X-CSRF-Token"
BACKGROUND_HEADER = "X-Background"
"""With what an open page asks by itself: the session is not prolonged, or it would never end while a tab is open. For
all else, the audit log too, it is like any other request: whoever wants to look sends what they like."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def services(connection: HTTPConnection) -> Services:
    """What the app was made with."""
    given: Services = connection.app.state.services
    return given


Context = Annotated[Services, Depends(services)]


def cookie_name(services: Services) -> str:
    """Browsers take `__Host-` only with Secure, from this very host, and for all of it: nobody else can set it.

    On loopback there is no TLS, and so no Secure.
    """
    return "classpulse" if services.settings.web.plain else "__Host-classpulse"


def session_token(cookies: Mapping[str, str], services: Services) -> str | None:
    """What the browser shows; None: nothing."""
    return cookies.get(cookie_name(services)) or None


def find_user(cookies: Mapping[str, str], services: Services, *, touch: bool = True) -> CurrentUser | None:
    """Who sends these cookies; None: nobody that is logged in. Reads the database. Raises StoreError.

    touch False: what is asked is no use of the session, and does not prolong it.
    """
    token = session_token(cookies, services)
    return None if token is None else services.reception.sessions.find(token, services.clock(), touch=touch)


def address(request: HTTPConnection) -> str:
    """The client's, as far as a trusted proxy or the connection itself tells."""
    return request.client.host if request.client else ""


def nobody() -> ProblemError:
    """Says that the browser has no session."""
    return ProblemError(401, "nobody is logged in here, or no longer; log in again")


def _logged_in(request: Request, services: Context) -> CurrentUser:
    user = find_user(request.cookies, services, touch=BACKGROUND_HEADER not in request.headers)
    if user is None:
        raise nobody()
    token = session_token(request.cookies, services)
    if request.method not in SAFE_METHODS and token is not None:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), csrf_token(token).encode()):
            raise ProblemError(403, f"the header {CSRF_HEADER} is missing or wrong; reload the page")
    return user


LoggedIn = Annotated[CurrentUser, Depends(_logged_in)]
"""Anybody with a session, also before the legal note is accepted."""


def _any(user: LoggedIn) -> CurrentUser:
    if not user.legal_note_accepted:
        raise ProblemError(403, "read and accept the legal note first", kind=LEGAL_NOTE)
    return user


Viewer = Annotated[CurrentUser, Depends(_any)]
"""Anybody who has accepted the legal note."""


def _only(*roles: Role) -> Callable[[CurrentUser], CurrentUser]:
    def check(user: Viewer) -> CurrentUser:
        if user.role not in roles:
            raise ProblemError(403, f"this is not for the role {user.role}; ask an admin")
        return user

    return check


EmotionViewer = Annotated[CurrentUser, Depends(_only("admin", "teacher"))]
"""Those who may see labels, a teacher those of `user.groups` only: ask `user.sees(group)` of each student."""
DeviceViewer = Annotated[CurrentUser, Depends(_only("admin", "technician"))]
Admin = Annotated[CurrentUser, Depends(_only("admin"))]
