"""`classpulse-central serve` between a Mosquitto and a database, both of which fail now and then."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.brokers import MOSQUITTO, SECONDS, Mosquitto, wait_until
from tests.central.rooms import Central, Endless, Room
from tests.central.test_history_migration import as_it_was
from tests.certificates import Authority

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed"),
]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
def central(tmp_path: Path, broker: Mosquitto) -> Central:
    return Central(tmp_path, broker.port)


@pytest.fixture
def room(broker: Mosquitto) -> Iterator[Room]:
    with Room(broker.port) as room:
        yield room


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes and does not come to an end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_what_a_classroom_publishes_is_stored(central: Central, room: Room) -> None:
    with central.running():
        room.send("status", b"online", retain=True)
        room.observe([1, 2, 4])
        room.observe([3], late=True)
        room.observe([4])  # again, as after a lost connection
        room.send("health", b'{"spool_depth": 0}')
        wait_until(lambda: central.rows("SELECT health FROM devices") == [('{"spool_depth": 0}',)])
        wait_until(lambda: len(central.sequences()) == 4)
        assert central.rows("SELECT sequence, late FROM observations ORDER BY sequence") == [
            (1, 0), (2, 0), (3, 1), (4, 0),
        ]  # fmt: skip
        assert central.rows("SELECT classroom, online FROM devices") == [("room-101", 1)]


def test_the_dashboard_answers_and_a_taken_port_ends_the_start(central: Central) -> None:
    with central.running():
        with urllib.request.urlopen(f"http://127.0.0.1:{central.web_port}/healthz") as answer:
            assert json.load(answer) == {"status": "ok"}
        assert central.stop() == 0
        assert "the dashboard is at http://127.0.0.1" in central.log()
    with (
        socket.create_server(("127.0.0.1", central.web_port)),
        pytest.raises(AssertionError, match="another program listens there already"),
        central.running(),
    ):
        pass
    assert central.stop() == 1


@pytest.mark.parametrize(
    ("wrong", "said"), [("port", "another program listens there already"), ("certificate", "names no host")]
)
def test_what_ends_the_start_of_an_upgrade_leaves_the_tables_to_the_version_before(
    central: Central, tmp_path: Path, wrong: str, said: str
) -> None:
    as_it_was(central.database, [])
    with ExitStack() as stack:
        if wrong == "port":
            stack.enter_context(socket.create_server(("127.0.0.1", central.web_port)))
        else:
            nobody = Authority(tmp_path).issue("nobody")
            with central.config.open("a") as config:
                config.write(f'certificate_file = "{nobody.certificate}"\nkey_file = "{nobody.key}"\n')
        with pytest.raises(AssertionError, match=said), central.running():
            pass
    assert central.stop() == 1
    assert central.rows("SELECT version_num FROM alembic_version") == [("0002",)]


def test_stop_is_clean_and_what_comes_meanwhile_is_there_after_the_start(central: Central, room: Room) -> None:
    with central.running():
        room.observe([1])
        wait_until(lambda: central.sequences() == [1])
        assert central.stop() == 0
    room.observe(range(2, 102))
    with central.running():
        wait_until(lambda: len(central.sequences()) == 101)
        assert "forgotten" not in central.log()


def test_kill_9_during_ingest_loses_nothing_and_doubles_nothing(
    central: Central, broker: Mosquitto, room: Room
) -> None:
    with (
        central.running(), Room(broker.port, "room-102") as another, Endless(room) as one, Endless(another) as other,
    ):  # fmt: skip
        wait_until(lambda: len(central.sequences()) > 0 and len(central.sequences("room-102")) > 0)
        central.kill()
        before = one.acknowledged, other.acknowledged  # and they go on, as they did when it was killed
        wait_until(lambda: one.acknowledged > before[0] and other.acknowledged > before[1])
    with central.running():
        room.observe([one.acknowledged + 1])  # after everything that the broker had kept
        wait_until(lambda: one.acknowledged + 1 in central.sequences())
        wait_until(lambda: other.acknowledged in central.sequences("room-102"))
    assert central.sequences() == list(range(1, one.acknowledged + 2))
    assert central.sequences("room-102") == list(range(1, other.acknowledged + 1))


def test_what_is_not_committed_is_not_acknowledged(central: Central, room: Room) -> None:
    with central.running():
        with locked(central.database):
            room.observe([1, 2, 3])
            wait_until(lambda: "database is locked" in central.log())
            central.kill()
        assert central.sequences() == []
    with central.running():
        wait_until(lambda: central.sequences() == [1, 2, 3])


def test_a_locked_database_is_said_once_and_waited_for(central: Central, room: Room) -> None:
    with central.running():
        with locked(central.database):
            room.observe([1])
            wait_until(lambda: "database is locked" in central.log())
            room.observe([2])
        wait_until(lambda: central.sequences() == [1, 2])
        assert central.log().count("database is locked") == 1
        assert "can be written again" in central.log()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 1 MB, mounted at folder."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    """Leave no room on it, whatever is there."""
    with (disk / "other").open("wb", buffering=0) as other, suppress(OSError):
        while other.write(bytes(1024)):
            pass


def test_a_full_disk_loses_nothing_and_is_recovered_from(tmp_path: Path, broker: Mosquitto, room: Room) -> None:
    with small_disk(tmp_path / "disk") as disk:
        central = Central(tmp_path, broker.port, database=disk / "central.db")
        with central.running():
            room.observe(range(1, 1001))
            wait_until(lambda: len(central.sequences()) == 1000)
            fill(disk)
            room.observe(range(1001, 2001))
            wait_until(lambda: "disk is full" in central.log())
            subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
            wait_until(lambda: len(central.sequences()) == 2000)
            assert central.log().count("disk is full") == 1


def test_a_start_on_a_full_disk_waits_for_room(tmp_path: Path, broker: Mosquitto, room: Room) -> None:
    with small_disk(tmp_path / "disk") as disk:
        central = Central(tmp_path, broker.port, database=disk / "central.db")
        with central.running():
            room.observe([1])
            wait_until(lambda: central.sequences() == [1])
            central.stop()
        fill(disk)
        with central.running("the broker keeps what comes"):
            room.observe([2])
            subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
            wait_until(lambda: central.sequences() == [1, 2])
            assert central.log().count("the broker keeps what comes") == 1


def test_a_start_on_a_locked_database_is_ready_says_why_it_waits_and_can_be_stopped(
    tmp_path: Path, central: Central
) -> None:
    with central.running():
        assert central.stop() == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(SECONDS)
        told: set[bytes] = set()
        with locked(central.database), central.running(
            "database is locked", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000"
        ):  # fmt: skip
            waiting = re.compile(rb"STATUS=broker not connected;.*locked")
            for _ in range(100):  # half a second apart
                told.add(systemd.recv(4096))
                if told > {b"READY=1", b"WATCHDOG=1"} and any(map(waiting.match, told)):
                    break
            else:
                pytest.fail(f"told only {told}")
            assert central.stop() == 0
            assert central.log().count("database is locked") == 1


def test_a_broker_that_forgot_while_central_was_away_is_said(central: Central, broker: Mosquitto, room: Room) -> None:
    with central.running():
        room.observe([1])
        wait_until(lambda: central.sequences() == [1])
        assert central.stop() == 0
    broker.kill()  # it keeps nothing on its disk
    broker.start()
    with central.running():
        assert "has forgotten the session" in central.log()


def test_hostile_messages_are_counted_and_said_once_and_the_rest_goes_on(central: Central, room: Room) -> None:
    with central.running():
        for payload in (b"", b"\xff\x00", b"[" * 9000, b'{"student_id": "s-1", "emotion": "bored"}', b"\x1b[2J" * 50):
            room.send("observation", payload)
        room.send("observation", b'{"student_id": "s-001", "emotion": "happy"}')  # no properties
        room.send("status", b"\xf0")
        room.send("health", b'{"x": 1}')
        room.send("health", b"{}" + b" " * 100_000)  # the broker keeps what is this large to itself
        room.send("weather", b"rain")
        room.observe([1])
        wait_until(lambda: central.sequences() == [1])
        assert central.rows("SELECT classroom, reason, count FROM rejections ORDER BY 1, 2") == [
            ("", "topic", 1), ("room-101", "payload", 7), ("room-101", "unnumbered", 1),
        ]  # fmt: skip
        assert central.log().count("rejected") == 3
        assert "\x1b" not in central.log()


def test_a_second_start_on_a_newer_database_is_refused(central: Central) -> None:
    with central.running():
        assert central.stop() == 0
    with closing(sqlite3.connect(central.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'x'")
    with pytest.raises(AssertionError, match="a newer version"), central.running():
        pass
