"""Frames from clips, folders and cameras, and only the newest of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import pytest

from edge.camera import Camera, NewestFrame, open_camera
from edge.camera.device import DeviceCamera
from edge.camera.pictures import Pictures
from edge.camera.source import stamped
from edge.config import CameraSettings
from edge.errors import CameraError
from edge.records import Frame
from tests.brokers import SECONDS

RATE = 20.0
COUNT = 8
RED = (0, 0, 255)
"""In OpenCV's order: blue, green, red."""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Eight red frames at 20 frames a second, from dark to bright."""
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, (64, 48))
    assert writer.isOpened()
    for index in range(COUNT):
        writer.write(np.full((48, 64, 3), RED, np.uint8) // COUNT * (index + 1))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pictures"
    path.mkdir()
    for name, width in (("b.png", 40), ("a.jpg", 30), ("c.JPEG", 50)):
        cv2.imwrite(str(path / name), np.full((20, width, 3), RED, np.uint8))
    (path / "notes.txt").write_text("no picture")
    return path


def taken(camera: Camera, limit: int | None = None) -> list[Frame]:
    """Up to `limit` frames of a camera that is opened and closed for it."""
    with camera:
        return list(islice(camera.frames(threading.Event()), limit))


def measuring(path: Path, **changes: Any) -> Camera:
    return open_camera(CameraSettings(source=str(path), **changes), realtime=False)


class Scripted:
    """A camera that shows one frame, and the others as soon as it may go on; then it ends, or fails."""

    def __init__(self, count: int, failure: Exception | None = None) -> None:
        self.count = count
        self.failure = failure
        self.go_on = threading.Event()
        self.closed = threading.Event()
        self.all_given = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        for sequence in range(self.count):
            if sequence == 1:
                self.go_on.wait(SECONDS)
            yield stamped(np.zeros((2, 2, 3), np.uint8), sequence)
        self.all_given.set()
        if self.failure:
            raise self.failure


class Endless(Scripted):
    """A camera that shows one frame and then nothing, until it is told to stop."""

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        yield stamped(np.zeros((2, 2, 3), np.uint8), 0)
        stop.wait()


# Clips


def test_clip_gives_every_frame_in_rgb(clip: Path) -> None:
    frames = taken(measuring(clip))
    assert [frame.sequence for frame in frames] == list(range(COUNT))
    image = frames[-1].image
    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    red, green, blue = image.reshape(-1, 3).mean(axis=0)
    assert red > 200
    assert max(green, blue) < 50


def test_measured_clip_keeps_its_own_time_line(clip: Path) -> None:
    frames = taken(measuring(clip))
    steps = np.diff([frame.monotonic for frame in frames])
    assert steps == pytest.approx(np.full(COUNT - 1, 1 / RATE), abs=1e-3)
    shown = frames[-1].captured_at - frames[0].captured_at
    assert shown.total_seconds() == pytest.approx((COUNT - 1) / RATE, abs=0.01)


def test_looped_clip_starts_again_while_time_goes_on(clip: Path) -> None:
    frames = taken(measuring(clip, loop=True), 2 * COUNT + 1)
    assert [frame.sequence for frame in frames] == list(range(2 * COUNT + 1))
    assert np.diff([frame.monotonic for frame in frames]) == pytest.approx(np.full(2 * COUNT, 1 / RATE), abs=1e-3)
    assert abs(frames[COUNT].image.astype(int) - frames[0].image).max() < 5


def test_clip_plays_in_real_time_unless_measured(clip: Path) -> None:
    frames = taken(open_camera(CameraSettings(source=str(clip))))
    assert len(frames) == COUNT
    assert frames[-1].monotonic - frames[0].monotonic >= (COUNT - 1.5) / RATE


def test_captures_are_stamped_in_utc(clip: Path) -> None:
    (frame,) = taken(measuring(clip), 1)
    assert frame.captured_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - frame.captured_at) < timedelta(minutes=1)


def test_paused_clip_stops_at_once(clip: Path) -> None:
    stop = threading.Event()
    with open_camera(CameraSettings(source=str(clip), loop=True)) as camera:
        frames = camera.frames(stop)
        next(frames)
        stop.set()
        assert list(frames) == []


def test_file_that_is_no_clip_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no clip at all" * 1000)
    with pytest.raises(CameraError, match=r"broken\.mp4: cannot be read as a clip; .*convert"), measuring(path):
        pass


def test_clip_cut_short_is_an_error_not_an_empty_room(clip: Path) -> None:
    clip.write_bytes(clip.read_bytes()[:200])
    with pytest.raises(CameraError, match=clip.name):
        taken(measuring(clip))


# Folders


def test_pictures_come_in_the_order_of_their_names_and_keep_their_size(folder: Path) -> None:
    frames = taken(measuring(folder, frames_per_second=4))
    assert [frame.image.shape[1] for frame in frames] == [30, 40, 50]
    assert np.diff([frame.monotonic for frame in frames]) == pytest.approx([0.25, 0.25])


def test_unreadable_picture_is_skipped_and_named_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "b.png").write_bytes(b"no picture")
    (folder / "._a.jpg").write_bytes(b"what macOS leaves beside a picture")
    camera = Pictures(CameraSettings(source=str(folder), loop=True), realtime=False)
    with caplog.at_level(logging.WARNING), camera:
        frames = list(islice(camera.frames(threading.Event()), 6))
    assert [frame.image.shape[1] for frame in frames] == [30, 50, 30, 50, 30, 50]
    assert [frame.sequence for frame in frames] == list(range(6))
    assert camera.unreadable == 1
    assert [record.getMessage() for record in caplog.records] == [f"{folder / 'b.png'}: cannot be decoded, skipped"]


