from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.quality import sharpness, worth_a_probe
from edge.records import Box, Face

PORTRAITS = ["astronaut.png", "biden.jpg", "grace_hopper.jpg", "obama.jpg"]


def one_face(detector: MtcnnDetector, image: np.ndarray) -> Face:
    (face,) = detector.detect(image)
    return face


def smaller(image: np.ndarray, face: Face, height: float) -> tuple[np.ndarray, Face]:
    """The picture reduced until the face is as high as that."""
    scale = height / face.box.height
    box = Box(*(scale * side for side in (face.box.x1, face.box.y1, face.box.x2, face.box.y2)))
    reduced = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return reduced, Face(box, (face.landmarks * scale).astype(np.float32), face.confidence)


@pytest.mark.parametrize("height", [100, 60, 40])
@pytest.mark.parametrize("name", PORTRAITS)
def test_a_sharp_face_is_worth_a_probe_from_near_and_far(
    detector: MtcnnDetector, portraits: Path, name: str, height: float
) -> None:
    image = read_picture(portraits / name)
    assert worth_a_probe(*smaller(image, one_face(detector, image), height))


@pytest.mark.parametrize("name", PORTRAITS)
def test_a_face_blurred_by_a_movement_is_not(detector: MtcnnDetector, portraits: Path, name: str) -> None:
    image = read_picture(portraits / name)
    face = one_face(detector, image)
    blurred = cv2.GaussianBlur(image, (0, 0), 0.04 * face.box.height)
    assert not worth_a_probe(blurred, face)


@pytest.mark.parametrize("gain", [0.4, 1.0])
def test_dim_light_does_not_count_as_blur(detector: MtcnnDetector, portraits: Path, gain: float) -> None:
    image = read_picture(portraits / "obama.jpg")
    face = one_face(detector, image)
    assert sharpness((image * gain).astype(np.uint8), face) == pytest.approx(sharpness(image, face), rel=0.1)


def test_a_profile_is_not_worth_a_probe(detector: MtcnnDetector, portraits: Path) -> None:
    image = read_picture(portraits / "obama.jpg")
    face = one_face(detector, image)
    landmarks = face.landmarks.copy()
    landmarks[2] = landmarks[1]  # the nose before an eye
    assert not worth_a_probe(image, Face(face.box, landmarks, face.confidence))


def test_an_even_surface_is_not_worth_a_probe() -> None:
    points = np.array([[38, 52], [74, 52], [56, 72], [42, 92], [71, 92]], np.float32)
    assert not worth_a_probe(np.full((112, 112, 3), 90, np.uint8), Face(Box(20, 10, 92, 112), points, 0.99))
