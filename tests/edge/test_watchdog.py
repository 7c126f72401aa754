"""Who is late, and what follows from it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.hangs import Hangs
from edge.notify import Notifier
from edge.watchdog import Watchdog


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A watchdog with a period of 20 s, the socket it feeds, and a clock that the test moves."""

    def __init__(self, address: str, systemd: socket.socket) -> None:
        self.time, self.hung, self._systemd = Time(), list[str](), systemd
        self.notifier = Notifier(address)
        self.watchdog = Watchdog(self.notifier, 20.0, hangs=self.hung.append, monotonic=self.time)
        self.capture = self.watchdog.heartbeat("capture", 15.0)
        self.spool = self.watchdog.heartbeat("spool", 60.0)

    def after(self, seconds: float) -> bool:
        """Let time pass in steps as the watchdog looks; whether it was fed at the end."""
        fed = False
        while seconds > 0:
            step = min(5.0, seconds)
            self.time.now += step
            seconds -= step
            fed = self.watchdog.look()
        return fed

    def fed(self) -> int:
        count = 0
        while True:
            try:
                count += self._systemd.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                return count


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.setblocking(False)
        scene = Scene(address, systemd)
        with scene.notifier:
            yield scene


def test_threads_that_make_progress_or_wait_keep_the_watchdog_fed(scene: Scene) -> None:
    scene.spool.beat()
    scene.spool.rest()  # nothing to write
    for _ in range(10):
        scene.capture.beat()
        assert scene.after(10)
        assert scene.fed() == 2


def test_a_thread_that_hangs_ends_the_feeding_and_is_named_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.capture.beat()
    assert scene.after(15)
    scene.fed()
    assert not scene.after(30)
    assert scene.fed() == 0
    assert scene.hung == ["capture"]
    [record] = caplog.records
    assert (record.levelno, "capture" in record.getMessage()) == (logging.ERROR, True)


def test_each_thread_has_its_own_limit(scene: Scene) -> None:
    scene.spool.beat()  # a slow card
    assert scene.after(55)
    assert not scene.after(10)


def test_a_thread_that_goes_on_is_fed_for_again(scene: Scene) -> None:
    scene.capture.beat()
    assert not scene.after(20)
    scene.capture.beat()
    assert scene.after(5)


def test_a_process_that_was_stopped_and_goes_on_is_not_called_hung(scene: Scene) -> None:
    scene.capture.beat()
    assert scene.after(5)
    scene.time.now += 120  # SIGSTOP, SIGCONT
    assert not scene.watchdog.look()
    assert scene.hung == []
    scene.capture.beat()
    assert scene.after(5)


def test_hangs_are_remembered_for_a_day_and_only_so_many(tmp_path: Path) -> None:
    (tmp_path / "hangs").write_text("2020-01-01T00:00:00+00:00 capture\nno date at all\n")
    assert Hangs(tmp_path).last_day() == []
    (tmp_path / "hangs").unlink()
    for _ in range(60):
        Hangs(tmp_path).add("capture")
    Hangs(tmp_path).add("spool")
    assert Hangs(tmp_path).last_day()[-2:] == ["capture", "spool"]
    assert len((tmp_path / "hangs").read_text().splitlines()) == 50
    assert (tmp_path / "hangs").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    Hangs(tmp_path / "gone").add("capture")
    assert Hangs(tmp_path / "gone").last_day() == []
