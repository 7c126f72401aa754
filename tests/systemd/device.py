"""A device in a container: what is installed, who is enrolled, where its broker is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.systemd.container import Container, until

CHECKOUT = Path(__file__).resolve().parents[2]
STUDENTS = {"s-001": "obama.jpg", "s-002": "biden.jpg", "s-003": "astronaut.png"}
ROOM = "room-101"

EXAMPLE = (CHECKOUT / "systemd" / "edge.toml").read_text(encoding="utf-8")
CLIP = "/mnt/checkout/edge/demo/classroom.mp4"


def edited(text: str, changes: dict[str, str]) -> str:
    """text with each line changed that begins with a key of changes; there must be one such line for each."""
    lines = text.splitlines(keepends=True)
    for before, after in changes.items():
        (at,) = (index for index, line in enumerate(lines) if line.startswith(before))
        lines[at] = f"{after}\n"
    return "".join(lines)


SCHOOLS_CONFIG = edited(
    EXAMPLE,
    {
        # What every school writes; the classroom is room-101 already.
        "expires = ": "expires = 2099-12-31",
        "host = ": 'host = "localhost"',
        # A container has neither camera nor time server.
        "source = ": f'source = "{CLIP}"',
        "# loop = ": "loop = true",
        "# synchronised = ": 'synchronised = "assumed"',
    },
)
"""The shipped example as a technician leaves it who writes no more than he must."""

CONFIG = edited(
    SCHOOLS_CONFIG,
    {"# interval_seconds = 5": "interval_seconds = 1.0", "# minimum_readings = ": "minimum_readings = 1"},
)
"""The same in a hurry."""

BROKER = """\
listener 8883 127.0.0.1
cafile /etc/mosquitto/tls/ca.pem
certfile /etc/mosquitto/tls/broker.pem
keyfile /etc/mosquitto/tls/broker.key
require_certificate true
use_identity_as_username true
acl_file /etc/mosquitto/tls/acl
"""

ACCESS = """\
user school
topic read #
pattern write classpulse/v1/%u/#
"""

TLS = ("--cafile", "/etc/mosquitto/tls/ca.pem", "--cert", "/etc/mosquitto/tls/school.pem", "--key",
       "/etc/mosquitto/tls/school.key")  # fmt: skip
"""How a subscriber says who it is."""


@dataclass(frozen=True)
class Release:
    """A source tree, and the folder of wheels for `--offline`."""

    tree: Path
    wheels: Path


class Device(Container):
    """A container with the installer at hand."""

    def install(self, release: str, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `systemd/install` of the release bound as /mnt/NAME, /mnt/NAME-wheels."""
        offline = () if "--uninstall" in options else ("--offline", f"/mnt/{release}-wheels")
        return self.run(f"/mnt/{release}/systemd/install", *offline, *options, check=check)

    def enrol(self, student: str, picture: str) -> None:
        self.run(
            "runuser", "-u", "classpulse", "--", "classpulse-edge", "enrol", "--consent", "test", student,
            f"/mnt/checkout/edge/demo/portraits/{picture}",
        )  # fmt: skip

    def start_service(self) -> None:
        started = self.run("systemctl", "start", "classpulse-edge", check=False)
        assert started.returncode == 0, self.journal()

    def restarted(self, before: int, because: str) -> None:
        """Wait until systemd has restarted it once more than before, for this reason, and it is ready again."""
        until(lambda: int(self.property("NRestarts")) > before, f"restart after {because}")
        until(lambda: self.property("ActiveState") == "active", "ready after the restart")


Boot = Callable[..., AbstractContextManager[Device]]


def binds(**releases: Release) -> dict[Path, str]:
    bound: dict[Path, str] = {}
    for name, release in releases.items():
        bound[release.tree] = f"/mnt/{name}"
        bound[release.wheels] = f"/mnt/{name}-wheels"
    return bound
