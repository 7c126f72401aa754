"""A device as `systemd/install` leaves it, in a container; built once, and booted afresh for every test."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.brokers import MOSQUITTO
from tests.certificates import Authority
from tests.systemd.container import PYTHONS, TOOLS, make_rootfs
from tests.systemd.device import ACCESS, BROKER, CHECKOUT, CONFIG, ROOM, STUDENTS, Boot, Device, Release, binds

SUITE = os.environ.get("CLASSPULSE_SUITE", "bookworm")
"""The Debian in the container, one of `PYTHONS`."""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what takes minutes to make is kept: CLASSPULSE_ROOTFS, if it is set."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing or MOSQUITTO is None:
        pytest.skip(f"needs root, mosquitto, and {', '.join(TOOLS)} (Debian: mmdebstrap, systemd-container)")
    if sys.version_info[:2] != PYTHONS[SUITE]:
        version = ".".join(map(str, PYTHONS[SUITE]))
        pytest.skip(f"needs Python {version}, like Debian {SUITE} in the container: wheels are built here")
    folder = Path(os.environ.get("CLASSPULSE_ROOTFS") or tmp_path_factory.mktemp("cache"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def rootfs(cache: Path) -> Path:
    folder = cache / f"rootfs-{SUITE}"
    if not folder.exists():
        make_rootfs(folder, SUITE)
    return folder


@pytest.fixture(scope="session")
def release(cache: Path) -> Release:
    """This checkout."""
    wheels = cache / f"wheels-{SUITE}"
    if not wheels.exists():
        fresh = wheels.with_suffix(".new")  # what was cut off is no folder of wheels
        shutil.rmtree(fresh, ignore_errors=True)
        _pip_wheel(CHECKOUT, fresh)
        fresh.rename(wheels)
    for stale in wheels.glob("classpulse-*.whl"):
        stale.unlink()
    _pip_wheel(CHECKOUT, wheels, "--no-deps")
    return Release(CHECKOUT, wheels)


@pytest.fixture(scope="session")
def make_release(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Release]:
    """make_release(version, {file: (pattern, replacement)}): this checkout under another version, changed."""

    def make(version: str, changes: dict[str, tuple[str, str]] | None = None) -> Release:
        tree = tmp_path_factory.mktemp("tree") / "classpulse"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "keras", "tests", "*.pyc")
        shutil.copytree(CHECKOUT, tree, ignore=ignored)
        version_line = (r'^version = ".*"$', f'version = "{version}"')
        for name, (pattern, replacement) in {"pyproject.toml": version_line, **(changes or {})}.items():
            text, count = re.subn(pattern, replacement, (tree / name).read_text(), flags=re.MULTILINE)
            assert count == 1, f"{name}: {pattern} stands there {count} times"
            (tree / name).write_text(text)
        wheels = tmp_path_factory.mktemp("wheels")
        for wheel in release.wheels.glob("*.whl"):
            if not wheel.name.startswith("classpulse-"):
                (wheels / wheel.name).hardlink_to(wheel)
        _pip_wheel(tree, wheels, "--no-deps")
        return Release(tree, wheels)

    return make


def _pip_wheel(tree: Path, wheels: Path, *options: str) -> None:
    """As docs/install.md tells, for a device and for the school's side."""
    (told,) = re.findall(r"^ {4}python3 (-m pip wheel .*)$", (CHECKOUT / "docs/install.md").read_text(), re.MULTILINE)
    arguments = [str(wheels) if argument == "wheels" else argument for argument in shlex.split(told)]
    assert str(wheels) in arguments, told
    subprocess.run(
        [sys.executable, *arguments, "--quiet", "--disable-pip-version-check", *options], cwd=tree, check=True
    )


@pytest.fixture
def bare(rootfs: Path, release: Release, tmp_path: Path) -> Iterator[Device]:
    """A Debian that has never seen ClassPulse."""
    folder = tmp_path / "bare"
    folder.mkdir()
    with Device(folder, [rootfs], binds(checkout=release)) as device:
        yield device


@pytest.fixture(scope="session")
def installed(rootfs: Path, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The layer that a technician's work leaves: installed, configured, three students enrolled; not started."""
    device = Device(tmp_path_factory.mktemp("installed"), [rootfs], binds(checkout=release))
    with device:
        device.write("/etc/hosts", "127.0.0.1 localhost\n")
        device.install("checkout")
        _certificates(device, tmp_path_factory.mktemp("authority"))
        device.write("/etc/mosquitto/conf.d/classpulse.conf", BROKER)
        device.write("/etc/mosquitto/tls/acl", ACCESS)
        device.write("/etc/classpulse/edge.toml", CONFIG, 0o640)
        device.install("checkout")  # gives what was copied there to the service's group
        for student, picture in STUDENTS.items():
            device.enrol(student, picture)
        device.power_off()
        yield device.written


def _certificates(device: Device, folder: Path) -> None:
    authority = Authority(folder)
    ca = authority.certificate.read_text()
    room, school = authority.issue(ROOM), authority.issue("school")
    broker = authority.issue("broker", host="localhost")
    device.write("/etc/classpulse/ca.pem", ca)
    device.write("/etc/classpulse/mqtt.pem", room.certificate.read_text())
    device.write("/etc/classpulse/mqtt.key", room.key.read_text())
    device.write("/etc/mosquitto/tls/ca.pem", ca)
    for name, pair in {"broker": broker, "school": school}.items():
        device.write(f"/etc/mosquitto/tls/{name}.pem", pair.certificate.read_text())
        device.write(f"/etc/mosquitto/tls/{name}.key", pair.key.read_text())
    device.run("chown", "-R", "mosquitto:", "/etc/mosquitto/tls")


@pytest.fixture
def boot(rootfs: Path, installed: Path, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Boot:
    """boot(upgrade=release): that device, started again, with other releases at hand as /mnt/upgrade."""

    @contextmanager
    def booted(**others: Release) -> Iterator[Device]:
        folder = tmp_path_factory.mktemp("device")
        with Device(folder, [installed, rootfs], binds(checkout=release, **others)) as device:
            device.run("systemctl", "start", "mosquitto")
            yield device

    return booted


@pytest.fixture
def device(boot: Boot) -> Iterator[Device]:
    """That device, the service ready and with a watchdog that need not be waited for so long."""
    with boot() as device:
        device.write(
            "/etc/systemd/system/classpulse-edge.service.d/test.conf",
            "[Service]\nWatchdogSec=5\nTimeoutAbortSec=2\nRestartSec=1\n",
        )
        device.run("systemctl", "daemon-reload")
        device.start_service()
        yield device
