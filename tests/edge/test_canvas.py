from __future__ import annotations

import numpy as np
import pytest

from edge.canvas import CELL, STRIDE, Canvas
from edge.interpreter import Network
from edge.manifest import Manifest
from edge.pyramid import Pyramid

FRAMES = [
    (480, 640, 20),
    (720, 1280, 40),
    (1080, 1920, 40),
    (250, 250, 20),
    (375, 499, 21),
    (641, 97, 24),
    (13, 500, 12),
]


def drawn(height: int, width: int, min_face: float, image: np.ndarray | None = None) -> Canvas:
    if image is None:
        image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    canvas, pyramid = Canvas(height, width, min_face), Pyramid(height, width)
    pyramid.fill(image)
    canvas.fill(pyramid)
    return canvas


def places(canvas: Canvas, level: int) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of all that the cells of a level see."""
    rows, columns = np.nonzero(canvas.level_of_cell == level)
    top, left = rows.min() * STRIDE, columns.min() * STRIDE
    return top, left, rows.max() * STRIDE + CELL, columns.max() * STRIDE + CELL


@pytest.mark.parametrize(("height", "width", "min_face"), FRAMES)
def test_no_cell_sees_two_levels(height: int, width: int, min_face: float) -> None:
    canvas = Canvas(height, width, min_face)
    owner = np.full(canvas.pixels.shape[1:3], -1)
    for level in range(canvas.level_of_cell.max() + 1):
        top, left, bottom, right = places(canvas, level)
        assert (owner[top:bottom, left:right] == -1).all()
        owner[top:bottom, left:right] = level


@pytest.mark.parametrize(("height", "width", "min_face"), FRAMES)
def test_every_level_shows_the_whole_frame(height: int, width: int, min_face: float) -> None:
    canvas = Canvas(height, width, min_face)
    for level in range(canvas.level_of_cell.max() + 1):
        seen = np.array([places(canvas, level)], np.float32)[:, [1, 0, 3, 2]]
        x1, y1, x2, y2 = canvas.to_frame(seen, np.array([level], np.int8))[0]
        one_step = STRIDE * max(height, width) / max(places(canvas, level)[2] - places(canvas, level)[0], CELL)
        assert (x1, y1) == (0, 0)
        assert width - one_step <= x2 <= width + 1e-3
        assert height - one_step <= y2 <= height + 1e-3


@pytest.mark.parametrize(("height", "width", "min_face"), [(480, 640, 20), (375, 499, 21)])
def test_a_mark_in_the_frame_is_where_every_level_says_it_is(height: int, width: int, min_face: float) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    x, y, side = 150, 100, 80
    image[y : y + side, x : x + side] = 255
    canvas = drawn(height, width, min_face, image)
    for level in range(canvas.level_of_cell.max() + 1):
        top, left, bottom, right = places(canvas, level)
        rows, columns = np.nonzero(canvas.pixels[0, top:bottom, left:right, 0] > 127)
        box = np.array([[left + columns.min(), top + rows.min(), left + columns.max() + 1, top + rows.max() + 1]])
        found = canvas.to_frame(box.astype(np.float32), np.array([level], np.int8))[0]
        pixel = width / (right - left)
        assert np.abs(found - [x, y, x + side, y + side]).max() <= 1.1 * pixel


def test_a_level_among_others_is_answered_as_it_would_be_alone(manifest: Manifest) -> None:
    canvas = drawn(240, 320, 20)
    entry = manifest.entry("mtcnn-pnet", "detect")
    together = Network(manifest, entry, size=canvas.pixels.shape[1:3])(canvas.pixels)
    for level in range(canvas.level_of_cell.max() + 1):
        top, left, bottom, right = places(canvas, level)
        alone = Network(manifest, entry, size=(bottom - top, right - left))(canvas.pixels[:, top:bottom, left:right])
        cells = canvas.level_of_cell == level
        for whole, part in zip(together, alone, strict=True):
            np.testing.assert_array_equal(whole[0][cells], part.reshape(-1, part.shape[3]))


def test_a_frame_smaller_than_the_smallest_face_has_no_levels() -> None:
    assert drawn(30, 40, 60).pixels.shape[1] == 0
