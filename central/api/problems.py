"""Errors as the API says them: RFC 9457, `application/problem+json`, never a value that was sent."""

from __future__ import annotations

import http
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from central.accounts.errors import (
    AccountConflictError,
    AccountError,
    CrowdedError,
    InvalidAccountError,
    InvitationError,
    LoginRefusedError,
    ThrottledError,
    UnknownAccountError,
)
from central.api.models.base import FieldProblem, Problem
from central.errors import StoreBusyError
from central.store.people_errors import ListChangedError, PeopleError, StudentConflictError, UnknownStudentError

MEDIA_TYPE = "application/problem+json"
LEGAL_NOTE = "/problems/legal-note"
"""The type by which the dashboard knows that the legal note is to be shown."""
_BUSY_SECONDS = 2

_STATUS: dict[type[AccountError], int] = {
    AccountConflictError: 409,
    InvalidAccountError: 422,
    InvitationError: 404,
    LoginRefusedError: 401,
    UnknownAccountError: 404,
}
_ABOUT_STUDENTS: dict[type[PeopleError], int] = {
    ListChangedError: 422,
    StudentConflictError: 409,
    UnknownStudentError: 404,
}
_SAID = {
    404: "there is nothing here, or nothing that you may see",
    405: "this address does not take that method",
}


class ProblemError(Exception):
    """Raised in a route, becomes the answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "about:blank",
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """detail: what was wrong, and what to do. kind: the type by which a program knows it."""
        super().__init__(detail)
        self.status, self.detail, self.kind, self.errors, self.headers = status, detail, kind, errors, headers

    def response(self) -> Response:
        """The answer."""
        problem = Problem(
            type=self.kind,
            title=http.HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            errors=list(self.errors),
        )
        return Response(problem.model_dump_json(), self.status, self.headers, MEDIA_TYPE)


def not_found(what: str) -> ProblemError:
    """Also for what this viewer may not see: that it exists is not told."""
    return ProblemError(404, f"there is no {what}, or none that you may see")


def wrong_field(where: str, reason: str) -> ProblemError:
    """One value of those that were sent cannot be taken."""
    return ProblemError(422, reason, errors=[FieldProblem(where=where, reason=reason)])


def busy() -> ProblemError:
    """The database did not answer in time."""
    # What SQLite says of it names the file; that is for the journal.
    said = "the database is busy; nothing was changed, try again in a moment"
    return ProblemError(503, said, headers={"Retry-After": str(_BUSY_SECONDS)})


def install(app: FastAPI) -> None:
    """All errors of the app become problems, but for what nobody expected: `central.api.guards.Failures`."""
    app.add_exception_handler(ProblemError, _said)
    app.add_exception_handler(HTTPException, _by_the_framework)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(AccountError, _account)
    app.add_exception_handler(PeopleError, _people)
    app.add_exception_handler(StoreBusyError, _busy)


def _said(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response()


def _by_the_framework(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = _SAID.get(error.status_code, "the request cannot be read")
    return ProblemError(error.status_code, detail, headers=error.headers).response()


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [FieldProblem(where=_where(one["loc"]), reason=str(one["msg"])) for one in error.errors()]
    return ProblemError(422, "what was sent is not valid: see `errors`", errors=errors).response()


def _where(location: Sequence[Any]) -> str:
    """`body.groups.0` is for programs; people know their keys without where they were sent."""
    return ".".join(map(str, location[1:] or location))


def _account(_: Request, error: Exception) -> Response:
    if isinstance(error, ThrottledError):
        return ProblemError(429, str(error), headers={"Retry-After": str(error.retry_after)}).response()
    if isinstance(error, CrowdedError):
        return ProblemError(503, str(error), headers={"Retry-After": str(_BUSY_SECONDS)}).response()
    assert isinstance(error, AccountError)
    return ProblemError(_STATUS[type(error)], str(error)).response()


def _people(_: Request, error: Exception) -> Response:
    assert isinstance(error, PeopleError)
    return ProblemError(_ABOUT_STUDENTS[type(error)], str(error)).response()


def _busy(_: Request, error: Exception) -> Response:
    return busy().response()
