"""The school's side as `systemd/install --central` leaves it, with all of its hardening, on a booted systemd."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.certificates import Authority
from tests.systemd.container import until
from tests.systemd.device import BROKER, CHECKOUT, Device, Release, binds, edited

pytestmark = pytest.mark.systemd

UNIT = "classpulse-central"
DATABASE = "/var/lib/classpulse-central/central.db"
PYTHON = "/opt/classpulse-central/current/bin/python"
PUBLISHER = "/mnt/checkout/tests/systemd/publish_observations.py"
CONFIG = edited(
    (CHECKOUT / "systemd/central.toml").read_text(),
    # A container has no time server.
    {"host = ": 'host = "localhost"', "# synchronised = ": 'synchronised = "assumed"'},
)
"""The shipped example as a school leaves it that writes no more than it must."""
ACCESS = "user central\ntopic read classpulse/#\npattern write classpulse/v1/%u/#\n"
KEEPS_MUCH = "max_queued_messages 100000\n"
PLACES = (
    "/opt/classpulse-central",
    "/etc/classpulse-central",
    "/var/lib/classpulse-central",
    "/usr/local/bin/classpulse-central",
    "/usr/local/lib/systemd",
    "/usr/local/lib/sysusers.d",
    "/etc/systemd/system/multi-user.target.wants/classpulse-central.service",
)
RAISES_WHERE_IT_WOULD_BE_READY = {"edge/notify.py": (r'self\._send\("READY=1"\)', "raise SystemExit(3)")}


class Server(Device):
    """A container with a broker and central beside it."""

    def install(self, release: str, *options: str, check: bool = True) -> CompletedProcess[str]:
        return super().install(release, "--central", *options, check=check)

    def property(self, name: str) -> str:
        return self.run("systemctl", "show", f"--property={name}", "--value", UNIT).stdout.strip()

    def journal(self) -> str:
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={UNIT}").stdout

    def start_service(self) -> None:
        started = self.run("systemctl", "start", UNIT, check=False)
        assert started.returncode == 0, self.journal()

    def publish(self, first: int, last: int) -> None:
        self.run(PYTHON, PUBLISHER, str(first), str(last))

    def sequences(self) -> list[int]:
        """Those stored, in order, as often as they are."""
        query = "SELECT sequence FROM observations ORDER BY sequence"
        script = (
            f"import json, sqlite3; print(json.dumps([s for s, in sqlite3.connect('{DATABASE}').execute('{query}')]))"
        )
        stored: list[int] = json.loads(self.run("runuser", "-u", UNIT, "--", "python3", "-c", script).stdout)
        return stored


@pytest.fixture(scope="session")
def central_installed(rootfs: Path, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The layer that a technician's work leaves: installed and configured; not started."""
    with Server(tmp_path_factory.mktemp("central"), [rootfs], binds(checkout=release)) as server:
        server.write("/etc/hosts", "127.0.0.1 localhost\n")
        server.install("checkout")
        _certificates(server, tmp_path_factory.mktemp("authority"))
        server.write("/etc/mosquitto/conf.d/classpulse.conf", KEEPS_MUCH + BROKER)
        server.write("/etc/mosquitto/tls/acl", ACCESS)
        server.write("/etc/classpulse-central/central.toml", CONFIG)
        # A watchdog that need not be waited for so long.
        hurry = "[Service]\nWatchdogSec=5\nTimeoutAbortSec=2\nRestartSec=1\n"
        server.write("/etc/systemd/system/classpulse-central.service.d/test.conf", hurry)
        server.install("checkout")  # gives what was copied there to the service's group
        server.power_off()
        yield server.written


