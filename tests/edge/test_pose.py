from __future__ import annotations

import numpy as np
import pytest

from edge.pictures import read_picture
from edge.pose import faces_camera

FRONTAL = np.array([[20, 25], [40, 25], [30, 37], [22, 50], [38, 50]], np.float32)


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ rotation.T).astype(np.float32)


@pytest.mark.parametrize("roll", [-60, -20, 0, 20, 60])
def test_a_frontal_face_is_readable_however_it_is_tilted(roll: float) -> None:
    assert faces_camera(turned(FRONTAL, roll))


@pytest.mark.parametrize("roll", [-20, 0, 20])
@pytest.mark.parametrize(
    "nose",
    [
        (30, 48),  # at the mouth: looking down
        (30, 29),  # at the eyes: looking up
        (41, 37),  # at the left eye: looking to one side
        (19, 37),  # at the right eye: to the other
    ],
)
def test_a_face_that_looks_elsewhere_is_not(nose: tuple[float, float], roll: float) -> None:
    points = FRONTAL.copy()
    points[2] = nose
    assert not faces_camera(turned(points, roll))


@pytest.mark.parametrize("roll", [-20, 0, 20])
def test_a_yawn_is_no_look_upwards(roll: float) -> None:
    yawning = FRONTAL.copy()
    yawning[3:, 1] = 67
    assert faces_camera(turned(yawning, roll))
    yawning[2] = (30, 29)
    assert not faces_camera(turned(yawning, roll))


def test_a_turned_face_with_a_closed_mouth_is_judged_as_before() -> None:
    # Turned by 35 degrees, eyes seem nearer each other; the nose is where it was.
    turned_away = FRONTAL.copy()
    turned_away[:2, 0], turned_away[2, 0] = (21.8, 38.2), 36
    assert faces_camera(turned_away)
    turned_away[2, 1] = 25 + 0.79 * 25
    assert faces_camera(turned_away)
    turned_away[2, 1] = 25 + 0.81 * 25
    assert not faces_camera(turned_away)


def test_landmarks_that_make_no_face_are_not_readable() -> None:
    assert not faces_camera(np.zeros((5, 2), np.float32))
    assert not faces_camera(turned(FRONTAL, 0)[[0, 1, 2, 3, 3]] * [1, -1])  # the mouth above the eyes


@pytest.mark.parametrize("name", ["astronaut.png", "biden.jpg", "grace_hopper.jpg", "obama.jpg"])
def test_a_portrait_faces_the_camera(detector, portraits, name: str) -> None:  # type: ignore[no-untyped-def]
    (face,) = detector.detect(read_picture(portraits / name))
    assert faces_camera(face.landmarks)
