"""Cameras that are missing, fail, come back, hang, or must not look."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Self

import numpy as np
import pytest

from edge.camera import NewestFrame
from edge.capture import WatchedCamera
from edge.connection import Backoff
from edge.errors import CameraError
from edge.records import Frame
from edge.watchdog import Heartbeat
from tests.brokers import SECONDS, wait_until


def frame(sequence: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), datetime.now(UTC), float(sequence), sequence)


class Scripted:
    """Each opening takes the next entry: a number of frames and then a failure, or an error at once."""

    def __init__(self, *openings: int | CameraError, then: threading.Event | None = None) -> None:
        self._openings = list(openings)
        self._then = then
        self._frames = 0
        self.opened = self.closed = 0

    def __enter__(self) -> Self:
        self.opened += 1
        nxt = self._openings.pop(0) if self._openings else CameraError("nothing more is scripted")
        if isinstance(nxt, CameraError):
            raise nxt
        self._frames = nxt
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        for sequence in range(self._frames):
            yield frame(sequence)
        if self._then is not None and not self._openings:
            while not self._then.is_set() and not stop.is_set():
                yield frame(0)
            return
        raise CameraError("cable pulled")


def watched(camera: Scripted, *, lasting: bool = True, paused: threading.Event | None = None) -> WatchedCamera:
    heartbeat = Heartbeat("capture", 15.0)
    return WatchedCamera(camera, heartbeat, paused or threading.Event(), lasting=lasting, backoff=Backoff(0.001, 0.002))


def take(camera: WatchedCamera, count: int) -> None:
    stop = threading.Event()
    with camera:
        for taken, _ in enumerate(camera.frames(stop), start=1):
            if taken == count:
                stop.set()


def test_a_camera_that_is_missing_and_then_fails_is_opened_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    missing = CameraError("no camera found")
    source = Scripted(missing, missing, missing, 2, missing, 5)
    camera = watched(source)
    with caplog.at_level(logging.INFO):
        take(camera, 5)
    assert (source.opened, source.closed, camera.failures) == (6, 2, 5)
    assert [record.getMessage() for record in caplog.records] == [
        "no camera found (trying again)",  # once, not three times
        "the camera works again",
        "cable pulled (trying again)",
        "no camera found (trying again)",
        "the camera works again",
    ]


def test_a_clip_that_cannot_be_read_ends_the_run() -> None:
    with NewestFrame(watched(Scripted(CameraError("cannot be read as a clip")), lasting=False)) as camera:
        with pytest.raises(CameraError, match="as a clip"):
            camera.take(SECONDS)
        assert camera.ended


def test_the_state_follows_the_camera() -> None:
    end = threading.Event()
    camera = watched(Scripted(CameraError("no camera"), 1, then=end))
    assert camera.state == "opening"
    with NewestFrame(camera) as newest:
        assert newest.take(SECONDS) is not None
        assert camera.state == "working"
        end.set()
    assert camera.state == "closed"


def test_a_pause_closes_the_camera_and_its_end_opens_it_again() -> None:
    end, paused = threading.Event(), threading.Event()
    source = Scripted(1, 1, then=end)
    source._openings = [1]
    camera = watched(source, paused=paused)
    with NewestFrame(camera) as newest:
        assert newest.take(SECONDS) is not None
        source._openings = []
        paused.set()
        wait_until(lambda: source.closed == 1)
        source._openings = [1]
        paused.clear()
        wait_until(lambda: source.opened == 2)


def test_waiting_for_a_missing_camera_is_progress_and_a_call_that_never_returns_is_none() -> None:
    class Stuck(Scripted):
        def __enter__(self) -> Self:
            self.opened += 1
            assert release.wait(SECONDS)
            raise CameraError("at last")

    release = threading.Event()
    now = [0.0]
    heartbeat = Heartbeat("capture", 15.0, lambda: now[0])
    source = Stuck()
    camera = WatchedCamera(source, heartbeat, threading.Event(), lasting=True, backoff=Backoff(0.001, 0.002))
    stop = threading.Event()
    thread = threading.Thread(target=lambda: list(camera.frames(stop)))
    thread.start()
    wait_until(lambda: source.opened == 1)
    now[0] = 20.0
    assert heartbeat.late(now[0]) == 20.0
    release.set()  # it fails, and is tried again and again
    wait_until(lambda: source.opened > 5)
    assert heartbeat.late(now[0]) is None
    stop.set()
    thread.join(SECONDS)
    assert not thread.is_alive()