def _certificates(server: Server, folder: Path) -> None:
    authority = Authority(folder)
    central = authority.issue("central")
    server.write("/etc/classpulse-central/ca.pem", authority.certificate.read_text())
    server.write("/etc/classpulse-central/mqtt.pem", central.certificate.read_text())
    server.write("/etc/classpulse-central/mqtt.key", central.key.read_text())
    server.write("/etc/mosquitto/tls/ca.pem", authority.certificate.read_text())
    pairs = {"broker": authority.issue("broker", host="localhost"), "room-101": authority.issue("room-101")}
    for name, pair in pairs.items():
        server.write(f"/etc/mosquitto/tls/{name}.pem", pair.certificate.read_text())
        server.write(f"/etc/mosquitto/tls/{name}.key", pair.key.read_text())
    server.run("chown", "-R", "mosquitto:", "/etc/mosquitto/tls")


BootServer = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def boot_server(
    rootfs: Path, central_installed: Path, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> BootServer:
    """boot_server(upgrade=release): that server, started again, with other releases at hand as /mnt/upgrade."""

    @contextmanager
    def booted(**others: Release) -> Iterator[Server]:
        layers = [central_installed, rootfs]
        with Server(tmp_path_factory.mktemp("server"), layers, binds(checkout=release, **others)) as server:
            server.run("systemctl", "start", "mosquitto")
            server.start_service()
            until(lambda: "as classpulse-central-late" in server.journal(), "both connections to the broker")
            yield server

    return booted


@pytest.fixture
def server(boot_server: BootServer) -> Iterator[Server]:
    with boot_server() as server:
        yield server


def restarts(server: Server) -> int:
    return int(server.property("NRestarts"))


def test_what_comes_over_tls_is_stored_and_told_in_the_status_line(server: Server) -> None:
    server.publish(1, 50)
    until(lambda: server.sequences() == list(range(1, 51)), "50 rows")
    until(lambda: "50 received, 0 missing" in server.property("StatusText"), "the status line")
    began, ready = (int(server.property(name)) for name in ("ExecMainStartTimestampMonotonic",
                                                            "ActiveEnterTimestampMonotonic"))  # fmt: skip
    print(f"READY {(ready - began) / 1e6:.2f} s after the start of the process")
    assert ": OK: the broker localhost:8883 lets it in" in server.run(UNIT, "check-config", "--broker").stdout
    assert server.property("ActiveState") == "active"


def test_kill_9_during_ingest_loses_nothing_and_doubles_nothing(server: Server) -> None:
    before = restarts(server)
    publisher = server.start(PYTHON, PUBLISHER, "1")
    until(lambda: len(server.sequences()) > 0, "the first rows")
    server.run("systemctl", "kill", "--signal=KILL", UNIT)
    server.restarted(before, "kill -9")
    assert publisher.poll() is None  # it was at work all the time
    publisher.terminate()
    acknowledged = int(publisher.communicate(timeout=60)[0])
    server.publish(acknowledged + 1, acknowledged + 1)
    until(lambda: server.sequences()[-1:] == [acknowledged + 1], "the last row")
    assert server.sequences() == list(range(1, acknowledged + 2))


def test_a_stopped_process_is_restarted_by_the_watchdog_and_nothing_is_lost(server: Server) -> None:
    before = restarts(server)
    server.run("systemctl", "kill", "--signal=STOP", UNIT)
    server.publish(1, 20)
    server.restarted(before, "SIGSTOP")
    assert "Watchdog timeout" in server.journal()
    until(lambda: server.sequences() == list(range(1, 21)), "20 rows")


def test_stop_is_clean_and_what_comes_meanwhile_is_there_after_the_start(server: Server) -> None:
    server.run("systemctl", "stop", UNIT)
    assert (server.property("Result"), server.property("ExecMainStatus")) == ("success", "0")
    server.publish(1, 20)
    server.start_service()
    until(lambda: server.sequences() == list(range(1, 21)), "20 rows")


def test_it_listens_on_loopback_only_answers_there_and_writes_only_to_its_state(server: Server) -> None:
    pid = server.property("MainPID")
    lines = server.run("ss", "--listening", "--tcp", "--udp", "--processes", "--no-header").stdout.splitlines()
    assert any("mosquitto" in line for line in lines)
    assert [line.split()[4] for line in lines if f"pid={pid}," in line] == ["127.0.0.1:8080"]
    ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/healthz').read().decode())"
    assert json.loads(server.run("python3", "-c", ask).stdout) == {"status": "ok"}
    inside = ("nsenter", "--target", pid, "--mount", "setpriv", f"--reuid={UNIT}", f"--regid={UNIT}", "--init-groups",
              "--no-new-privs", "--bounding-set=-all")  # fmt: skip
    found = server.run(*inside, "find", "/", "-path", "/proc", "-prune", "-o", "(", "-type", "d", "-o", "-type", "f",
                       ")", "-writable", "-print", check=False).stdout.split()  # fmt: skip
    assert {path for path in found if not path.startswith("/var/lib/classpulse-central")} == {"/tmp", "/var/tmp"}
    modes = server.run("stat", "--format=%a", DATABASE, "/etc/classpulse-central/mqtt.key").stdout.split()
    assert modes == ["600", "640"]


def test_the_first_admin_comes_in_by_a_link_that_the_command_prints(server: Server) -> None:
    path = server.run(UNIT, "account", "invite", "a.smith", "--role", "admin").stdout.strip()
    assert "/invitation#" in path
    assert server.run("stat", "--format=%U", DATABASE).stdout.strip() == UNIT


def test_a_database_of_a_newer_version_is_left_alone_and_not_tried_again(server: Server) -> None:
    server.run("systemctl", "stop", UNIT)
    newer = (
        f"import sqlite3; c = sqlite3.connect('{DATABASE}'); c.execute('UPDATE alembic_version SET version_num = 9'); "
    )
    server.run("runuser", "-u", UNIT, "--", "python3", "-c", newer + "c.commit()")
    assert server.run("systemctl", "start", UNIT, check=False).returncode != 0
    assert (server.property("ExecMainStatus"), restarts(server)) == ("65", 0)
    assert "a newer version of ClassPulse has written this database" in server.journal()


def test_a_version_that_does_not_get_ready_is_rolled_back(
    boot_server: BootServer, make_release: Callable[..., Release]
) -> None:
    with boot_server(broken=make_release("0.2.0", RAISES_WHERE_IT_WOULD_BE_READY)) as server:
        server.publish(1, 5)
        before = _current(server)
        failed = server.install("broken", "--upgrade", check=False)
        assert failed.returncode == 1
        assert f"Back at ClassPulse {before}" in failed.stderr
        assert _current(server) == before
        server.publish(6, 10)
        until(lambda: server.sequences() == list(range(1, 11)), "all rows")


def _current(server: Server) -> str:
    return Path(server.run("readlink", "/opt/classpulse-central/current").stdout.strip()).name


def test_uninstall_keeps_the_data_and_purge_leaves_nothing(server: Server) -> None:
    server.publish(1, 5)
    until(lambda: len(server.sequences()) == 5, "5 rows")
    done = server.install("checkout", "--uninstall")
    assert "These stay: /etc/classpulse-central" in done.stdout
    assert server.sequences() == [1, 2, 3, 4, 5]
    kept = ("/etc/classpulse-central", "/var/lib/classpulse-central")
    left = server.run("find", *PLACES, check=False).stdout.split()
    assert [path for path in left if not path.startswith(kept)] == []
    server.install("checkout", "--uninstall", "--purge")
    assert server.run("find", *PLACES, check=False).stdout == ""
    assert "classpulse" not in server.run("cat", "/etc/passwd", "/etc/group", "/etc/shadow").stdout


def test_device_and_central_live_on_one_machine(server: Server) -> None:
    """Neither's removal touches the other."""
    server.run("/mnt/checkout/systemd/install", "--offline", "/mnt/checkout-wheels")
    assert server.run("systemctl", "is-enabled", "classpulse-edge", UNIT).stdout.split() == ["enabled", "enabled"]
    server.run("/mnt/checkout/systemd/install", "--uninstall", "--purge")
    server.publish(1, 5)
    until(lambda: len(server.sequences()) == 5, "5 rows")
    assert server.property("ActiveState") == "active"
