"""Every page by axe, light and dark, wide and narrow: WCAG 2.2 A and AA, and its best practices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from edge.records import LABELS, Observation
from tests.brokers import wait_until
from tests.browser.running_school import RunningSchool, browser_context, logged_in

pytestmark = [pytest.mark.browser, pytest.mark.broker]

PAGES = {
    "/": "Overview",
    "/classrooms/axe-room": "axe-room",
    "/groups": "Groups",
    "/groups/axe": "axe",
    "/students": "Students",
    "/students/axe-1": "Axel Pine",
    "/devices": "Devices",
    "/audit": "Audit",
    "/settings": "Settings",
    "/note": "What labels are",
    "/nowhere": "Not found",
}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "is_mobile": True},
}


@pytest.fixture(scope="module")
def lived_in(school: RunningSchool) -> RunningSchool:
    """With something on every page."""
    for number, name in enumerate(("Axel Pine", "Anna Oak", "Ayo Ivy", "Alma Elm"), 1):
        school.enrol(f"axe-{number}", name, "axe", tags=["choir"], notes="Sits at the back.")
    device = school.device("axe-room")
    now = datetime.now(UTC)
    device.observe(
        Observation(f"axe-{student}", LABELS[(student + ago // 7) % 5], now - timedelta(minutes=ago))
        for ago in range(50, -1, -1)
        for student in (1, 2, 3, 4, 5)
    )
    device.tell_health()
    wait_until(lambda: school.labels_of("axe-5") == 51)
    return school


@pytest.fixture(params=LOOKS)
def page(request: pytest.FixtureRequest, browser: Browser, lived_in: RunningSchool) -> Iterator[Page]:
    with logged_in(browser, lived_in, "admin", **LOOKS[request.param], reduced_motion="reduce") as page:
        yield page


def violations(page: Page) -> str:
    """In words; empty where there are none."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""


def test_every_page_is_without_violations_and_no_wider_than_the_screen(page: Page) -> None:
    wrong = {}
    for path, heading in PAGES.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        page.wait_for_load_state("networkidle")
        if found := violations(page):
            wrong[path] = found
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wrong[f"{path} (width)"] = "scrolls sideways"
    assert not wrong, "\n".join(f"{path}: {found}" for path, found in wrong.items())


def test_dialogs_are_without_violations_and_take_the_focus(page: Page) -> None:
    page.goto("/students/axe-1")
    for name in ("Edit", "Erase"):
        page.get_by_role("button", name=name, exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
        assert not violations(page)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


def test_login_and_invitation_are_without_violations(browser: Browser, school: RunningSchool) -> None:
    for look in LOOKS.values():
        with browser_context(browser, school, **look) as context:
            page = context.new_page()
            for path in ("/", school.newcomer("invited", "teacher").removeprefix(school.address)):
                page.goto(path)
                expect(page.get_by_label("Password").first).to_be_visible()
                assert not violations(page), path


def test_the_whole_shell_can_be_walked_by_keyboard(browser: Browser, lived_in: RunningSchool) -> None:
    with logged_in(browser, lived_in, "admin") as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.keyboard.press("Tab")
        focused = "document.activeElement.textContent"
        assert "Skip" in page.evaluate(focused)
        reached = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.add(page.evaluate(focused).strip())
        assert {"Overview", "Students", "Devices", "Settings"} <= reached
