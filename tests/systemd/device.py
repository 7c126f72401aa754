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

CONFIG = """\
classroom = "room-101"
[authorisation]
basis = "safety"
approved_by = "the tests"
reference = "public-domain portraits of adults"
expires = 2099-12-31
[camera]
source = "/mnt/checkout/edge/demo/classroom.mp4"
loop = true
[recognition]
key_file = "credential:gallery.key"
[report]
interval_seconds = 1.0
minimum_readings = 1
[mqtt]
host = "localhost"
ca_file = "ca.pem"
certificate_file = "room-101.pem"
key_file = "credential:mqtt.key"
[clock]
synchronised = "assumed"
"""

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
