"""A school as it runs: Mosquitto, `classpulse-central serve`, and people who log in to it by a browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, BrowserContext, Page, expect

from central.session import BrokerSettings
from central.simulation.device import Device
from edge.records import Observation
from tests.brokers import SECONDS, Mosquitto, wait_until
from tests.central.rooms import ROOT, Central

PASSWORD = "a quiet tree by the lake"
NAME = "Hill School"
_SCHOOL = """
[school]
name = "{name}"
timezone = "{zone}"
smallest_group = 3
present_seconds = 3600.0
"""
_EXPECTED = re.compile("Failed to load resource|WebSocket connection to .* failed")
expect.set_options(timeout=SECONDS * 1000)


class RunningSchool:
    """What tests need of it."""

    def __init__(self, central: Central, broker_port: int, service: ExitStack, devices: ExitStack) -> None:
        self._central, self._service, self._devices = central, service, devices
        self._broker = BrokerSettings(host="127.0.0.1", port=broker_port, tls=False)
        self.broker_port = broker_port
        self.address = f"http://127.0.0.1:{central.web_port}"
        self._admin = self._log_in("head", "admin")

    def device(self, classroom: str) -> Device:
        """The classroom's device, online until the end."""
        device = self._devices.enter_context(Device(replace(self._broker, classroom=classroom)))
        wait_until(lambda: device.online)
        return device

    def enrol(self, student_id: str, name: str, group: str, **fields: Any) -> None:
        """A profile, as an admin makes it."""
        body = {"student_id": student_id, "display_name": name, "group": group, "consent_reference": "form 1", **fields}
        self._admin.post("/api/students", json=body).raise_for_status()

    def import_profiles(self, classrooms: int, students: int) -> None:
        """Those of `classpulse-central simulate`."""
        profiles = self._central.config.with_name("profiles.csv")
        simulated = ["--classrooms", str(classrooms), "--students", str(students), "--profiles", str(profiles)]
        self._command("simulate", "--host", "127.0.0.1", *simulated)
        self._command("students", "import", str(profiles), "--apply", "--config", str(self._central.config))

    def account(self, name: str, role: str, groups: Iterable[str] = ()) -> None:
        """Somebody who has chosen `PASSWORD` and accepted the legal note."""
        self._log_in(name, role, groups).close()

    def newcomer(self, name: str, role: str) -> str:
        """The address of an invitation that nobody has opened."""
        return self.address + self._invite(name, role)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The service is killed, and comes back at the end."""
        self._service.close()
        yield
        self._service.enter_context(self._central.running())

    def labels_of(self, student_id: str) -> int:
        """How many observations are stored."""
        return len(self._central.rows(f"SELECT 1 FROM observations WHERE student_id = '{student_id}'"))

    def _invite(self, name: str, role: str, groups: Iterable[str] = ()) -> str:
        of = [part for group in groups for part in ("--group", group)]
        config = ("--config", str(self._central.config))
        link = self._command("account", "invite", name, "--role", role, *of, *config)
        return "/invitation#" + link.strip().rpartition("#")[2]

    def _command(self, *arguments: str) -> str:
        """Run `classpulse-central`; what it wrote."""
        command = [sys.executable, "-m", "central", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _log_in(self, name: str, role: str, groups: Iterable[str] = ()) -> httpx2.Client:
        client = httpx2.Client(base_url=self.address, headers={"Origin": self.address}, timeout=SECONDS)
        token = self._invite(name, role, groups).rpartition("#")[2]
        session = client.post("/api/invitation", json={"token": token, "password": PASSWORD}).raise_for_status().json()
        client.headers["X-CSRF-Token"] = session["csrf_token"]
        client.post("/api/session/legal-note").raise_for_status()
        return client


@contextmanager
def running_school(folder: Path, zone: str = "Europe/Berlin") -> Iterator[RunningSchool]:
    """Everything real, on ports of its own; gone at the end."""
    with Mosquitto(folder) as broker, ExitStack() as service, ExitStack() as devices:
        central = Central(folder, broker.port)
        with central.config.open("a", encoding="utf-8") as config:
            config.write(_SCHOOL.format(name=NAME, zone=zone))
        service.enter_context(central.running())
        yield RunningSchool(central, broker.port, service, devices)


def seen(student_id: str, label: str) -> Observation:
    """Now."""
    return Observation(student_id, label, datetime.now(UTC))


@contextmanager
def logged_in(browser: Browser, school: RunningSchool, account: str, **options: Any) -> Iterator[Page]:
    """A page of somebody who has typed name and password; options: of the browser's context."""
    with browser_context(browser, school, **options) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Account").fill(account)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("navigation").first).to_be_visible()
        yield page


@contextmanager
def browser_context(browser: Browser, school: RunningSchool, **options: Any) -> Iterator[BrowserContext]:
    """Fails at the end if a page reported an error, a script was refused, or it asked another host for anything."""
    wrong: list[str] = []
    context = browser.new_context(base_url=school.address, locale="en-GB", **options)
    context.set_default_timeout(SECONDS * 1000)
    context.on("weberror", lambda error: wrong.append(f"error in the page: {error.error}"))
    context.on(
        "console",
        # What is refused, or cannot be reached, Chromium says itself; which of it may be is the test's business.
        lambda said: wrong.append(said.text) if said.type == "error" and not _EXPECTED.search(said.text) else None,
    )
    context.on(
        "request",
        lambda asked: None if asked.url.startswith(school.address) else wrong.append(f"asked for {asked.url}"),
    )
    try:
        yield context
    finally:
        context.close()
    assert not wrong, wrong
