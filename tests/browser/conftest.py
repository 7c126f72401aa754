"""One school for all tests of the dashboard; each test has classrooms and students of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.brokers import MOSQUITTO

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.running_school import RunningSchool


# Not of the session: as long as Playwright is there an event loop runs, in which other tests cannot begin one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from tests.browser.chromium import CHROMIUM, chromium

    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSchool]:
    from tests.browser.running_school import running_school

    if MOSQUITTO is None:
        pytest.skip("needs Mosquitto")
    with running_school(tmp_path_factory.mktemp("school")) as school:
        school.account("admin", "admin")
        school.account("technician", "technician")
        school.account("teacher", "teacher", ["7b"])
        yield school
