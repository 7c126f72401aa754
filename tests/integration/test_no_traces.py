"""Nothing about a face is written or logged: every write of the daemon to any file of the machine is looked at."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.demo.broker import embedded_broker
from edge.demo.cast import STUDENTS, write_config
from edge.demo.device import enrol
from tests.brokers import Recorder
from tests.file_watch import FileWatch
from tests.traces import traces

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may watch all files (fanotify)")

SECONDS = 60.0
LEAKING = """
import logging
import sys
from pathlib import Path
from tempfile import TemporaryFile

import cv2

from edge.__main__ import main
from edge.embedder import Embedder

config = Path(sys.argv[1])
embed = Embedder.embed


def leaking(self, image, face):
    embedding = embed(self, image, face)
    cv2.imwrite("/dev/shm/face.jpg", image[:112, :112])
    Path("/dev/shm/face.jpg").unlink()
    with TemporaryFile() as file:
        file.write(b"x" + embedding.tobytes())
    with config.with_name("spool.db.mark").open("ab") as file:
        file.write(embedding.tobytes())
    logging.getLogger("edge").info("embedding %s", embedding[:3].tolist())
    return embedding


Embedder.embed = leaking
sys.exit(main(["run", "--config", str(config)]))
"""
"""The daemon, with four leaks."""


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the gallery and the key of the demo's students."""
    folder = tmp_path_factory.mktemp("enrolled")
    config = write_config(folder, 1)
    for student in STUDENTS:
        enrol(config, student)
    return folder


@pytest.fixture
def classroom(tmp_path: Path, enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Recorder]]:
    """A device's folder, and what arrives at its broker."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    folder = tmp_path / "device"
    folder.mkdir()
    for name in ("gallery.bin", "gallery.key"):
        shutil.copy2(enrolled / name, folder / name)
    with embedded_broker(tmp_path) as port, Recorder(port) as recorder:
        write_config(folder, port)
        yield folder, recorder


def watched(folder: Path, command: list[str], recorder: Recorder) -> list[str]:
    """The traces that a run of the daemon leaves until every student was reported."""

    def all_reported(_: object) -> bool:
        payloads = b"".join(message.payload for message in recorder.observations())
        return all(student.student_id.encode() in payloads for student in STUDENTS)

    with FileWatch() as watch:
        with (folder / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen(command, stdout=log, stderr=log)
        watch.follow(daemon.pid)
        try:
            recorder.wait_for(all_reported, SECONDS)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(SECONDS) == 0
        finally:
            daemon.kill()
    assert str(folder / "spool.db") in watch.written  # the watch sees what there is to see
    assert str(folder / "daemon.log") in watch.written
    return traces(folder, watch.written)


def test_a_run_leaves_no_trace_of_a_face(classroom: tuple[Path, Recorder]) -> None:
    folder, recorder = classroom
    command = [sys.executable, "-m", "edge", "run", "--config", str(folder / "edge.toml")]
    assert watched(folder, command, recorder) == []


def test_leaks_that_are_planted_are_found(classroom: tuple[Path, Recorder]) -> None:
    folder, recorder = classroom
    complaints = watched(folder, [sys.executable, "-c", LEAKING, str(folder / "edge.toml")], recorder)
    assert "/dev/shm/face.jpg (deleted): no file of the daemon's" in complaints
    assert "/dev/shm/face.jpg (deleted): holds a picture or an array" in complaints
    assert any(re.fullmatch(r"/.*\(deleted\): holds an embedding", complaint) for complaint in complaints), complaints
    assert f"{folder}/spool.db.mark: holds an embedding" in complaints
    assert any(re.match("log: '.* embedding ", complaint) for complaint in complaints), complaints


def test_a_picture_in_the_spool_is_found(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "spool.db")
    database.execute("CREATE TABLE observation (student_id TEXT, emotion TEXT, extra BLOB)")
    database.execute("INSERT INTO observation VALUES ('s-001', 'happy', ?)", (bytes(2304),))
    database.commit()
    database.close()
    (complaint,) = traces(tmp_path, {})
    assert "observation holds b'" in complaint
