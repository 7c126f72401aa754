"""The Raspberry Pi's camera, against a fake with picamera2's interface and faults."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any

import numpy as np
import pytest

from edge.camera.picamera import PiCamera
from edge.config import CameraSettings
from edge.errors import CameraError
from edge.records import Frame
from tests.edge.fake_picamera2 import World, padded_yuv420

QUARTERS = np.zeros((96, 128, 3), np.uint8)
"""Red, green, blue and white, clockwise from the upper left."""
QUARTERS[:48, :64], QUARTERS[:48, 64:], QUARTERS[48:, 64:], QUARTERS[48:, :64] = (
    (200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 200),
)  # fmt: skip


def camera_of(world: World, **settings: Any) -> PiCamera:
    return PiCamera(
        CameraSettings(source="picamera2", **{"width": 64, "height": 48, **settings}), library=world.library()
    )


def taken(camera: PiCamera, count: int = 1) -> list[Frame]:
    with camera:
        return list(islice(camera.frames(threading.Event()), count))


def corners(image: np.ndarray) -> list[str]:
    """Colours at the corners, clockwise from the upper left."""
    height, width = image.shape[:2]
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white", (0, 0, 0): "black"}
    places = [(2, 2), (2, width - 3), (height - 3, width - 3), (height - 3, 2)]
    return [names[tuple(int(c > 128) for c in image[place])] for place in places]


def test_frames_are_rgb_and_of_the_size_asked_for() -> None:
    world = World()
    frames = taken(camera_of(world), 8)  # more than it has buffers
    assert [frame.sequence for frame in frames] == list(range(8))
    assert frames[0].image.shape == (48, 64, 3)
    assert tuple(frames[0].image[0, 0]) == (255, 0, 0)
    assert frames[0].reduced is None
    assert world.last.calls == ["start", "close"]


def test_rate_exposure_gain_and_white_balance_are_asked_of_the_camera() -> None:
    world = World()
    taken(camera_of(world, frames_per_second=5.0, exposure=20_000, gain=4.0, white_balance=(1.8, 1.5)))
    assert world.last.controls == {
        "FrameDurationLimits": (200_000, 200_000), "ExposureTime": 20_000, "AnalogueGain": 4.0,
        "AwbEnable": False, "ColourGains": (1.8, 1.5),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("white_balance", "controls"),
    [
        ("auto", {}),  # libcamera's own default; setting it would be an error for a monochrome sensor
        ("tungsten", {"AwbMode": 2}),  # libcamera/control_ids.h: AwbTungsten
        ("daylight", {"AwbMode": 5}),
        ("cloudy", {"AwbMode": 6}),
    ],
)
def test_white_balance_by_name_is_libcameras_mode(white_balance: str, controls: dict[str, int]) -> None:
    world = World()
    taken(camera_of(world, white_balance=white_balance))
    assert {"FrameDurationLimits": (100_000, 100_000), **controls} == world.last.controls


def test_frames_are_stamped_with_the_beginning_of_their_exposure() -> None:
    (frame,) = taken(camera_of(World()))
    assert 0.02 <= time.monotonic() - frame.monotonic < 60


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="no time stamp"),
        pytest.param({"SensorTimestamp": None}, id="no number"),
        pytest.param({"SensorTimestamp": 0}, id="another clock"),
        pytest.param({"SensorTimestamp": 1 << 62}, id="of the future"),
        pytest.param(RuntimeError("no metadata"), id="metadata failing"),
    ],
)
def test_frame_without_a_usable_time_stamp_is_taken_now(metadata: Any) -> None:
    world = World()
    world.metadata = metadata
    before = time.monotonic()
    frames = taken(camera_of(world), 8)
    assert len(frames) == 8
    assert frames[0].monotonic >= before


@pytest.mark.parametrize(
    ("rotation", "seen", "size"),
    [
        (0, ["red", "green", "blue", "white"], (48, 64)),
        (90, ["white", "red", "green", "blue"], (64, 48)),
        (180, ["blue", "white", "red", "green"], (48, 64)),
        (270, ["green", "blue", "white", "red"], (64, 48)),
    ],
)
@pytest.mark.parametrize("cannot_flip", ["", "hflip", "vflip"])
def test_frame_and_reduced_frame_are_upright(
    rotation: int, seen: list[str], size: tuple[int, int], cannot_flip: str
) -> None:
    world = World(QUARTERS)
    world.cannot_flip = cannot_flip
    (frame,) = taken(camera_of(world, rotation=rotation, detection_width=32))
    assert corners(frame.image) == seen
    assert frame.image.shape[:2] == size
    assert frame.reduced is not None
    assert corners(frame.reduced.image) == seen
    assert frame.reduced.image.shape[:2] == (size[0] // 2, size[1] // 2)
    assert frame.reduced.scale == (2.0, 2.0)


def test_camera_turns_the_picture_itself_where_it_can() -> None:
    world = World(QUARTERS)
    taken(camera_of(world, rotation=180))
    transform = world.last.configured["transform"]
    assert (transform.hflip, transform.vflip) == (True, True)
    taken(camera_of(world))
    transform = world.last.configured["transform"]  # the default that picamera2 shares was left alone
    assert (transform.hflip, transform.vflip) == (False, False)


def test_reduced_stream_is_cut_and_scaled_as_the_frame_is() -> None:
    (frame,) = taken(camera_of(World(QUARTERS), detection_width=32, region=(0.5, 0.0, 1.0, 0.5)))
    assert corners(frame.image) == ["green"] * 4
    assert frame.reduced is not None
    assert corners(frame.reduced.image) == ["green"] * 4
    assert frame.reduced.offset == (0.0, 0.0)


def test_padding_of_the_reduced_streams_rows_is_no_part_of_the_picture() -> None:
    planes = padded_yuv420(QUARTERS)
    assert planes.shape == (144, 160)
    (frame,) = taken(camera_of(World(QUARTERS), detection_width=32))
    assert frame.reduced is not None
    expected = QUARTERS[2::4, 2::4]
    assert abs(frame.reduced.image.astype(int) - expected)[2:-2, 2:-2].mean() < 8


def test_sizes_that_libcamera_changed_are_used(caplog: pytest.LogCaptureFixture) -> None:
    world = World(QUARTERS)
    world.adjusted = {"main": (60, 40), "lores": (30, 16)}
    (frame,) = taken(camera_of(world, detection_width=32))
    assert frame.image.shape == (40, 60, 3)
    assert frame.reduced is not None
    assert frame.reduced.image.shape == (16, 30, 3)
    assert frame.reduced.scale == (2.0, 2.5)
    assert "frames are 60x40, not 64x48" in caplog.text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param("timeout", "it does not answer", id="frontend timed out"),
        pytest.param(RuntimeError("Camera frontend has timed out!"), "frontend has timed out", id="capture raising"),
        pytest.param(AssertionError(), "AssertionError", id="picamera2's own state"),
    ],
)
def test_failed_capture_is_an_error_and_the_camera_can_be_entered_again(fault: Any, said: str) -> None:
    world = World(faults=[None, None, fault])
    camera, seen = camera_of(world), []
    with pytest.raises(CameraError, match=rf"no frame: .*{said}.*ribbon cable"), camera:  # noqa: PT012
        for frame in camera.frames(threading.Event()):
            seen.append(frame.sequence)
    assert seen == [0, 1]
    assert world.last.calls == ["start", "close"]
    assert len(taken(camera, 8)) == 8


def test_buffers_are_given_back_when_their_picture_cannot_be_read() -> None:
    world = World()
    world.unmapped = 1
    camera = camera_of(world)
    with camera:
        with pytest.raises(CameraError, match="failed to find buffer"):
            next(iter(camera.frames(threading.Event())))
        assert world.last.free == 6
    assert len(taken(camera, 8)) == 8


def test_buffers_are_given_back_when_nobody_takes_the_frames() -> None:
    world = World()
    camera = camera_of(world)
    with camera:
        next(camera.frames(threading.Event()))
        assert world.last.free == 6


def test_stop_ends_the_frames() -> None:
    stop = threading.Event()
    with camera_of(World()) as camera:
        frames = camera.frames(stop)
        next(frames)
        stop.set()
        assert list(frames) == []


def test_camera_in_use_says_so_and_is_free_afterwards() -> None:
    world = World()
    with camera_of(world), pytest.raises(CameraError, match=r"does not start: .*no other program uses it"):
        camera_of(world).__enter__()
    assert len(taken(camera_of(world), 1)) == 1


def test_control_that_this_camera_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.edge.fake_picamera2.CONTROLS", {"FrameDurationLimits"})
    world = World()
    with pytest.raises(CameraError, match="Control ExposureTime is not advertised"):
        taken(camera_of(world, exposure=1000))
    assert not world.last.is_open


def test_no_camera_points_to_the_cable() -> None:
    world = World()
    world.cameras = []
    with pytest.raises(CameraError, match="no camera found; check the ribbon cable"):
        taken(camera_of(world))
