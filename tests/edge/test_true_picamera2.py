"""The camera against picamera2's own code, with only the C++ binding below it replaced.

Runs where picamera2 is installed without libcamera: `pip install --no-deps picamera2`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any

import numpy as np
import pytest

from edge.camera.picamera import PiCamera
from edge.config import CameraSettings
from edge.errors import CameraError
from edge.records import Frame
from tests.edge import stub_libcamera

if not find_spec("picamera2") or find_spec("libcamera"):
    pytest.skip("needs picamera2 without libcamera", allow_module_level=True)

PATIENCE = 60.0
"""Seconds that a busy machine may need for a frame."""
RED, GREEN, BLUE, GREY = (200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 200)
SCENE = np.zeros((96, 128, 3), np.uint8)
SCENE[:48, :64], SCENE[:48, 64:], SCENE[48:, 64:], SCENE[48:, :64] = RED, GREEN, BLUE, GREY


class Pi:
    """The true class `Picamera2`, and the camera below it."""

    def __init__(self, module: Any, manager: stub_libcamera.CameraManager) -> None:
        self.module, self.camera = module, manager.cameras[0]

    def open(self, frame_seconds: float = PATIENCE, **changes: Any) -> PiCamera:
        """frame_seconds: shorter where the test waits for it to pass."""
        settings = CameraSettings(source="picamera2", **{"width": 128, "height": 96, **changes})
        return PiCamera(settings, library=self.module.Picamera2, frame_seconds=frame_seconds)


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pi]:
    stubs, manager = stub_libcamera.modules(SCENE)
    for name, module in stubs.items():
        monkeypatch.setitem(sys.modules, name, module)
    module = import_module("picamera2.picamera2")
    monkeypatch.setattr(module, "DmaAllocator", stub_libcamera.Allocator)
    yield Pi(module, manager)
    for name in [name for name in sys.modules if name.partition(".")[0] == "picamera2"]:
        del sys.modules[name]


def taken(camera: PiCamera, count: int) -> list[Frame]:
    with camera:
        return list(islice(camera.frames(threading.Event()), count))


def corners(image: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(int(c > 100) * 200 for c in image[y, x]) for y, x in ((5, 5), (5, -6), (-6, -6), (-6, 5))]


@pytest.mark.parametrize(
    ("rotation", "seen"),
    [
        (0, [RED, GREEN, BLUE, GREY]),
        (90, [GREY, RED, GREEN, BLUE]),
        (180, [BLUE, GREY, RED, GREEN]),
        (270, [GREEN, BLUE, GREY, RED]),
    ],
)
def test_both_streams_are_rgb_upright_and_without_the_padding_of_their_rows(
    pi: Pi, rotation: int, seen: list[tuple[int, ...]]
) -> None:
    frames = taken(pi.open(rotation=rotation, detection_width=64), 20)  # three times as many as there are buffers
    size = (128, 96) if rotation in (90, 270) else (96, 128)
    for frame in frames:
        assert frame.image.shape[:2] == size
        assert corners(frame.image) == seen
        assert frame.reduced is not None
        assert frame.reduced.image.shape[:2] == (size[0] // 2, size[1] // 2)
        assert corners(frame.reduced.image) == seen


def test_controls_arrive_as_libcamera_knows_them(pi: Pi) -> None:
    taken(pi.open(frames_per_second=5.0, exposure=20_000, gain=4.0, white_balance=(1.8, 1.5)), 1)
    assert pi.camera.controls_set == {
        "FrameDurationLimits": (200_000, 200_000), "ExposureTime": 20_000, "ExposureTimeMode": 1,
        "AnalogueGain": 4.0, "AnalogueGainMode": 1, "AwbEnable": False, "ColourGains": (1.8, 1.5),
    }  # fmt: skip


def test_odd_sizes_are_made_even(pi: Pi) -> None:
    (frame,) = taken(pi.open(width=127, height=95, detection_width=61), 1)
    assert frame.image.shape == (94, 126, 3)
    assert frame.reduced is not None
    assert frame.reduced.image.shape == (46, 60, 3)


def test_camera_that_falls_silent_is_an_error_and_works_when_it_is_entered_again(pi: Pi) -> None:
    camera = pi.open(frame_seconds=1.0)
    pi.camera.silent = True
    with pytest.raises(CameraError, match="does not answer"):
        taken(camera, 1)
    assert not pi.camera.acquired
    camera._frame_seconds = PATIENCE
    pi.camera.silent = False
    assert len(taken(camera, 20)) == 20


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_camera_whose_event_loop_died_can_be_closed_and_entered_again(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = pi.open(frame_seconds=1.0)

    def fail(self: Any, display: Any) -> None:
        raise RuntimeError("a request has no buffer")

    with monkeypatch.context() as patch:
        patch.setattr(pi.module.Picamera2, "process_requests", fail)
        with pytest.raises(CameraError, match="does not answer"):
            taken(camera, 1)
    assert not pi.camera.acquired
    camera._frame_seconds = PATIENCE
    assert len(taken(camera, 20)) == 20


def test_camera_in_use_is_an_error(pi: Pi) -> None:
    with pi.open(), pytest.raises(CameraError, match="does not start"):
        pi.open().__enter__()
    assert len(taken(pi.open(), 1)) == 1
