"""The real daemon on a disk that fills up or becomes read-only under it: it goes on observing, sends, and says so."""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.config import load
from edge.demo.broker import embedded_broker
from edge.demo.cast import STUDENTS, write_config
from edge.embedder import Embedder
from edge.enrolment import enrol
from edge.mtcnn import MtcnnDetector
from edge.portraits import Portrayer
from tests.brokers import SECONDS, Recorder, identity
from tests.edge.spooling import becomes_read_only, failing_disk
from tests.integration.test_daemon import Device


@pytest.fixture
def device(tmp_path: Path, detector: MtcnnDetector, embedder: Embedder) -> Device:
    """A device with one student, whose broker is not there yet."""
    config = write_config(tmp_path, 1)
    student = STUDENTS[0]
    enrol(
        load(config), embedder, student.student_id, "test", [Portrayer(detector, embedder).from_file(student.picture)]
    )
    return Device(config)


def observe_through(device: Device, fault: Callable[[int], object]) -> None:
    """Run the daemon; once it observes, fault(its process ID) happens to its disk. It has to go on, and say so."""
    with embedded_broker(device.config.parent) as port, Recorder(port) as recorder:
        device.change(r"^port = \d+$", f"port = {port}")
        with device.running() as daemon:
            before = recorder.wait_for_observations(1)
            fault(daemon.pid)
            seen = len(set(map(identity, before)))
            recorder.wait_for(lambda _: len(set(map(identity, recorder.observations()))) >= seen + 3)
            recorder.wait_for(lambda got: any(b'"spool_storage": "memory"' in m.payload for m in got))
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(SECONDS) == 0
        recorder.wait_for_status(b"offline")
        health = [json.loads(message.payload) for message in recorder.messages if message.topic.endswith("/health")]
    assert device.log.read_text().count("cannot be written") == 1
    assert "Traceback" not in device.log.read_text()
    assert health[-1]["spool_dropped"] == 0


def test_files_that_may_not_grow_any_more(device: Device) -> None:
    def fill(pid: int) -> None:
        size = (device.config.parent / "spool.db-wal").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    observe_through(device, fill)


def test_a_disk_that_becomes_read_only(device: Device, tmp_path: Path) -> None:
    with failing_disk(tmp_path) as disk:
        device.change(r'^path = ".*spool\.db"$', f'path = "{disk}/spool.db"')
        observe_through(device, lambda _: becomes_read_only(disk))
