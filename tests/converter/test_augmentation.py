"""Augmented pictures stay faces of the asked-for size, and are the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from converter.augmentation import Augmentation, augment, mix, swap_surroundings, vary
from edge.alignment import expression_crop, whole

STILL = Augmentation(
    rotation=0, zoom=0, shift=0, resize_share=0, gamma=0, contrast=(1, 1), brightness=0, exposure_share=0,
    side_light_share=0,
    blur_share=0, noise_share=0, jpeg_share=0, occlusion_share=0,
)  # fmt: skip
"""Moves nothing but the mirror."""


def picture(side: int) -> NDArray[np.uint8]:
    """A soft, asymmetric pattern."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    return np.clip(255 * (0.2 + 0.5 * columns + 0.3 * np.sin(9 * rows)), 0, 255).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(side=st.integers(12, 220), size=st.sampled_from([48, 64]), seed=st.integers(0, 10_000))
def test_any_picture_becomes_a_grey_square_of_the_size_asked_for(side: int, size: int, seed: int) -> None:
    result = augment(picture(side), size, Augmentation(), np.random.default_rng(seed))
    assert result.shape == (size, size)
    assert result.dtype == np.uint8


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_colour_picture_keeps_its_colours(seed: int) -> None:
    red = np.zeros((120, 120, 3), dtype=np.uint8)
    red[:, :, 0] = picture(120)
    seen = vary(red, 60, Augmentation(occlusion_share=0), np.random.default_rng(seed))
    assert seen.ndim == 3
    assert seen[:, :, 0].mean() >= seen[:, :, 1:].mean()


def test_same_seed_gives_the_same_picture_and_another_seed_another() -> None:
    one, same, other = (augment(picture(100), 64, Augmentation(), np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_original_is_left_as_it_was() -> None:
    original = picture(64)
    before = original.copy()
    for seed in range(20):
        augment(original, 64, Augmentation(), np.random.default_rng(seed))
    np.testing.assert_array_equal(original, before)


@pytest.mark.parametrize("side", [48, 64, 80])  # enlarged, kept, reduced
def test_without_movement_it_is_the_daemons_crop_or_its_mirror(side: int) -> None:
    crop = expression_crop(picture(side), whole(picture(side)), 64).astype(int)
    seen = set()
    for seed in range(12):
        result = augment(picture(side), 64, STILL, np.random.default_rng(seed)).astype(int)
        # The warp samples at 1/32 px, so grey levels may differ by a few at steep places.
        distances = [np.abs(result - crop).max(), np.abs(result - crop[:, ::-1]).max()]
        seen.add(int(np.argmin(distances)))
        assert min(distances) <= 8
    assert seen == {0, 1}


def test_faces_are_shown_at_the_sizes_a_classroom_gives() -> None:
    small = Augmentation(face_sizes=(24, 24), resize_share=1, blur_share=0, noise_share=0, jpeg_share=0)
    noise = np.random.default_rng(0).integers(0, 256, (96, 96), dtype=np.uint8)
    result = augment(noise, 64, small, np.random.default_rng(0)).astype(float)
    # Detail finer than 24 px cannot be left: next pixels are alike.
    assert np.abs(np.diff(result, axis=1)).mean() < np.abs(np.diff(noise.astype(float), axis=1)).mean() / 4


def test_exposure_burns_bright_pictures_out_and_darkens_others() -> None:
    bright = np.full((64, 64), 180, dtype=np.uint8)
    exposed = replace(STILL, exposure=1.0, exposure_share=1.0)
    levels = [int(augment(bright, 64, exposed, np.random.default_rng(seed)).mean()) for seed in range(40)]
    assert max(levels) == 255
    assert 90 <= min(levels) < 120


def test_mix_keeps_targets_probabilities_and_the_first_picture_the_stronger() -> None:
    images = np.arange(6, dtype=np.float32).reshape(6, 1, 1, 1) * np.ones((6, 4, 4, 1), np.float32)
    targets = np.eye(6, 5, dtype=np.float32)
    targets[5, 0] = 1
    mixed, blended = mix(images, targets, 0.4, np.random.default_rng(0))
    assert mixed.shape == images.shape
    np.testing.assert_allclose(blended.sum(axis=1), 1, rtol=1e-6)
    assert (blended.argmax(axis=1) == targets.argmax(axis=1)).all()


def test_mix_of_nothing_changes_nothing() -> None:
    images, targets = np.ones((3, 2, 2, 1), np.float32), np.eye(3, 5, dtype=np.float32)
    assert mix(images, targets, 0, np.random.default_rng(0)) == (images, targets)


def test_a_face_before_other_surroundings_stays_the_face_it_was() -> None:
    levels = np.arange(1, 9, dtype=np.float32)
    images = levels[:, None, None, None] * np.ones((8, 64, 64, 1), np.float32)
    before = images.copy()
    changed = swap_surroundings(images, Augmentation(surroundings_share=1.0), np.random.default_rng(3))
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(changed[:, 20:44, 24:40], images[:, 20:44, 24:40])
    corners = changed[:, 0, 0, 0]
    assert sorted(corners) == list(levels)
    assert (corners != levels).any()


def test_surroundings_are_swapped_as_often_as_asked() -> None:
    images = np.random.default_rng(0).normal(size=(400, 32, 32, 1)).astype(np.float32)
    settings = Augmentation(surroundings_share=0.25)
    changed = swap_surroundings(images, settings, np.random.default_rng(1))
    assert 70 <= (changed != images).any(axis=(1, 2, 3)).sum() <= 130
    never = swap_surroundings(images, Augmentation(surroundings_share=0.0), np.random.default_rng(1))
    assert never is images
