"""What a student may be enrolled from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest

from edge.camera import NewestFrame
from edge.camera.source import stamped
from edge.embedder import Embedder
from edge.errors import PictureError
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.portraits import Portrayer, ended_after
from edge.records import Face, Frame

THRESHOLD = 0.55


@pytest.fixture
def portrayer(detector: MtcnnDetector, embedder: Embedder) -> Portrayer:
    return Portrayer(detector, embedder)


def written(folder: Path, image: np.ndarray) -> Path:
    path = folder / "picture.png"
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return path


def test_a_blurred_picture_is_refused(portrayer: Portrayer, portraits: Path, tmp_path: Path) -> None:
    image = read_picture(portraits / "obama.jpg")
    path = written(tmp_path, cv2.GaussianBlur(image, (0, 0), 12))
    with pytest.raises(PictureError, match=r"picture\.png: the face is blurred; hold still"):
        portrayer.from_file(path)


def test_a_small_face_is_refused(portrayer: Portrayer, portraits: Path, tmp_path: Path) -> None:
    image = read_picture(portraits / "obama.jpg")
    path = written(tmp_path, cv2.resize(image, None, fx=0.17, fy=0.17, interpolation=cv2.INTER_AREA))  # 54 px
    with pytest.raises(PictureError, match="no face of 60 px or more"):
        portrayer.from_file(path)


class Profile:
    """A detector that sees every face from the side: the nose before an eye."""

    def __init__(self, detector: MtcnnDetector) -> None:
        self._detector = detector

    def detect(self, image: np.ndarray, scale: float = 1.0) -> list[Face]:
        (face,) = self._detector.detect(image, scale)
        landmarks = face.landmarks.copy()
        landmarks[2] = landmarks[1]
        return [Face(face.box, landmarks, face.confidence)]


def test_a_face_that_is_turned_away_is_refused(detector: MtcnnDetector, embedder: Embedder, portraits: Path) -> None:
    with pytest.raises(PictureError, match=r"obama\.jpg: the face is turned away"):
        Portrayer(Profile(detector), embedder).from_file(portraits / "obama.jpg")


def frames(images: list[np.ndarray], every: float = 0.8) -> Iterator[Frame]:
    return (stamped(image, number, number * every) for number, image in enumerate(images))


def seen(*paths: Path) -> list[np.ndarray]:
    """Pictures as frames of one size."""
    return [cv2.resize(read_picture(path), (640, 800), interpolation=cv2.INTER_AREA) for path in paths]


def photographs(portraits: Path) -> list[np.ndarray]:
    """Three of one person."""
    return seen(*(portraits / name for name in ("obama.jpg", "obama2.jpg", "obama3.jpg")))


def test_portraits_come_from_the_camera_with_guidance(portrayer: Portrayer, portraits: Path) -> None:
    told: list[str] = []
    empty = np.full((800, 640, 3), 90, np.uint8)
    found = portrayer.from_camera(frames([empty, empty, *photographs(portraits)]), 3, 60.0, THRESHOLD, told.append)
    assert len(found) == 3
    assert told[0].startswith("the camera: no face of 60 px or more found")
    assert told[1].startswith("1 of 3: turn your head")
    assert sum("no face" in line for line in told) == 1  # said when it begins, not for every frame


def test_frames_that_follow_at_once_are_not_portraits_of_their_own(portrayer: Portrayer, portraits: Path) -> None:
    with pytest.raises(PictureError, match="only 1 of 2 pictures"):
        portrayer.from_camera(frames(photographs(portraits), 0.1), 2, 60.0, THRESHOLD, lambda _: None)


def test_the_same_picture_again_adds_nothing(portrayer: Portrayer, portraits: Path) -> None:
    told: list[str] = []
    with pytest.raises(PictureError, match="only 1 of 2 pictures"):
        portrayer.from_camera(frames(photographs(portraits)[:1] * 5), 2, 60.0, THRESHOLD, told.append)
    assert any("the same as before; turn your head" in line for line in told)


def test_somebody_else_who_comes_into_view_is_not_mixed_in(portrayer: Portrayer, portraits: Path) -> None:
    told: list[str] = []
    mixed = seen(portraits / "obama.jpg", portraits / "biden.jpg", portraits / "biden.jpg")
    with pytest.raises(PictureError, match="only 1 of 3 pictures within 60 s; last: the camera: shows somebody else"):
        portrayer.from_camera(frames(mixed), 3, 60.0, THRESHOLD, told.append)


def test_the_time_is_bounded_although_the_camera_goes_on(portrayer: Portrayer) -> None:
    empty = np.full((200, 200, 3), 90, np.uint8)

    def forever() -> Iterator[Frame]:
        number = 0
        while True:
            yield stamped(empty, number, float(number))
            number += 1

    with pytest.raises(PictureError, match="only 0 of 5 pictures within 10 s; last: the camera: no face"):
        portrayer.from_camera(forever(), 5, 10.0, THRESHOLD, lambda _: None)


class SilentCamera:
    """Opens, and gives nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        stop.wait()
        return iter(())


def test_the_time_is_bounded_although_the_camera_gives_nothing(portrayer: Portrayer) -> None:
    def enrol() -> None:
        with NewestFrame(SilentCamera()) as camera, ended_after(0.2) as stop:
            with pytest.raises(PictureError, match="within 60 s; last: the camera gave no frame"):
                portrayer.from_camera(camera.frames(stop), 5, 60.0, THRESHOLD, lambda _: None)
            ended.set()

    ended = threading.Event()
    threading.Thread(target=enrol, daemon=True).start()
    assert ended.wait(20)


def test_a_camera_that_gives_no_frame_is_said(portrayer: Portrayer) -> None:
    with pytest.raises(PictureError, match="the camera gave no frame"):
        portrayer.from_camera(iter(()), 5, 10.0, THRESHOLD, lambda _: None)
