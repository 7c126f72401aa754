"""The dashboard that lies in the repository belongs to the API and to its own source, as far as that shows
without Node; CI builds it anew and compares the bytes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from tests.central import openapi_file
from tests.central.web_clients import Dashboard

STATIC = openapi_file.WEB.parent / "static"


class Named(HTMLParser):
    """What a page loads, and what it says itself in places where the policy forbids it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.files: list[str] = []
        self.inline: list[str] = []
        self._script = False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.files += [address for name in ("src", "href") if (address := given.get(name))]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self._script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)


def test_the_types_of_the_dashboard_are_made_from_the_api_as_it_is(dashboard: Dashboard) -> None:
    written = openapi_file.FILE.read_text(encoding="utf-8")
    assert written == openapi_file.schema(dashboard.app), (
        "the API has changed: python -m tests.central.openapi_file && npm --prefix central/web run types"
    )


def test_all_that_the_page_loads_lies_beside_it() -> None:
    named = Named(STATIC / "index.html").files
    assert named
    assert [address for address in named if not (STATIC / address.removeprefix("/")).is_file()] == []


def test_the_page_holds_nothing_that_the_content_security_policy_forbids() -> None:
    assert Named(STATIC / "index.html").inline == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    styles = "".join(file.read_text(encoding="utf-8") for file in STATIC.glob("assets/*.css"))
    assert styles
    assert re.findall(r"url\(|@import", styles) == []
    assert [address for address in Named(STATIC / "index.html").files if not address.startswith("/")] == []
