"""The daemon as a service: what it tells systemd, and what it does about cameras, signals and changed configs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from edge.demo.broker import embedded_broker
from edge.demo.cast import write_config
from tests.brokers import SECONDS, Recorder, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]

PICAMERA2 = """
# The fake camera of the tests; files beside it say whether it is plugged in, and whether its driver answers.
import pathlib, time
from tests.edge.fake_picamera2 import World

HERE = pathlib.Path(__file__).parent

class Picamera2(World().library()):
    @classmethod
    def global_camera_info(cls):
        return super().global_camera_info() if (HERE / "plugged").exists() else []

    def capture_request(self, wait=None, signal_function=None, flush=None):
        time.sleep(0.05)
        while (HERE / "stuck").exists():
            time.sleep(0.02)
        if not (HERE / "plugged").exists():
            raise RuntimeError("the ribbon is off")
        return super().capture_request(wait)
"""


class Systemd:
    """The end of NOTIFY_SOCKET that systemd has."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._heard: list[str] = []
        self._changed = threading.Condition()
        # Read at once, as systemd does: the queue of such a socket holds ten messages.
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while message := self._socket.recv(4096).decode():
            with self._changed:
                self._heard.append(message)
                self._changed.notify_all()

    def wait_for(self, pattern: str) -> None:
        """Until a message that pattern is found in; what was heard up to it is done with."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._find(pattern) is not None, SECONDS), (pattern, self._heard)
            del self._heard[: (self._find(pattern) or 0) + 1]

    def _find(self, pattern: str) -> int | None:
        return next((index for index, message in enumerate(self._heard) if re.search(pattern, message)), None)

    def is_silent_about(self, pattern: str, seconds: float) -> bool:
        """Whether no such message comes from now on for so long."""
        with self._changed:
            self._heard.clear()
            return not self._changed.wait_for(lambda: self._find(pattern) is not None, seconds)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)  # ends the reader


class Pi:
    """A device with a fake camera, under a fake systemd."""

    def __init__(self, folder: Path, systemd: Systemd) -> None:
        self.folder, self.systemd = folder, systemd
        self.config = write_config(folder, free_port())
        self.log = folder / "daemon.log"
        (folder / "picamera2.py").write_text(PICAMERA2)
        self.change(r"^source = .*$", 'source = "picamera2"\nwidth = 320\nheight = 240')

    def change(self, pattern: str, replacement: str) -> None:
        text, count = re.subn(pattern, replacement, self.config.read_text(), flags=re.MULTILINE)
        assert count == 1
        self.config.write_text(text)

    def plug(self, present: bool = True) -> None:
        (self.folder / "plugged").touch() if present else (self.folder / "plugged").unlink()

    def hang(self, hangs: bool = True) -> None:
        (self.folder / "stuck").touch() if hangs else (self.folder / "stuck").unlink()

    def edge(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False, env=self._environment()
        )

    @contextmanager
    def running(self, watchdog_seconds: float = 30.0) -> Iterator[subprocess.Popen[bytes]]:
        notified = {"NOTIFY_SOCKET": self.systemd.address, "WATCHDOG_USEC": f"{watchdog_seconds * 1e6:.0f}"}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "edge", "run", "--config", str(self.config)],
                stdout=log, stderr=log, env=self._environment() | notified,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": f"{self.folder}:{ROOT}"}

    def wait_for_log(self, text: str) -> None:
        wait_until(lambda: text in self.log.read_text())


@pytest.fixture
def pi(tmp_path: Path) -> Iterator[Pi]:
    systemd = Systemd(tmp_path)
    yield Pi(tmp_path, systemd)
    systemd.close()


@contextmanager
def broker_of(pi: Pi) -> Iterator[Recorder]:
    with embedded_broker(pi.folder) as port, Recorder(port) as recorder:
        pi.change(r"^port = \d+$", f"port = {port}")
        yield recorder


def wait_for_health(recorder: Recorder, **expected: object) -> None:
    def told(_: object) -> bool:
        newest = [m.payload for m in recorder.messages if m.topic.endswith("/health")][-1:]
        return any(expected.items() <= json.loads(payload).items() for payload in newest)

    recorder.wait_for(told)


def test_a_missing_camera_is_waited_for_and_a_lost_one_too(pi: Pi) -> None:
    with broker_of(pi) as recorder, pi.running() as daemon:
        pi.systemd.wait_for("READY=1")  # without a camera
        pi.systemd.wait_for("STATUS=the camera does not work; trying again")
        wait_for_health(recorder, camera="failed")
        pi.plug()
        pi.systemd.wait_for("STATUS=observing; .* broker connected, 0 in the spool")
        wait_for_health(recorder, camera="working")
        pi.plug(False)
        pi.systemd.wait_for("STATUS=the camera does not work")
        pi.plug()
        pi.systemd.wait_for("STATUS=observing")
        daemon.send_signal(signal.SIGTERM)
        pi.systemd.wait_for("STOPPING=1")
        assert daemon.wait(SECONDS) == 0
        recorder.wait_for_status(b"offline")
    log = pi.log.read_text()
    assert log.count("no camera found") == 1
    assert log.count("the camera works again") == 2


def test_the_watchdog_is_fed_while_frames_come_and_no_more_when_the_camera_hangs(pi: Pi) -> None:
    pi.plug()
    with pi.running(watchdog_seconds=4.0):
        pi.systemd.wait_for("STATUS=observing")
        for _ in range(3):
            pi.systemd.wait_for("WATCHDOG=1")
        pi.hang()
        pi.wait_for_log("the thread capture has made no progress")
        assert pi.systemd.is_silent_about("WATCHDOG=1", 5)
        pi.hang(False)
        pi.systemd.wait_for("WATCHDOG=1")
    with pi.running():  # as systemd restarts it
        pi.wait_for_log("a run was ended because the thread capture hung")


def test_sighup_applies_a_good_config_and_refuses_a_broken_one(pi: Pi) -> None:
    pi.plug()
    with broker_of(pi) as recorder, pi.running() as daemon:
        pi.systemd.wait_for("READY=1")
        recorder.wait_for_status(b"online")
        pi.change(r"^interval_seconds = 2.0$", "interval_seconds = 4.0\nlabls = []")
        daemon.send_signal(signal.SIGHUP)
        pi.systemd.wait_for("RELOADING=1")
        pi.systemd.wait_for("READY=1")
        pi.wait_for_log("reload refused")
        assert re.search(r"edge\.toml:\d+: report\.labls is an unknown key", pi.log.read_text())
        pi.change(r"^labls = \[\]$", 'labels = ["tired"]\n[detector]\nmin_face = 50')
        daemon.send_signal(signal.SIGHUP)
        pi.systemd.wait_for("RELOADING=1")
        pi.systemd.wait_for("READY=1")
        pi.wait_for_log("config reloaded: report.interval_seconds, report.labels")
        pi.wait_for_log("used only after a restart: detector.min_face")
        assert daemon.poll() is None
        recorder.wait_for_status(b"online")


def test_observing_pauses_when_the_authorisation_ends_and_goes_on_with_a_new_one(pi: Pi) -> None:
    pi.plug()
    tomorrow = re.search(r"^expires = .*$", pi.config.read_text(), re.MULTILINE)
    assert tomorrow is not None
    with broker_of(pi) as recorder, pi.running() as daemon:
        pi.systemd.wait_for("STATUS=observing")
        pi.change(r"^expires = .*$", f"expires = {date.today() - timedelta(days=2)}")
        daemon.send_signal(signal.SIGHUP)
        pi.systemd.wait_for("STATUS=paused: the authorisation has expired")
        wait_for_health(recorder, camera="closed", paused="authorisation")
        pi.change(r"^expires = .*$", tomorrow[0])
        daemon.send_signal(signal.SIGHUP)
        pi.systemd.wait_for("STATUS=observing")
        assert daemon.poll() is None


def test_nobody_is_observed_before_the_clock_is_synchronised(pi: Pi) -> None:
    from edge.clock import SystemClock  # what this machine says decides what can be tested here

    if SystemClock("required").synchronised():
        pytest.skip("this machine's clock is synchronised")
    pi.plug()
    pi.change(r'^synchronised = "assumed"$', 'synchronised = "required"')
    with broker_of(pi) as recorder, pi.running():
        pi.systemd.wait_for("READY=1")
        pi.systemd.wait_for("STATUS=paused: the clock is not synchronised")
        wait_for_health(recorder, paused="clock")
    assert "the camera works" not in pi.log.read_text()


def test_check_config_tries_camera_and_broker(pi: Pi) -> None:
    done = pi.edge("check-config", str(pi.config), "--camera")
    assert (done.returncode, "no camera found" in done.stderr) == (1, True)
    pi.plug()
    done = pi.edge("check-config", str(pi.config), "--broker")
    assert (done.returncode, "connection refused" in done.stderr) == (1, True)
    with broker_of(pi) as recorder:
        done = pi.edge("check-config", str(pi.config), "--camera", "--broker")
        assert (done.returncode, done.stderr) == (0, done.stderr)
        assert "picamera2 gives 320x240" in done.stdout
        assert f"127.0.0.1:{recorder.port} accepts this device" in done.stdout
        assert recorder.messages == []  # nothing is published, no last will either


def test_doctor_says_what_to_do_and_is_well_when_all_is_well(pi: Pi) -> None:
    pi.change(r"^expires = .*$", "expires = 2099-12-31")
    done = pi.edge("doctor", "--config", str(pi.config))
    assert done.returncode == 1
    for subject, what in (
        ("gallery", "nobody may be identified"),
        ("camera", "no camera found"),
        ("broker", "refused"),
    ):
        assert re.search(rf"^FAIL  {subject} .*{what}.*\n +-> .", done.stdout, re.MULTILINE), done.stdout
    assert found(done.stdout, "FAIL") == {"gallery", "camera", "broker"}
    pi.plug()
    student = ("enrol", "--config", str(pi.config), "--consent", "test", "s-001")
    portrait = ROOT / "edge/demo/portraits/obama.jpg"
    assert pi.edge(*student, str(portrait)).returncode == 0
    with broker_of(pi):
        done = pi.edge("doctor", "--config", str(pi.config))
        well = {"authorisation", "clock", "models", "gallery", "camera", "broker"}
        assert found(done.stdout, "OK") == well, done.stdout
        assert done.returncode == int("FAIL" in done.stdout)


def found(screen: str, verdict: str) -> set[str]:
    """What doctor says so of, but for what the tests cannot choose."""
    return set(re.findall(rf"^{verdict} +(\w+)", screen, re.MULTILINE)) - {"disk", "temperature"}


def test_show_config_and_config_schema_answer_on_stdout(pi: Pi) -> None:
    assert 'source = "picamera2"  # edge.toml:' in pi.edge("show-config", str(pi.config)).stdout
    assert json.loads(pi.edge("config-schema").stdout)["type"] == "object"
    pi.change(r"^tls = false$", "tls = maybe")
    assert pi.edge("show-config", str(pi.config)).returncode == 78
