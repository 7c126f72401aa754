"""The real commands as processes: a clip in, messages out, read by a subscriber that knows nothing but MQTT."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.demo.broker import embedded_broker
from edge.demo.cast import STUDENTS, write_config
from edge.manifest import shipped_models
from edge.spool import Spool
from tests.brokers import SECONDS, Received, Recorder, Relay, free_port, wait_until


@dataclass
class Device:
    """A config file and the real commands on it."""

    config: Path

    def edge(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "edge", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, **options)  # type: ignore[call-overload, no-any-return]

    def enrol_all(self) -> None:
        for student in STUDENTS:
            done = self.edge(
                "enrol", "--config", str(self.config), "--consent", "test", student.student_id, str(student.picture)
            )
            assert done.returncode == 0, done.stderr

    def change(self, pattern: str, replacement: str) -> None:
        """Change the config; the pattern must be there."""
        text, count = re.subn(pattern, replacement.replace("\\", r"\\"), self.config.read_text(), flags=re.MULTILINE)
        assert count == 1
        self.config.write_text(text)

    def run(self) -> subprocess.CompletedProcess[str]:
        """`run` to its end."""
        return self.edge("run", "--config", str(self.config))

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """`run` in the background; its log lies beside the config."""
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "edge", "run", "--config", str(self.config)], stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def log(self) -> Path:
        return self.config.with_name("daemon.log")


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gallery and key of the demo's students, made once by the real command."""
    folder = tmp_path_factory.mktemp("enrolled")
    Device(write_config(folder, 1)).enrol_all()
    return folder


@pytest.fixture
def device(tmp_path: Path, enrolled: Path) -> Device:
    """A device with the demo's students, whose broker is not there yet."""
    for name in ("gallery.bin", "gallery.key"):
        shutil.copy2(enrolled / name, tmp_path / name)
    return Device(write_config(tmp_path, free_port()))


@contextmanager
def broker_of(device: Device) -> Iterator[int]:
    with embedded_broker(device.config.parent) as port:
        device.change(r"^port = \d+$", f"port = {port}")
        yield port


def test_a_subscriber_gets_ids_and_labels_and_nothing_else(device: Device) -> None:
    with broker_of(device) as port, Recorder(port) as recorder, device.running() as daemon:
        started = datetime.now(UTC)
        recorder.wait_for(lambda _: len(recorder.observations()) >= 6)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(SECONDS) == 0
        recorder.wait_for_status(b"offline")
    assert {message.topic for message in recorder.messages} <= {
        "classpulse/v1/demo/observation",
        "classpulse/v1/demo/status",
        "classpulse/v1/demo/health",
    }
    students = {student.student_id for student in STUDENTS}
    for message in recorder.observations():
        payload = json.loads(message.payload)
        assert set(payload) == {"student_id", "emotion"}
        assert payload["student_id"] in students
        assert payload["emotion"] in {"angry", "happy", "neutral", "sad", "tired"}
        assert not message.retained
        assert message.content_type == "application/json"
        seen = datetime.fromisoformat(message.properties["observed_at"])
        assert started - timedelta(seconds=1) <= seen <= datetime.now(UTC)
    assert {json.loads(m.payload)["student_id"] for m in recorder.observations()} == students
    sequences = [int(message.properties["sequence"]) for message in recorder.observations()]
    assert sequences == list(range(1, len(sequences) + 1))


def test_kill_9_leaves_offline_by_the_last_will(device: Device) -> None:
    with broker_of(device) as port, Recorder(port) as recorder, device.running() as daemon:
        recorder.wait_for(lambda got: any(m.payload == b"online" for m in got))
        daemon.kill()
        recorder.wait_for_status(b"offline")
        with Recorder(port) as later:
            later.wait_for_status(b"offline")
            assert later.messages[-1].retained or later.messages[0].retained


