"""The API's schema as the dashboard's source has it: `central/web/openapi.json`, of which its types are made.

    python -m tests.central.openapi_file && npm --prefix central/web run types

writes both anew after a change to the API; test_dashboard_build.py says when that is due.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from fastapi import FastAPI

from central.api.app import openapi
from tests.central.web_clients import open_dashboard

WEB = Path(__file__).parents[2] / "central" / "web"
FILE = WEB / "openapi.json"


def schema(app: FastAPI) -> str:
    """The text of the file."""
    described = openapi(app)
    described["info"]["version"] = "0"  # of the package: a release changes no type
    return json.dumps(described, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, open_dashboard(Path(folder)) as dashboard:
        FILE.write_text(schema(dashboard.app), encoding="utf-8")
