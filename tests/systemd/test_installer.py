"""What `systemd/install` makes, repairs, replaces and takes away."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.systemd.device import CHECKOUT, Boot, Device, Release

pytestmark = pytest.mark.systemd

INSTALL = CHECKOUT / "systemd" / "install"
PLACES = (
    "/opt/classpulse",
    "/etc/classpulse",
    "/var/lib/classpulse",
    "/usr/local/bin/classpulse-edge",
    "/usr/local/lib/systemd",
    "/usr/local/lib/sysusers.d",
    "/etc/systemd/system/multi-user.target.wants/classpulse-edge.service",
)
RAISES_WHERE_IT_WOULD_BE_READY = {"edge/notify.py": (r'self\._send\("READY=1"\)', "raise SystemExit(3)")}


def files(device: Device) -> dict[str, str]:
    """Every file outside of /opt that the installer could have made, with mode, owner and content.

    Not those of the spool, which come and go with what is observed.
    """
    places = [place for place in PLACES if not place.startswith("/opt")]
    listing = device.run("find", *places, "!", "-name", "spool.db*", "-printf", "%p %M %u:%g %l\n", check=False).stdout
    sums = device.run(
        "sh", "-c", f"find {' '.join(places)} -type f ! -name 'spool.db*' -exec sha256sum {{}} + || true"
    ).stdout
    return {line.split()[0]: line for line in listing.splitlines()} | {
        line.split()[1] + "#": line for line in sums.splitlines()
    }


def current(device: Device) -> str:
    return device.run("readlink", "/opt/classpulse/current").stdout.strip()


def test_help_says_what_it_does() -> None:
    done = subprocess.run([INSTALL, "--help"], capture_output=True, text=True, check=True)
    assert "--upgrade" in done.stdout
    assert "--purge" in done.stdout


@pytest.mark.parametrize(
    "options", [["--purge"], ["--offline"], ["--upgrade", "--uninstall"], ["--uninstall", "--offline", "."], ["x"]]
)
def test_wrong_usage_changes_nothing(options: list[str]) -> None:
    done = subprocess.run([INSTALL, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "see --help" in done.stderr


def test_upgrade_of_nothing_is_refused(bare: Device) -> None:
    done = bare.install("checkout", "--upgrade", check=False)
    assert done.returncode == 1
    assert "nothing to upgrade" in done.stderr


def test_second_run_changes_nothing_and_does_not_disturb_the_service(device: Device) -> None:
    before, pid = files(device), device.property("MainPID")
    done = device.install("checkout")
    assert "is installed" in done.stdout
    assert files(device) == before
    assert device.property("MainPID") == pid


def test_run_again_it_repairs_what_is_missing(device: Device) -> None:
    before = files(device)
    device.run("rm", "-r", "/usr/local/bin/classpulse-edge", "/usr/local/lib/systemd", "/opt/classpulse/bin")
    device.run("chmod", "a+rwx", "/etc/classpulse", "/etc/classpulse/mqtt.key")
    device.install("checkout")
    assert files(device) == before
    device.run("systemctl", "restart", "classpulse-edge")


def test_failed_install_leaves_nothing(bare: Device, release: Release, tmp_path: Path) -> None:
    before = files(bare)
    wheels = bare.path("/root/wheels")
    wheels.mkdir(parents=True)
    for wheel in release.wheels.glob("*.whl"):  # all but one that it needs
        if not wheel.name.startswith("paho"):
            (wheels / wheel.name).write_bytes(wheel.read_bytes())
    done = bare.run("/mnt/checkout/systemd/install", "--offline", "/root/wheels", check=False)
    assert done.returncode == 1
    assert "paho-mqtt" in done.stderr
    assert "what was there before is there again" in done.stderr
    assert files(bare) == before
    assert bare.run("ls", "/opt").stdout == ""
    assert bare.run("id", "classpulse", check=False).returncode != 0


def test_another_version_needs_upgrade(boot: Boot, make_release: Callable[..., Release]) -> None:
    with boot(newer=make_release("0.2.0")) as device:
        before = current(device)
        done = device.install("newer", check=False)
        assert done.returncode == 1
        assert "--upgrade" in done.stderr
        assert current(device) == before


def test_upgrade_replaces_the_running_version(boot: Boot, make_release: Callable[..., Release]) -> None:
    with boot(newer=make_release("0.2.0")) as device:
        device.start_service()
        pid = device.property("MainPID")
        device.install("newer", "--upgrade")
        assert current(device).startswith("versions/0.2.0-")
        assert device.run("ls", "/opt/classpulse/versions").stdout.split() == [Path(current(device)).name]
        assert device.property("ActiveState") == "active"
        assert device.property("MainPID") != pid
        assert device.run("classpulse-edge", "students").stdout.count("enrolled") == 3


def test_version_that_does_not_get_ready_is_rolled_back(boot: Boot, make_release: Callable[..., Release]) -> None:
    with boot(broken=make_release("0.2.0", RAISES_WHERE_IT_WOULD_BE_READY)) as device:
        device.start_service()
        before, version = files(device), current(device)
        done = device.install("broken", "--upgrade", check=False)
        assert done.returncode == 1
        assert "did not get ready" in done.stderr
        assert "Back at ClassPulse 0.1.0" in done.stderr
        assert files(device) == before
        assert current(device) == version
        assert device.run("ls", "/opt/classpulse/versions").stdout.split() == [Path(version).name]
        assert device.property("ActiveState") == "active"


def test_version_that_refuses_the_config_is_never_started(boot: Boot, make_release: Callable[..., Release]) -> None:
    stricter = {"edge/config.py": (r"^    reference: Annotated", "    deputy: str\n    reference: Annotated")}
    with boot(stricter=make_release("0.2.0", stricter)) as device:
        device.start_service()
        version, pid = current(device), device.property("MainPID")
        done = device.install("stricter", "--upgrade", check=False)
        assert done.returncode == 1
        assert "authorisation.deputy" in done.stderr
        assert current(device) == version
        assert device.property("MainPID") == pid


def test_uninstall_keeps_the_data_and_says_so(device: Device) -> None:
    gallery = device.run("sha256sum", "/var/lib/classpulse/gallery.bin").stdout
    done = device.install("checkout", "--uninstall")
    assert "These stay: /etc/classpulse" in done.stdout
    left = device.run("find", *PLACES, check=False).stdout.split()
    assert {path for path in left if not path.startswith(("/etc/classpulse", "/var/lib/classpulse"))} == set()
    assert device.run("sha256sum", "/var/lib/classpulse/gallery.bin").stdout == gallery
    assert device.run("systemctl", "cat", "classpulse-edge", check=False).returncode != 0

    device.install("checkout")
    device.start_service()
    assert device.run("classpulse-edge", "students").stdout.count("enrolled") == 3


def test_purge_leaves_nothing(device: Device) -> None:
    device.install("checkout", "--uninstall", "--purge")
    assert device.run("find", *PLACES, check=False).stdout == ""
    assert device.run("ls", "/opt").stdout == ""
    assert "classpulse" not in device.run("cat", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow").stdout
    named = device.run("find", "/", "-xdev", "-name", "*classpulse*", "-not", "-path", "/mnt/*").stdout.split()
    # The broker's is the test's own.
    assert [path for path in named if not path.startswith("/etc/mosquitto/")] == []
