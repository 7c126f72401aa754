"""`python -m tests.browser.screenshots DIR`: every page of the dashboard, of a school that does not exist.

Its observations go the way of all others, through Mosquitto; those of the last weeks as if after an outage.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, expect

from central.simulation.pupils import PREFIX, Pupil, Seat, seats
from edge.records import Observation
from tests.brokers import wait_until
from tests.browser.chromium import chromium
from tests.browser.latency import whole_school
from tests.browser.running_school import RunningSchool, browser_context, logged_in, running_school, seen

ROOMS = {"room-101": "7b", "room-102": "8a"}
_DAYS, _EVERY = 28, timedelta(minutes=3)
_LESSONS = ((8, 10), (10.5, 12), (12.75, 15))
"""Hours of the day there."""
_ZONES = ("Europe/Berlin", "America/New_York", "America/Los_Angeles", "Pacific/Auckland", "Asia/Tokyo", "Asia/Kolkata")
_NOW_SECONDS = 25.0
_LOSSLESS = (cv2.IMWRITE_WEBP_QUALITY, 101)

PAGES = {
    "overview": "/",
    "classroom": "/classrooms/room-101?range=week",
    "groups": "/groups",
    "group": "/groups/7b?range=week",
    "students": "/students",
    "student": "/students/s-01-07?range=month",
    "devices": "/devices",
    "audit": "/audit",
    "settings": "/settings",
    "note": "/note",
}


def zone_of_lessons() -> str:
    """Where it is a weekday's late morning now, or nearly."""

    def distance(name: str) -> float:
        there = datetime.now(ZoneInfo(name))
        return abs(there.hour + there.minute / 60 - 11.5) + 24 * (there.weekday() >= 5)

    return min(_ZONES, key=distance)


def lived_in(school: RunningSchool, zone: ZoneInfo) -> None:
    """Weeks of lessons in two classrooms; then, in every classroom, now."""
    everybody = seats(len(ROOMS), 24)
    for (room, group), number in zip(ROOMS.items(), range(1, len(ROOMS) + 1), strict=True):
        pupils = [one for one in everybody if one.classroom == f"{PREFIX}{number:02d}"]
        for seat in pupils[:-1]:  # the last one is unknown to central
            school.enrol(own_id(seat), seat.name, group, tags=["glasses"] if seat.student_id.endswith("3") else [])
        device = school.device(room)
        device.tell_health()
        device.vanish()
        device.observe(lessons(pupils, zone))
        device.come_back()
        wait_until(lambda device=device: device.online)  # type: ignore[misc]
        device.observe(seen(own_id(seat), Pupil(own_id(seat), 3).observe(10.0) or "neutral") for seat in pupils)
    first = own_id(everybody[0])
    wait_until(lambda: school.labels_of(first) > 100)
    absent = school.device("lab-2")
    absent.tell_health()
    absent.vanish()


def lessons(pupils: list[Seat], zone: ZoneInfo) -> Iterator[Observation]:
    """What they showed in the last weeks, oldest first."""
    behaviour = {own_id(seat): Pupil(own_id(seat), 3) for seat in pupils}
    moment, end = datetime.now(UTC) - timedelta(days=_DAYS), datetime.now(UTC) - timedelta(minutes=2)
    while (moment := moment + _EVERY) < end:
        there = moment.astimezone(zone)
        hour = there.hour + there.minute / 60
        just_now = end - moment < timedelta(minutes=50)
        if just_now or (there.weekday() < 5 and any(start <= hour < stop for start, stop in _LESSONS)):
            for name, pupil in behaviour.items():
                if (label := pupil.observe(hour)) is not None:
                    yield Observation(name, label, moment)


def own_id(seat: Seat) -> str:
    """As of a real school."""
    return seat.student_id.replace(PREFIX, "s-")


def save(page: Page, path: Path, *, whole: bool = True) -> None:
    """Lossless. whole: not only what the window shows."""
    picture = cv2.imdecode(np.frombuffer(page.screenshot(full_page=whole), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert cv2.imwrite(str(path), picture, _LOSSLESS)
    print(path)


def take(browser: Browser, school: RunningSchool, folder: Path, scheme: str) -> None:
    """All pages in one colour scheme."""
    size = {"width": 1280, "height": 800}
    with browser_context(browser, school, color_scheme=scheme, viewport=size) as context:
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        save(page, folder / f"login-{scheme}.webp")
    with logged_in(browser, school, "admin", color_scheme=scheme, viewport=size, reduced_motion="reduce") as page:
        for name, path in PAGES.items():
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            page.wait_for_load_state("networkidle")
            page.evaluate("document.activeElement.blur()")
            save(page, folder / f"{name}-{scheme}.webp")
        page.goto("/students/s-01-07")
        page.get_by_role("button", name="Erase").click()
        expect(page.get_by_role("button", name=re.compile("Erase for ever"))).to_be_visible()
        save(page, folder / f"erase-{scheme}.webp", whole=False)


def narrow(browser: Browser, school: RunningSchool, folder: Path) -> None:
    """On a phone."""
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "device_scale_factor": 2}
    with logged_in(browser, school, "admin", color_scheme="light", **phone) as page:
        page.goto("/classrooms/room-101")
        page.wait_for_load_state("networkidle")
        save(page, folder / "phone.webp", whole=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    zone = zone_of_lessons()
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_school(Path(scratch), zone) as school,
        chromium() as browser,
    ):
        school.account("admin", "admin")
        school.account("m.okafor", "teacher", ["7b"])
        school.account("technician", "technician")
        lived_in(school, ZoneInfo(zone))
        school.import_profiles(4, 22)
        with whole_school(school.broker_port, 4, 22):
            time.sleep(_NOW_SECONDS)
            for scheme in ("light", "dark"):
                take(browser, school, folder, scheme)
            narrow(browser, school, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
