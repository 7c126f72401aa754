"""Worse pictures are worse in the way their names say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from converter.robustness import CHANGES, blurred, compressed, lit, resized, turned


@pytest.fixture
def face() -> NDArray[np.uint8]:
    """A dark bar from the middle upwards on a bright, grained ground."""
    picture = np.random.default_rng(0).integers(140, 180, (96, 96)).astype(np.uint8)
    picture[:48, 46:50] = 20
    return picture


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_gives_a_square_picture_and_leaves_the_original(name: str, face: NDArray[np.uint8]) -> None:
    before = face.copy()
    changed = CHANGES[name](face)
    assert changed.dtype == np.uint8
    assert changed.shape == (changed.shape[0],) * 2
    np.testing.assert_array_equal(face, before)


def test_a_small_face_has_so_many_pixels(face: NDArray[np.uint8]) -> None:
    assert resized(face, 24).shape == (24, 24)
    assert CHANGES["24 px"](face).shape == (24, 24)
    assert CHANGES["64 px"](face).shape == (64, 64)


def test_doubled_light_burns_out_and_halved_light_does_not(face: NDArray[np.uint8]) -> None:
    assert (lit(face, 2)[60:] == 255).all()
    assert lit(face, 0.5).max() == face.max() // 2


@pytest.mark.parametrize("change", [blurred, compressed])
def test_detail_is_lost_but_not_the_light(face: NDArray[np.uint8], change: object) -> None:
    assert callable(change)
    changed = change(face)
    assert np.abs(np.diff(changed[60:].astype(int))).mean() < np.abs(np.diff(face[60:].astype(int))).mean()
    assert changed.mean() == pytest.approx(face.mean(), abs=2)


def test_a_turned_face_leans_by_ten_degrees(face: NDArray[np.uint8]) -> None:
    dark = turned(face)[:20] < 60
    # The bar's upper end, 38 px above the centre, moved sideways by 38 times the sine of ten degrees.
    assert abs(np.argwhere(dark)[:, 1].mean() - 47.5) == pytest.approx(38 * np.sin(np.deg2rad(10)), abs=1.5)
