"""The school's side of the demo: `classpulse-central serve` with its dashboard, and classrooms that nobody sits in."""

from __future__ import annotations

import csv
import json
import secrets
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.demo import DemoError
from edge.demo.cast import CLASSROOM, CONSENT, STUDENTS
from edge.demo.process import Process, run_command

ACCOUNT = "demo"
CLASSROOMS, PUPILS = 4, 22
"""Simulated ones, beside the clip's."""
_INTERVAL_SECONDS = 4.0
_USUAL_PORT = 8080
_START_SECONDS = 60.0
_ANSWER_SECONDS = 10.0

_CONFIG = """\
# Written by `classpulse-edge demo`; deleted when it ends.
[mqtt]
host = "127.0.0.1"
port = {broker}
tls = false

[store]
path = {database}

[web]
port = {web}

[school]
name = "Demo school"
smallest_group = 3
present_seconds = 20.0

[clock]
synchronised = "assumed"
"""


@dataclass(frozen=True)
class Dashboard:
    """Where it is, and how to get in."""

    address: str
    password: str
    """Of the account `ACCOUNT`; made up for this demo, and gone with it."""
    serve: Process
    simulation: Process

    def complaints(self) -> list[str]:
        """What is not as it should be, by the service's own figures."""
        for name, part in (("dashboard's service", self.serve), ("simulation", self.simulation)):
            if not part.running:
                return [f"the {name} ended by itself:\n{part.log_tail()}"]
        wanted = f'classpulse_observations_received_total{{classroom="{CLASSROOM}"}}'
        for line in _ask(f"{self.address}/metrics").splitlines():
            if line.startswith(wanted) and float(line.split()[-1]) > 0:
                return []
        return [f"the dashboard's service received nothing of the classroom {CLASSROOM}"]


@contextmanager
def school(folder: Path, broker_port: int) -> Iterator[Dashboard]:
    """Serve the dashboard on the loopback interface. Raises DemoError when a part of it does not start."""
    port = _free_port()
    config = folder / "central.toml"
    config.write_text(_CONFIG.format(broker=broker_port, web=port, database=json.dumps(str(folder / "central.db"))))
    address = f"http://127.0.0.1:{port}"
    broker = ("--host", "127.0.0.1", "--port", str(broker_port), "--no-tls")
    pupils = ("--classrooms", str(CLASSROOMS), "--students", str(PUPILS))
    with ExitStack() as parts:
        serve = parts.enter_context(Process(folder / "central.log", "central", "serve", "--config", str(config)))
        _wait_until_up(address, serve)
        profiles = folder / "profiles.csv"
        run_command("making up students", "central", "simulate", *broker, *pupils, "--profiles", str(profiles))
        _add_cast(profiles)
        of_config = ("--config", str(config))
        run_command("importing profiles", "central", "students", "import", str(profiles), "--apply", *of_config)
        link = run_command("making an account", "central", "account", "invite", ACCOUNT, "--role", "admin", *of_config)
        password = _choose_password(address, link.strip().rpartition("#")[2])
        speed = ("--interval", str(_INTERVAL_SECONDS))
        simulation = parts.enter_context(
            Process(folder / "simulate.log", "central", "simulate", *broker, *pupils, *speed)
        )
        yield Dashboard(address, password, serve, simulation)


def _wait_until_up(address: str, serve: Process) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            _ask(f"{address}/healthz")
        except DemoError as error:
            if not serve.running:
                raise DemoError(f"the dashboard's service does not start:\n{serve.log_tail()}") from error
            if time.monotonic() > until:
                raise DemoError(f"the dashboard did not answer within {_START_SECONDS:.0f} s") from error
            time.sleep(0.05)
        else:
            return


def _add_cast(profiles: Path) -> None:
    """The people of the clip, to the simulated ones."""
    with profiles.open("a", encoding="utf-8", newline="") as file:
        for student in STUDENTS:
            csv.writer(file).writerow([student.student_id, student.name, "clip", "", "", CONSENT, ""])


def _choose_password(address: str, token: str) -> str:
    """Accept the invitation as its owner would, with a password that nobody could guess."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    body = json.dumps({"token": token, "password": password}).encode()
    headers = {"Content-Type": "application/json", "Origin": address}
    _ask(urllib.request.Request(f"{address}/api/invitation", body, headers))
    return password


def _ask(request: str | urllib.request.Request) -> str:
    """What the service answers. Raises DemoError where it does not, or refuses."""
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise DemoError(f"the dashboard answers {error.code}: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise DemoError(f"the dashboard does not answer: {error}") from error


def _free_port() -> int:
    """The usual one, or any that is free."""
    for port in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise DemoError("no TCP port is free on the loopback interface")
