from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.alignment import ARCFACE_TEMPLATE, align, box_crop, expression_crop, similarity_transform, whole
from edge.records import Box


def smooth_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def similarity(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


@pytest.mark.parametrize("angle", [-0.7, 0.0, 0.3, 3.0])
@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
def test_transform_recovers_a_known_rotation_scale_and_shift(angle: float, scale: float) -> None:
    known = similarity(angle, scale, (13.0, -40.0))
    moved = ARCFACE_TEMPLATE @ known[:, :2].T + known[:, 2]
    np.testing.assert_allclose(similarity_transform(ARCFACE_TEMPLATE, moved), known, atol=1e-9)


def test_transform_of_one_repeated_point_is_finite() -> None:
    points = np.full((5, 2), 7.0)
    assert np.isfinite(similarity_transform(points, ARCFACE_TEMPLATE)).all()


def test_landmarks_on_the_template_give_the_picture_back() -> None:
    picture = smooth_picture(112, 112)
    crop = align(picture, ARCFACE_TEMPLATE.astype(np.float32))
    assert np.abs(crop.astype(int) - picture).max() <= 1


@pytest.mark.parametrize("scale", [1.5, 3.0, 7.3, 12.0])  # from plain sampling to a strong reduction
def test_a_large_turned_face_comes_out_as_the_small_upright_one(scale: float) -> None:
    small = smooth_picture(112, 112, seed=4)
    move = similarity(0.4, scale, (300.0, 60.0))
    size = int(112 * scale * 1.6 + 360)
    large = cv2.warpAffine(small, move, (size, size), flags=cv2.INTER_CUBIC)
    landmarks = (ARCFACE_TEMPLATE @ move[:, :2].T + move[:, 2]).astype(np.float32)
    crop = align(large, landmarks)
    inner = np.s_[16:96, 16:96]
    assert np.abs(crop[inner].astype(int) - small[inner]).mean() < 3


def test_a_face_reaching_out_of_the_picture_is_filled_with_black() -> None:
    crop = align(np.full((60, 60, 3), 200, dtype=np.uint8), (ARCFACE_TEMPLATE - 40).astype(np.float32))
    assert crop.shape == (112, 112, 3)
    assert crop[0, 0].tolist() == [0, 0, 0]


def test_expression_crop_is_a_square_as_high_as_the_box_around_its_centre() -> None:
    picture = np.zeros((200, 300), dtype=np.uint8)
    picture[50:150, 100:200] = 255  # the square that the box below stands for
    crop = expression_crop(picture, Box(110, 50, 190, 150), 100)
    assert (crop == 255).all()


def test_a_training_picture_comes_through_unchanged() -> None:
    picture = smooth_picture(64, 64)[:, :, 0]
    np.testing.assert_array_equal(expression_crop(picture, whole(picture), 64), picture)


def test_a_crop_saved_and_read_as_training_data_equals_the_crop_of_the_daemon() -> None:
    frame = smooth_picture(240, 320)
    box = Box(100.3, 60.7, 171.2, 157.1)
    side = round(box.height)
    left, top = round(box.centre[0] - side / 2), round(box.centre[1] - side / 2)
    saved = frame[top : top + side, left : left + side]
    np.testing.assert_array_equal(expression_crop(frame, box, 48), expression_crop(saved, whole(saved), 48))


@pytest.mark.parametrize(
    "box",
    [
        Box(-30, -30, 20, 40),  # over the upper left corner
        Box(90, 90, 140, 150),  # over the lower right
        Box(-500, -500, -400, -400),  # wholly outside
        Box(10, 10, 10, 10),  # empty
    ],
)
def test_boxes_at_and_beyond_the_edge_give_a_crop(box: Box) -> None:
    assert expression_crop(np.full((100, 100, 3), 9, dtype=np.uint8), box, 48).shape == (48, 48)


@pytest.mark.parametrize("box", [Box(60, 40, 140, 160), Box(-30, -20, 60, 90), Box(200, 150, 290, 260)])
def test_box_crop_is_the_expression_crop_in_colour(box: Box) -> None:
    picture = smooth_picture(208, 256)
    crop = box_crop(picture, box, 224)
    assert crop.shape == (224, 224, 3)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(grey - expression_crop(picture, box, 224)).max() <= 2  # rounded once more on the way


def test_a_box_wholly_outside_gives_a_black_crop() -> None:
    assert box_crop(np.full((100, 100, 3), 9, dtype=np.uint8), Box(-500, -500, -400, -400), 32).tolist() == (
        np.zeros((32, 32, 3)).tolist()
    )


def test_what_lies_outside_repeats_the_edge() -> None:
    crop = expression_crop(np.full((100, 100, 3), 77, dtype=np.uint8), Box(-20, 10, 20, 70), 60)
    assert (crop == 77).all()