def test_observations_made_before_the_broker_is_there_all_arrive(device: Device) -> None:
    device.change("^loop = true$", "loop = false")
    with device.running() as daemon:  # the clip lasts 12 s; nobody listens
        assert daemon.wait(SECONDS) == 0
    assert b"observations wait in the spool" in device.log.read_bytes()
    with Spool(SpoolSettings(path=device.config.with_name("spool.db"))) as spool:
        assert spool.flush(SECONDS)
        waiting = [row.sequence for row in spool.pending(0, 1000)]
    assert waiting
    assert waiting == list(range(1, len(waiting) + 1))
    device.change("^loop = false$", "loop = true")
    with broker_of(device) as port, Recorder(port) as recorder, device.running():
        # The second run sends what the first one saw as late, and its own.
        recorder.wait_for(lambda got: {"observation", "late"} <= {m.topic.rpartition("/")[2] for m in got})
        recorder.wait_for_observations(len(waiting) + 1)
        observations = recorder.observations()
    late = [int(message.properties["sequence"]) for message in observations if message.topic.endswith("/late")]
    assert [sequence for sequence in late if sequence <= waiting[-1]] == waiting
    assert len({message.properties["stream"] for message in observations}) == 1


def test_nothing_about_a_face_reaches_disk_or_log(device: Device) -> None:
    before = {path.name for path in device.config.parent.iterdir()}
    with broker_of(device) as port, Recorder(port) as recorder, device.running() as daemon:
        recorder.wait_for(lambda _: len(recorder.observations()) >= 3)
        files = [link.readlink() for link in Path(f"/proc/{daemon.pid}/fd").iterdir() if link.exists()]
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(SECONDS)
    folder = device.config.parent
    written = [path for path in files if path.is_file() and os.access(path, os.W_OK) and folder in path.parents]
    assert all(path.name.startswith(("spool.db", "daemon.log", "classroom.mp4")) for path in written), written
    new = {path.name for path in folder.iterdir()} - before
    assert all(name.startswith(("spool.db", "daemon.log", "iotcore", "broker")) for name in new), new
    assert (folder / "spool.db").stat().st_size < 100_000
    log = device.log.read_text()
    assert len(log.splitlines()) < 20  # changes, not frames
    assert "s-00" not in log


@pytest.mark.parametrize(
    ("pattern", "replacement", "exit_code", "complaint"),
    [
        # a clip that is not there
        (r'^source = ".*"$', 'source = "/nowhere/clip.mp4"', 1, r"/nowhere/clip\.mp4"),
        # a clip that cannot be read
        (r'^source = ".*"$', 'source = "broken.mp4"', 1, r"broken\.mp4: cannot be read as a clip"),
        # picamera2 where there is none
        (r'^source = ".*"$', 'source = "picamera2"', 1, r"picamera2"),
        # an unknown key
        (
            r"^tls = false$",
            "tls = false\ntsl = true",
            78,
            r"edge\.toml:\d+: mqtt\.tsl is an unknown key; did you mean tls",
        ),
        # no such model
        (r"^\[report\]$", '[emotion]\nmodel = "none"\n[report]', 1, r"'none' is not listed; models for 'emotion' here"),
        # the authorisation has expired
        (r"^expires = .*$", "expires = 2020-01-01", 77, r"expired on 2020-01-01"),
        # no authorisation
        (r"^\[authorisation\]$", "[elsewhere]", 78, r"authorisation"),
    ],
)
def test_what_is_wrong_is_said_and_ends_the_daemon(
    device: Device, pattern: str, replacement: str, exit_code: int, complaint: str
) -> None:
    (device.config.parent / "broken.mp4").write_bytes(b"\0" * 5000)
    device.change(pattern, replacement)
    done = device.run()
    assert done.returncode == exit_code
    assert re.search(complaint, done.stderr), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("damage", ["missing", "changed", "garbage"])
@pytest.mark.parametrize("name", ["mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet", "mobilefacenet", "emotion"])
def test_a_missing_or_damaged_model_is_named(device: Device, name: str, damage: str) -> None:
    models = device.config.parent / "models"
    shutil.copytree(shipped_models(), models, ignore=shutil.ignore_patterns("keras"))
    victim = models / f"{name}.tflite"
    if damage == "missing":
        victim.unlink()
    elif damage == "changed":
        victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    else:
        victim.write_bytes(b"garbage")
    device.change(r"^\[report\]$", '[runtime]\nmodels = "models"\n[report]')
    done = device.edge("check-config", str(device.config))
    assert done.returncode == 1
    assert f"{name}.tflite" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_config_says_ok(device: Device) -> None:
    done = device.edge("check-config", str(device.config))
    assert (done.returncode, done.stdout.split(":")[1]) == (0, " OK"), done.stderr


