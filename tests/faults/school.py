"""One broker, one classroom and the line between them, all in one folder, with certificates of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, Self

from edge import config
from edge.demo.cast import CONSENT, STUDENTS
from edge.demo.cast import HERE as DEMO
from edge.enrolment import enrol
from edge.loading import load_recognition
from edge.manifest import Manifest
from edge.portraits import Portrayer
from tests.brokers import SECONDS, Mosquitto, wait_until
from tests.certificates import Authority
from tests.faults.classroom import enrol_all
from tests.faults.proxy import Proxy
from tests.faults.witnesses import PlainSubscriber, Recorder, retained_status

Saving = Literal["every change", "every 5 s"]
"""When the broker writes down what it has acknowledged."""
_SAVING = {"every change": ("true", 1), "every 5 s": ("false", 5)}
"""`autosave_on_changes` and `autosave_interval` of mosquitto.conf(5); the latter is what `broker-config` writes."""

Source = Literal["room", "clip"]
"""Thirty students that a made-up room shows to the true daemon, or `classpulse-edge run` on the demo's clip."""

ROOM = "room-101"
_CONFIG = """
classroom = "{room}"
[authorisation]
basis = "safety"
approved_by = "the tests"
reference = "none"
expires = 2099-12-31
[camera]
source = "{source}"
loop = true
frames_per_second = 4
[recognition]
gallery = "{folder}/gallery.bin"
key_file = "{folder}/gallery.key"
embeddings_per_frame = 30
[emotion]
readings_per_frame = 30
reading_seconds = 0.4
[report]
interval_seconds = 2.0
[mqtt]
host = "127.0.0.1"
port = {port}
ca_file = "{authority}"
certificate_file = "{certificate}"
key_file = "{key}"
[spool]
path = "{folder}/spool.db"
[clock]
synchronised = "assumed"
"""
_READERS = "user recorder\ntopic read classpulse/v1/#\nuser plain\ntopic read classpulse/v1/+/observation\n"
_ALL = "pattern write classpulse/v1/%u/#\n"
_NO_OBSERVATIONS = "pattern write classpulse/v1/%u/status\npattern write classpulse/v1/%u/health\n"


class Classroom:
    """The daemon's process, started and killed as often as it takes."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self._folder, self._command = folder, command
        self._process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        """Times that it ended although nobody ended it."""

    def start(self, *arguments: str) -> None:
        environment = {**os.environ, "SSLKEYLOGFILE": str(self._folder / "keys.log"), "PYTHONFAULTHANDLER": "1"}
        with (self._folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *arguments], stdout=log, stderr=log, env=environment, cwd=Path.cwd()
            )

    def processor_seconds(self) -> float:
        """Processor time that the running process has used."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime and stime

    def look(self) -> None:
        """Start it again, as systemd would, if it has died, and count that."""
        if self._process is not None and self._process.poll() is not None:
            self.deaths += 1
            self.start()

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """As `systemctl stop` does. Returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(SECONDS)
        self._process = None
        return status


class School:
    """A context manager: broker, line and witnesses run, the classroom is yet to be started."""

    def __init__(
        self, folder: Path, seed: int, source: Source = "room", saving: Saving = "every 5 s", *, direct: bool = False
    ) -> None:
        """folder: empty; direct: without the proxy, where only speed is the question."""
        authority = Authority(folder)
        self._authority = authority.certificate
        server = authority.issue("broker", address="127.0.0.1")
        self._pairs = {name: authority.issue(name) for name in (ROOM, "recorder", "plain")}
        self._access = folder / "access"
        self._access.write_text(_READERS + _ALL)
        self.database = folder / "mosquitto.db"
        """Where the broker saves what it knows."""
        on_changes, interval = _SAVING[saving]
        self.broker = Mosquitto(
            folder,
            "persistence true", f"persistence_location {folder}/", f"autosave_on_changes {on_changes}",
            f"autosave_interval {interval}", f"acl_file {self._access}", "max_inflight_messages 200",
            listener=(
                "allow_anonymous false", f"cafile {authority.certificate}", f"certfile {server.certificate}",
                f"keyfile {server.key}", "require_certificate true", "use_identity_as_username true",
            ),
        )  # fmt: skip
        self.proxy = Proxy(self.broker.port, seed)
        self._folder, self._seed, self._source, self._direct = folder, seed, source, direct
        self.recorder = Recorder(self.broker.port, self._authority, self._pairs["recorder"])
        self.plain = PlainSubscriber(self.broker.port, self._authority, self._pairs["plain"])

    def __enter__(self) -> Self:
        with ExitStack() as opening:  # what was opened is closed again when the next part fails
            for part in (self.broker, self.proxy, self.recorder, self.plain):
                opening.enter_context(part)
            # From now on a killed broker knows the recorder's session again.
            wait_until(lambda: self.database.exists() and b"recorder" in self.database.read_bytes())
            path = self._write_config()
            if self._source == "room":
                enrol_all(config.load(path))
                command = [sys.executable, "-m", "tests.faults.classroom", str(path), str(self._seed)]
            else:
                self._enrol_cast(path)
                command = [sys.executable, "-m", "edge", "run", "--config", str(path)]
            self.classroom = Classroom(self._folder, command)
            opening.callback(self.classroom.kill)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def spool(self) -> Path:
        return self._folder / "spool.db"

    @property
    def broker_saved_at(self) -> float:
        """When the broker last wrote down what it has acknowledged, seconds since 1970."""
        return self.database.stat().st_mtime

    @property
    def key_log(self) -> Path:
        """Where the daemon's processes write the keys of their TLS sessions."""
        return self._folder / "keys.log"

    def _write_config(self) -> Path:
        path, device = self._folder / "edge.toml", self._pairs[ROOM]
        path.write_text(
            _CONFIG.format(
                room=ROOM, source=DEMO / "classroom.mp4", folder=self._folder, authority=self._authority,
                port=self.broker.port if self._direct else self.proxy.port, certificate=device.certificate,
                key=device.key,
            )
        )  # fmt: skip
        return path

    @staticmethod
    def _enrol_cast(path: Path) -> None:
        settings = config.load(path)
        detector, embedder = load_recognition(settings, Manifest())
        for student in STUDENTS:
            portrait = Portrayer(detector, embedder).from_file(student.picture)
            enrol(settings, embedder, student.student_id, CONSENT, [portrait])

    def allow(self, *, observations: bool) -> None:
        """Change the broker's access list under its feet."""
        self._access.write_text(_READERS + (_ALL if observations else _NO_OBSERVATIONS))
        self.broker.reload()

    def status(self, wanted: bytes, seconds: float = SECONDS) -> bytes | None:
        """The classroom's retained status: once it is wanted, or after so many seconds."""
        return retained_status(self.broker.port, self._authority, self._pairs["recorder"], wanted, seconds)
