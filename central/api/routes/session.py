"""Logging in and out, invitations, one's own password, the legal note."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from central.accounts.errors import LoginRefusedError, WeakPasswordError
from central.accounts.sessions import LONGEST, CurrentUser
from central.accounts.tokens import csrf_token
from central.api.access import Context, LoggedIn, Viewer, address, cookie_name, find_user, session_token
from central.api.models.accounts import Invitation, InvitedAccount, Login, PasswordChange, School, SessionView
from central.api.problems import ProblemError, wrong_field
from central.api.services import Services

router = APIRouter(prefix="/api", tags=["session"])


@router.get("/session")
def show_session(user: LoggedIn, request: Request, services: Context) -> SessionView:
    """Who is logged in."""
    return _view(user, session_token(request.cookies, services) or "", services)


@router.post("/session")
def log_in(login: Login, request: Request, response: Response, services: Context) -> SessionView:
    """A new session; one that this browser had before ends."""
    token = services.reception.door.login(
        login.account.strip().lower(), login.password, address(request), services.clock()
    )
    return _entered(token, request, response, services)


@router.delete("/session", status_code=204, response_class=Response)
def log_out(user: LoggedIn, request: Request, response: Response, services: Context) -> None:
    """The session ends, here and in the database."""
    services.reception.sessions.end(session_token(request.cookies, services) or "")
    services.audit.note(services.clock(), user.account, "logout")
    response.delete_cookie(
        cookie_name(services), secure=not services.settings.web.plain, httponly=True, samesite="strict"
    )


@router.post("/session/legal-note")
def accept_legal_note(user: LoggedIn, request: Request, services: Context) -> SessionView:
    """Accept what a label is and is not, and what the law asks of whoever looks at them."""
    if not user.legal_note_accepted:
        services.reception.accounts.accept_legal_note(user.account, services.clock())
    return _view(_again(request.cookies, services), session_token(request.cookies, services) or "", services)


@router.post("/session/password")
def change_password(
    change: PasswordChange, user: Viewer, request: Request, response: Response, services: Context
) -> SessionView:
    """A new password, and a new session; all others of the account end."""
    try:
        token = services.reception.door.change_password(
            user.account, change.current, change.new, address(request), services.clock()
        )
    except LoginRefusedError as error:
        # Not 401, by which the dashboard knows that a session has ended.
        raise wrong_field("current", "this is not your password") from error
    except WeakPasswordError as error:
        raise wrong_field("new", str(error)) from error
    return _entered(token, request, response, services)


@router.get("/invitation")
def show_invitation(x_invitation: Annotated[str, Header(max_length=128)], services: Context) -> InvitedAccount:
    """Whom a link is for. Its token comes in a header, since addresses are written to logs."""
    account, role = services.reception.door.invited(x_invitation, services.clock())
    return InvitedAccount(account=account, role=role)


@router.post("/invitation")
def redeem_invitation(invitation: Invitation, request: Request, response: Response, services: Context) -> SessionView:
    """Choose the account's password, and be logged in with it. The link then no longer works."""
    try:
        token = services.reception.door.redeem(
            invitation.token, invitation.password, address(request), services.clock()
        )
    except WeakPasswordError as error:
        raise wrong_field("password", str(error)) from error
    return _entered(token, request, response, services)


def _entered(token: str, request: Request, response: Response, services: Services) -> SessionView:
    before = session_token(request.cookies, services)
    if before is not None:
        services.reception.sessions.end(before)
    name, plain = cookie_name(services), services.settings.web.plain
    response.set_cookie(
        name, token, max_age=int(LONGEST.total_seconds()), secure=not plain, httponly=True, samesite="strict"
    )
    return _view(_again({name: token}, services), token, services)


def _again(cookies: dict[str, str], services: Services) -> CurrentUser:
    user = find_user(cookies, services)
    if user is None:
        raise ProblemError(401, "the session has ended meanwhile; log in again")
    return user


def _view(user: CurrentUser, token: str, services: Services) -> SessionView:
    school = services.settings.school
    return SessionView(
        account=user.account,
        role=user.role,
        groups=sorted(user.groups),
        csrf_token=csrf_token(token),
        legal_note_accepted=user.legal_note_accepted,
        expires_at=user.expires_at,
        school=School(
            name=school.name,
            timezone=school.timezone,
            smallest_group=school.smallest_group,
            present_seconds=school.present_seconds,
        ),
    )