def test_check_config_exits_1_for_any_mistake(device: Device) -> None:
    device.change(r"^tls = false$", "tls = maybe")
    assert device.edge("check-config", str(device.config)).returncode == 1


def test_a_gallery_with_another_key_is_refused(device: Device) -> None:
    (device.config.parent / "gallery.key").write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
    done = device.run()
    assert done.returncode == 1
    assert "cannot be decrypted" in done.stderr


def test_a_student_is_listed_and_forgotten_while_the_daemon_runs(device: Device) -> None:
    config = str(device.config)
    assert "s-003" in device.edge("students", "--config", config).stdout
    with broker_of(device) as port, Recorder(port) as recorder, device.running():
        recorder.wait_for(lambda _: b"s-003" in b"".join(m.payload for m in recorder.observations()))
        done = device.edge("forget", "--config", config, "s-003")
        assert (done.returncode, "s-003: template and consent erased" in done.stdout) == (0, True), done.stderr
        wait_until(lambda: b"gallery: 2 students" in device.log.read_bytes())
        last = last_handed_over(device.config)  # it may be on its way still; what was read before is forgotten too
        recorder.wait_for(lambda _: len(after(last, recorder)) >= 4)
        assert b"s-003" not in b"".join(message.payload for message in after(last, recorder))
    assert "s-003" not in device.edge("students", "--config", config).stdout


def last_handed_over(config: Path) -> int:
    """The sequence of the newest observation that a running daemon has written to its spool."""
    uri = f"file:{config.with_name('spool.db')}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=SECONDS)) as spool:
        (following,) = spool.execute("SELECT next_sequence FROM counter").fetchone()
    return int(following) - 1


def after(sequence: int, recorder: Recorder) -> list[Received]:
    """The observations handed over later than that one."""
    return [message for message in recorder.observations() if int(message.properties["sequence"]) > sequence]


def test_what_waits_of_a_forgotten_student_is_erased_and_never_sent(device: Device) -> None:
    config, folder = str(device.config), device.config.parent

    def named() -> list[str]:
        found = []
        for path in folder.glob("spool.db*"):
            with suppress(FileNotFoundError):  # gone by now
                found += [path.name] * (b"s-003" in path.read_bytes())
        return found

    with Relay() as relay:  # leads nowhere yet
        device.change(r"^port = \d+$", f"port = {relay.port}")
        with device.running():
            wait_until((folder / "spool.db").exists)
            wait_until(lambda: bool(named()))
            done = device.edge("forget", "--config", config, "s-003")
            assert done.returncode == 0, done.stderr
            assert re.search(r"s-003: [1-9]\d* observations? erased from the spool", done.stdout)
            wait_until(lambda: b"gallery: 2 students" in device.log.read_bytes())
            wait_until(lambda: not named())  # also what the daemon still had in hand
            with embedded_broker(folder) as port, Recorder(port) as recorder:
                relay.target = port
                recorder.wait_for(lambda _: len(recorder.observations()) >= 4)
                assert b"s-003" not in b"".join(message.payload for message in recorder.messages)
        assert named() == []
    again = device.edge("forget", "--config", config, "s-003")
    assert (again.returncode, "not enrolled here" in again.stderr) == (1, True)


def test_the_demo_shows_everybody_but_the_stranger() -> None:
    students = {student.student_id for student in STUDENTS}
    command = [sys.executable, "-u", "-m", "edge", "demo", "--seconds", f"{SECONDS:g}"]  # ended by Ctrl-C
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            shown = (re.match(r" +[\d.]+ s  (\S+)", line) for line in demo.stdout)
            for found in filter(None, shown):
                students.discard(found[1])
                if not students:
                    break
            demo.send_signal(signal.SIGINT)
            said, errors = demo.communicate(timeout=SECONDS)
        finally:
            demo.kill()
    assert demo.returncode == 0, said + errors
    for student in STUDENTS:
        assert re.search(rf"{student.student_id}: [1-9]\d* observations?", said)
    assert "never reported" in said
