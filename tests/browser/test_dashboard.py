"""The dashboard as people use it, in Chromium, with a Mosquitto and a service that are real."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.brokers import wait_until
from tests.browser.running_school import NAME, PASSWORD, RunningSchool, browser_context, logged_in, seen

pytestmark = [pytest.mark.browser, pytest.mark.broker]


def open_classroom(page: Page, classroom: str, name: str) -> Locator:
    """The row of a student in view, on the page of the classroom."""
    page.goto(f"/classrooms/{classroom}")
    return page.get_by_role("list", name="Students in view").get_by_role("listitem").filter(has_text=name)


def test_whoever_is_invited_chooses_a_password_accepts_the_note_and_is_in(
    browser: Browser, school: RunningSchool
) -> None:
    link = school.newcomer("newcomer", "admin")
    with browser_context(browser, school) as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Choose this password").click()
        expect(page.get_by_text("Article 5(1)(f)")).to_be_visible()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        expect(page.get_by_text(NAME)).to_be_visible()
        again = context.new_page()
        again.goto(link)
        expect(again.get_by_role("alert")).to_be_visible()


def test_a_wrong_password_is_refused_in_words(browser: Browser, school: RunningSchool) -> None:
    with browser_context(browser, school) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Account").fill("admin")
        page.get_by_label("Password").fill("not this one, sorry")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text(re.compile("password", re.I))
        expect(page.get_by_role("navigation")).to_have_count(0)


def test_a_label_changes_on_the_page_as_a_message_arrives(browser: Browser, school: RunningSchool) -> None:
    school.enrol("live-1", "Liv Elm", "9a")
    device = school.device("live-room")
    device.observe([seen("live-1", "neutral")])
    with logged_in(browser, school, "admin") as page:
        row = open_classroom(page, "live-room", "Liv Elm")
        expect(row).to_contain_text("neutral")
        device.observe([seen("live-1", "tired")])
        expect(row).to_contain_text("tired")
        expect(row).not_to_contain_text("neutral")
        device.vanish()
        expect(page.get_by_text("offline").first).to_be_visible()


def test_a_late_observation_leaves_the_live_page_as_it_is(browser: Browser, school: RunningSchool) -> None:
    school.enrol("late-1", "Lotte Ash", "9a")
    device = school.device("late-room")
    device.observe([seen("late-1", "happy")])
    with logged_in(browser, school, "admin") as page:
        row = open_classroom(page, "late-room", "Lotte Ash")
        expect(row).to_contain_text("happy")
        device.vanish()
        device.observe([seen("late-1", "angry")])
        device.come_back()
        wait_until(lambda: device.online)
        device.observe([])  # sends what waits, as late
        wait_until(lambda: school.labels_of("late-1") == 2)
        device.observe([seen("late-1", "sad")])
        expect(row).to_contain_text("sad")
        expect(row).not_to_contain_text("angry")


def test_a_csv_file_with_a_mistake_is_refused_by_line_and_one_without_is_imported(
    browser: Browser, school: RunningSchool
) -> None:
    head = "student_id,display_name,group,tags,notes,consent_reference,consent_expires\n"
    good = head + "csv-1,Cora Birch,csv,,,form 7,2027-07-31\n"
    with logged_in(browser, school, "admin") as page:
        page.goto("/students")
        page.get_by_role("button", name="Import").click()
        files = page.locator("input[type=file]")
        files.set_input_files({"name": "class.csv", "mimeType": "text/csv", "buffer": (good + "C 2,,,,,,\n").encode()})
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("line 3").first).to_be_visible()
        files.set_input_files({"name": "class.csv", "mimeType": "text/csv", "buffer": good.encode()})
        dialog.get_by_role("button", name="Import 1").click()
        dialog.get_by_role("button", name="Done").click()
        page.get_by_label("Search").fill("Cora")
        expect(page.get_by_role("link", name="Cora Birch")).to_be_visible()


def test_an_erased_student_is_gone_from_every_page_and_from_the_database(
    browser: Browser, school: RunningSchool
) -> None:
    school.enrol("gone-1", "Gil Rowan", "gone")
    device = school.device("gone-room")
    device.observe([seen("gone-1", "happy"), seen("stays-1", "happy")])
    wait_until(lambda: school.labels_of("gone-1") == 1 and school.labels_of("stays-1") == 1)
    with logged_in(browser, school, "admin") as page:
        page.goto("/students/gone-1")
        page.get_by_role("button", name="Erase").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="Erase for ever")).to_be_disabled()
        dialog.get_by_label("Type gone-1 to confirm").fill("gone-1")
        dialog.get_by_role("button", name="Erase for ever").click()
        expect(page.get_by_text("gone-1 is erased")).to_be_visible()
        expect(page.get_by_text(re.compile("classpulse-edge forget gone-1")).first).to_be_visible()
        device.observe([seen("gone-1", "sad"), seen("stays-1", "happy")])
        wait_until(lambda: school.labels_of("stays-1") == 2)  # what came before it is dealt with too
        page.goto("/classrooms/gone-room")
        expect(page.get_by_text("stays-1")).to_be_visible()
        expect(page.get_by_text("Gil Rowan")).to_have_count(0)
        page.goto("/students/gone-1")
        expect(page.get_by_text("No such student")).to_be_visible()
        expect(page.get_by_text("Gil Rowan")).to_have_count(0)
    assert school.labels_of("gone-1") == 0


def test_a_teacher_sees_the_own_group_live_and_no_other(browser: Browser, school: RunningSchool) -> None:
    school.enrol("mine-1", "Mia Larch", "7b")
    school.enrol("other-1", "Otto Yew", "8a")
    device = school.device("shared-room")
    device.observe([seen("mine-1", "happy"), seen("other-1", "sad")])
    with logged_in(browser, school, "teacher") as page:
        row = open_classroom(page, "shared-room", "Mia Larch")
        expect(row).to_contain_text("happy")
        device.observe([seen("other-1", "angry"), seen("mine-1", "tired")])
        expect(row).to_contain_text("tired")
        expect(page.get_by_text("Otto Yew")).to_have_count(0)
        expect(page.get_by_text("other-1")).to_have_count(0)
        page.goto("/students/other-1")
        expect(page.get_by_text("No such student")).to_be_visible()
        expect(page.get_by_text("Otto Yew")).to_have_count(0)
        for link in ("Devices", "Audit"):
            expect(page.get_by_role("link", name=link)).to_have_count(0)


def test_a_technician_sees_devices_and_no_student(browser: Browser, school: RunningSchool) -> None:
    school.enrol("tech-1", "Tom Fir", "7b")
    device = school.device("tech-room")
    device.observe([seen("tech-1", "happy")])
    device.tell_health()
    with logged_in(browser, school, "technician") as page:
        page.goto("/devices")
        expect(page.get_by_text("tech-room").first).to_be_visible()
        for link in ("Overview", "Students", "Audit"):
            expect(page.get_by_role("link", name=link)).to_have_count(0)
        page.goto("/classrooms/tech-room")
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        expect(page.get_by_text("Tom Fir")).to_have_count(0)


def test_the_page_says_that_it_is_not_live_any_more_and_comes_back(browser: Browser, school: RunningSchool) -> None:
    school.enrol("back-1", "Bo Hazel", "9a")
    device = school.device("back-room")
    device.observe([seen("back-1", "neutral")])
    with logged_in(browser, school, "admin") as page:
        row = open_classroom(page, "back-room", "Bo Hazel")
        expect(row).to_contain_text("neutral")
        expect(page.get_by_text("live", exact=True).first).to_be_visible()
        with school.away():
            expect(page.get_by_text(re.compile("reconnecting|stale", re.I)).first).to_be_visible()
            expect(row).to_contain_text("neutral")
            device.observe([seen("back-1", "happy")])
        expect(row).to_contain_text("happy")
        expect(page.get_by_text("live", exact=True).first).to_be_visible()
