"""For whoever watches over the service: whether it works, and figures."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from pathlib import Path
from typing import Any, Literal

import anyio
import sqlalchemy as sa
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from central.api.access import Context, address
from central.api.models.base import Model
from central.api.problems import ProblemError
from central.errors import StoreError
from central.store.store import Store
from central.store.tables import devices

_log = logging.getLogger(__name__)
router = APIRouter(tags=["operation"])

_PATIENCE_SECONDS = 2.0
_FORWARDED = ("forwarded", "x-forwarded-for")
_FIGURES: dict[int | str, dict[str, Any]] = {
    200: {"description": "In Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


class Healthy(Model):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz(services: Context) -> Healthy:
    """Whether observations are taken in and the database answers; a broker that is away is no fault of this service."""
    if not services.ingest_alive():
        raise ProblemError(503, "what the broker sends is not taken in: restart the service")
    # In a thread that is left behind when the disk hangs; those waiting for one then come to their end here as well.
    with anyio.move_on_after(_PATIENCE_SECONDS):
        try:
            await to_thread.run_sync(_ask, services.store, abandon_on_cancel=True)
        except StoreError as error:
            _log.debug("not healthy: %s", error)
        else:
            return Healthy()
    raise ProblemError(503, "the database does not answer: look at its disk")


@router.get("/metrics", response_class=Response, responses=_FIGURES)
def metrics(request: Request, services: Context) -> Response:
    """Figures for Prometheus, for this machine's own or with the token; nothing about people."""
    if not (_is_local(request) or _shows_token(request, services.settings.web.metrics_token_file)):
        raise ProblemError(
            401,
            "figures are for this machine, and for whoever shows the token in [web] metrics_token_file",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Response(services.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _ask(store: Store) -> None:
    with store.reading() as connection:
        connection.execute(sa.select(sa.exists().select_from(devices)))


def _is_local(request: Request) -> bool:
    # Through a proxy that nobody told central of, everybody seems to come from loopback.
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(address(request)).is_loopback
    except ValueError:
        return False


def _shows_token(request: Request, file: Path | None) -> bool:
    """Raises ProblemError when the file cannot be read. It is read each time: a new token counts at once."""
    if file is None:
        return False
    try:
        token = file.read_bytes().strip()
    except OSError as error:
        _log.error("%s: the token for /metrics cannot be read: %s", file, error.strerror)
        raise ProblemError(503, "the token for /metrics cannot be read; see the journal of the service") from error
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(token) and hmac.compare_digest(shown.strip().encode(), token)
