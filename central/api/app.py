"""The HTTP side: which routes there are, and what stands before them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.requests import HTTPConnection

from central.api import problems, socket
from central.api.access import Viewer, find_user, nobody
from central.api.bodies import Bodies
from central.api.guards import Failures, Guard
from central.api.headers import API, Headers
from central.api.metrics import MeasuredApp
from central.api.models.base import Problem
from central.api.routes import (
    accounts,
    audit,
    classrooms,
    devices,
    exports,
    groups,
    health,
    overview,
    session,
    settings,
    student_history,
    students,
)
from central.api.services import Services
from central.api.static_files import Assets, dashboard
from central.errors import StoreBusyError
from edge.version import installed_version

_MEBIBYTE = 1024 * 1024
_LARGER = {f"{API}/student-imports": (4 * _MEBIBYTE, "text/csv")}
"""A school's students, with their notes."""
_ROUTERS = (
    session.router,
    overview.router,
    classrooms.router,
    groups.router,
    students.router,
    student_history.router,
    exports.router,
    devices.router,
    accounts.router,
    audit.router,
    settings.router,
    health.router,
    socket.router,
)
_PROBLEM: dict[str, Any] = {
    "description": "What was wrong, and what to do.",
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# An OpenTelemetry exporter that the environment names would be sent paths, which hold student IDs, and what was typed.
_NOTHING_TOLD: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(services: Services) -> FastAPI:
    """The app, which has no state of its own: all of it is in services."""
    app = FastAPI(
        title="ClassPulse",
        version=installed_version(),
        # Its documentation pages would fetch scripts from elsewhere; who is logged in gets the schema below.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name_of_the_function,
        telemetry=_NOTHING_TOLD,
        responses={"4XX": _PROBLEM, "422": _PROBLEM, "5XX": _PROBLEM},
    )
    app.state.services = services

    async def somebody(asking: HTTPConnection) -> None:
        try:
            user = await run_in_threadpool(find_user, asking.cookies, services, touch=False)
        except StoreBusyError as error:
            raise problems.busy() from error
        if user is None:
            raise nobody()

    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router)

    @app.get(f"{API}/openapi.json", include_in_schema=False)
    def schema(user: Viewer) -> dict[str, Any]:
        return openapi(app)

    if (services.static / "assets").is_dir():  # else they are not built
        app.mount("/assets", Assets(directory=services.static / "assets"))
    app.include_router(dashboard(services.static))
    # The last one added is the first to see a request.
    app.add_middleware(Guard, origins=services.origins, bodies=Bodies(_LARGER, somebody))
    app.add_middleware(Failures)
    app.add_middleware(Headers, tls=not services.settings.web.plain)
    app.add_middleware(MeasuredApp, metrics=services.metrics)
    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """The schema of the API."""
    described = app.openapi()
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    for name, shape in {**problem.pop("$defs"), "Problem": problem}.items():
        described["components"]["schemas"].setdefault(name, shape)
    return described


def _name_of_the_function(route: APIRoute) -> str:
    return route.name
