"""The dashboard's own files: its built assets for ever, its page for every address that is one of its own."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from central.api.headers import API
from central.api.problems import ProblemError

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
"""The page names the assets of its own build, so that it must never be an old one."""


class Assets(StaticFiles):
    """Their names hold a hash of what is in them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = _FOR_EVER
        return response


def dashboard(folder: Path) -> APIRouter:
    """A router for all that nobody else takes: to be included last."""
    router = APIRouter(include_in_schema=False)
    page = folder / "index.html"

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    def page_or_file(path: str) -> Response:
        if f"/{path}".startswith((f"{API}/", "/ws/", "/assets/")) or f"/{path}" == API:
            raise HTTPException(404)
        named = _within(folder, path)
        if named is not None:
            return FileResponse(named, headers={"Cache-Control": _ASK_FIRST})
        if not page.is_file():
            raise ProblemError(503, "the dashboard is not built here: run `make web`")
        return FileResponse(page, headers={"Cache-Control": _ASK_FIRST})

    return router


def _within(folder: Path, path: str) -> Path | None:
    """A file that lies there, such as the icon; None: there is none of that name."""
    # Looked for by its name in the folder: whatever else a path can say ("..", "%00") is not asked of the disk.
    known = {file.name: file for file in folder.iterdir() if file.is_file()} if folder.is_dir() else {}
    return known.get(path)