def test_folder_of_unreadable_pictures_is_an_error_even_in_a_loop(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(CameraError, match="none of its 1 pictures can be decoded"):
        taken(measuring(tmp_path, loop=True))


def test_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(CameraError, match=r"holds no pictures.*another folder"), measuring(tmp_path):
        pass


# Devices


def test_missing_source_says_what_may_be_written(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"absent\.mp4.*picamera2.*/dev/videoN.*rtsp"):
        measuring(tmp_path / "absent.mp4")


def test_missing_device_says_which_cameras_there_are() -> None:
    with pytest.raises(CameraError, match=r"/dev/video987: no camera.*cameras here: "):
        taken(open_camera(CameraSettings(source="/dev/video987")))


def test_unreachable_network_camera_is_named_without_its_password() -> None:
    source = "rtsp://teacher:secret@127.0.0.1:9/stream"
    with pytest.raises(CameraError, match=r"rtsp://127\.0\.0\.1:9/stream: no camera") as caught:
        taken(open_camera(CameraSettings(source=source)))
    assert "secret" not in str(caught.value)


class FakeCapture:
    """What `cv2.VideoCapture` offers: `shows` pictures, then the cable is pulled."""

    def __init__(self, shows: int) -> None:
        self.shows = shows
        self.open = shows > 0

    def isOpened(self) -> bool:  # noqa: N802
        return self.open

    def grab(self) -> bool:
        return self.open

    def read(self) -> tuple[bool, Any]:
        self.shows -= 1
        return (True, np.full((2, 2, 3), RED, np.uint8)) if self.shows >= 0 else (False, None)

    def release(self) -> None:
        self.open = False


def test_lost_camera_is_an_error_and_can_be_entered_again() -> None:
    captures = [FakeCapture(2), FakeCapture(0), FakeCapture(3)]
    opened: list[FakeCapture] = []

    def opener(settings: CameraSettings) -> Any:
        opened.append(captures[len(opened)])
        return opened[-1]

    camera = DeviceCamera(CameraSettings(source="/dev/video0"), opener=opener)
    seen = []
    with pytest.raises(CameraError, match=r"/dev/video0: gives no more pictures; check the cable"), camera:  # noqa: PT012
        for frame in camera.frames(threading.Event()):
            seen.append(frame)
    assert [frame.sequence for frame in seen] == [0, 1]
    assert tuple(seen[0].image[0, 0]) == (255, 0, 0)
    with pytest.raises(CameraError, match="no camera could be opened"), camera:
        pass
    assert len(taken(camera, 3)) == 3
    assert not any(capture.isOpened() for capture in captures)


def test_picture_that_opencv_chokes_on_is_a_camera_error() -> None:
    class Choking(FakeCapture):
        def read(self) -> tuple[bool, Any]:
            return True, np.zeros((2, 2, 7), np.uint8)

    camera = DeviceCamera(CameraSettings(source="/dev/video0"), opener=lambda _: Choking(1))
    with pytest.raises(CameraError, match="/dev/video0: no picture"):
        taken(camera)


def test_missing_picamera2_says_how_to_install_it() -> None:
    if find_spec("libcamera"):
        pytest.skip("libcamera is installed here")
    with pytest.raises(CameraError, match="apt install python3-picamera2"):
        open_camera(CameraSettings(source="picamera2"))


# The newest frame


def test_slow_consumer_misses_frames_but_never_the_last() -> None:
    source = Scripted(100)
    with NewestFrame(source) as camera:
        frames = camera.frames(threading.Event())
        assert next(frames).sequence == 0
        source.go_on.set()
        assert source.all_given.wait(SECONDS)
        assert [frame.sequence for frame in frames] == [99]
    assert camera.dropped == 98
    assert source.closed.is_set()


def test_failure_of_the_source_reaches_the_consumer_after_its_frames() -> None:
    seen = []
    with NewestFrame(Scripted(1, CameraError("cable pulled"))) as camera, pytest.raises(CameraError, match="cable"):  # noqa: PT012
        for frame in camera.frames(threading.Event()):
            seen.append(frame.sequence)
    assert seen == [0]


def test_unexpected_failure_does_not_look_like_the_end_of_a_clip() -> None:
    with NewestFrame(Scripted(0, ValueError("a defect"))) as camera, pytest.raises(ValueError, match="a defect"):
        list(camera.frames(threading.Event()))


def test_waiting_consumer_is_let_go_when_told_to_stop() -> None:
    stop, source, seen = threading.Event(), Endless(0), []
    with NewestFrame(source) as camera:
        for frame in camera.frames(stop):
            seen.append(frame.sequence)
            stop.set()
    assert seen == [0]
    assert source.closed.wait(SECONDS)


def test_newest_frame_of_a_missing_camera_fails_where_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no clip")
    with pytest.raises(CameraError, match="cannot be read"), NewestFrame(measuring(path)):
        pass


def test_nobody_asked_for_frames_and_the_source_is_closed() -> None:
    source = Scripted(1)
    with NewestFrame(source):
        pass
    assert source.closed.is_set()


def test_newest_frame_plays_a_real_clip_to_its_end(clip: Path) -> None:
    with NewestFrame(open_camera(CameraSettings(source=str(clip)))) as camera:
        frames = list(camera.frames(threading.Event()))
    assert frames[-1].sequence == COUNT - 1
    assert len(frames) + camera.dropped == COUNT
