"""Rotation, region and masks: where every pixel of a frame comes from, and which pixels nobody ever sees."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge.camera import Camera, open_camera
from edge.camera.device import DeviceCamera
from edge.camera.picamera import PiCamera
from edge.camera.view import View, window_on
from edge.camera_values import WHOLE, Rectangle
from edge.config import CameraSettings, Settings
from edge.embedder import unit
from edge.gallery import Gallery, new_student
from edge.pipeline import Pipeline
from edge.records import Box, Emotion, Face, Frame, Reduced
from edge.tracked import Tracked
from tests.edge.fake_picamera2 import World

TURNS = {0: 0, 90: -1, 180: 2, 270: 1}
"""Degrees clockwise -> quarter turns of `np.rot90`, which go the other way."""


@st.composite
def rectangles(draw: st.DrawFn) -> Rectangle:
    x1, x2 = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    y1, y2 = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    return min(x1, 0.9), min(y1, 0.9), max(x2, min(x1, 0.9) + 0.1), max(y2, min(y1, 0.9) + 0.1)


def settings_of(**changes: Any) -> CameraSettings:
    return CameraSettings(source="/dev/video0", **changes)


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.integers(2, 40),
    st.integers(2, 40),
    st.sampled_from(sorted(TURNS)),
    rectangles(),
    st.lists(rectangles(), max_size=3),
)
def test_frame_is_the_picture_turned_then_blanked_then_cut(
    width: int, height: int, rotation: int, region: Rectangle, masks: list[Rectangle]
) -> None:
    random = np.random.default_rng(1)
    picture = random.integers(1, 255, (height, width, 3), np.uint8)
    before = picture.copy()
    view = View(settings_of(rotation=rotation, region=region, masks=tuple(masks)))
    frame = view.frame(picture, 0)
    expected = np.rot90(picture, TURNS[rotation])[:, :, ::-1].copy()
    rows, columns = np.mgrid[: expected.shape[0], : expected.shape[1]]
    for x1, y1, x2, y2 in masks:
        inside = (
            ((columns + 1) / columns.shape[1] > x1 + 1e-9) & (columns / columns.shape[1] < x2 - 1e-9)
            & ((rows + 1) / rows.shape[0] > y1 + 1e-9) & (rows / rows.shape[0] < y2 - 1e-9)
        )  # fmt: skip
        expected[inside] = 0
    left, top, right, bottom = region
    expected = expected[
        int(top * rows.shape[0] + 1e-6) : int(np.ceil(bottom * rows.shape[0] - 1e-6)),
        int(left * rows.shape[1] + 1e-6) : int(np.ceil(right * rows.shape[1] - 1e-6)),
    ]
    assert np.array_equal(frame.image, expected)
    assert np.array_equal(picture, before)  # a picture that is shown again must not be blanked twice over
    assert frame.image.flags.c_contiguous


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(TURNS)),
    rectangles(),
    st.lists(rectangles(), max_size=2),
    st.sampled_from([(64, 36), (50, 30), (32, 20)]),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
)
def test_a_point_of_the_reduced_frame_lies_where_it_lies_in_the_frame(
    rotation: int, region: Rectangle, masks: list[Rectangle], size: tuple[int, int], x: float, y: float
) -> None:
    """Both by the camera's own reduced stream and by reducing here: a point of the scene keeps its place."""
    width, height = 128, 72
    whole = (height, width) if rotation in (90, 270) else (width, height)
    view = View(settings_of(rotation=rotation, region=region, masks=tuple(masks), detection_width=64))
    main = np.zeros((height, width, 3), np.uint8)
    of_streams = view.frame_of_streams(main.copy(), np.zeros((size[1], size[0], 3), np.uint8), 0)
    small = (size[1], size[0]) if rotation in (90, 270) else size
    corner = window_on(width, height, rotation, region, ()).corner
    corner_of_small = window_on(size[0], size[1], rotation, region, ()).corner
    assert of_streams.reduced is not None
    point = face_at(x * small[0] - corner_of_small[0], y * small[1] - corner_of_small[1])
    mapped = of_streams.reduced.to_frame(point)
    assert mapped.landmarks[0] == pytest.approx([x * whole[0] - corner[0], y * whole[1] - corner[1]], abs=1e-3)
    assert (mapped.box.x1, mapped.box.y1) == pytest.approx(tuple(mapped.landmarks[0]), abs=1e-3)
    reduced_here = view.frame(main, 0).reduced
    assert reduced_here is not None
    h, w = reduced_here.image.shape[:2]
    full_height, full_width = of_streams.image.shape[:2]
    mapped = reduced_here.to_frame(face_at(x * w, y * h))
    assert mapped.landmarks[0] == pytest.approx([x * full_width, y * full_height], abs=1e-3)


def face_at(x: float, y: float) -> Face:
    return Face(Box(x, y, x + 1, y + 1), np.full((5, 2), [x, y], np.float32), 0.9)


def test_mapping_a_face_changes_neither_the_face_nor_its_confidence() -> None:
    face = face_at(10, 20)
    mapped = Reduced(np.zeros((4, 4, 3), np.uint8), (2.0, 3.0), (-1.0, 0.5)).to_frame(face)
    assert mapped.box == Box(19.0, 60.5, 21.0, 63.5)
    assert mapped.confidence == 0.9
    assert tuple(face.landmarks[0]) == (10, 20)


def test_reduced_frame_averages_and_does_not_skip_pixels() -> None:
    stripes = np.zeros((40, 80, 3), np.uint8)
    stripes[:, ::2] = 200
    reduced = View(settings_of(detection_width=20)).frame(stripes, 0).reduced
    assert reduced is not None
    assert reduced.image.shape == (10, 20, 3)
    assert abs(reduced.image.astype(int) - 100).max() <= 1


@pytest.mark.parametrize("detection_width", [0, 80, 200])
def test_a_frame_that_is_small_enough_is_not_reduced(detection_width: int) -> None:
    assert View(settings_of(detection_width=detection_width)).frame(np.zeros((40, 80, 3), np.uint8), 0).reduced is None


def test_region_keeps_the_scale_of_the_reduced_frame() -> None:
    frame = View(settings_of(detection_width=40, region=(0.5, 0.0, 1.0, 1.0))).frame(np.zeros((40, 80, 3), np.uint8), 0)
    assert frame.reduced is not None
    assert frame.image.shape == (40, 40, 3)
    assert frame.reduced.image.shape == (20, 20, 3)


@pytest.mark.parametrize("rotation", sorted(TURNS))
def test_a_frame_takes_no_more_memory_than_its_own_pixels(rotation: int) -> None:
    picture = np.zeros((360, 640, 3), np.uint8)
    view = View(settings_of(rotation=rotation, masks=((0.1, 0.1, 0.3, 0.3),), detection_width=320))
    view.frame(picture, 0)  # what is worked out once
    tracemalloc.start()
    frame = view.frame(picture, 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert frame.reduced is not None
    assert peak < frame.image.nbytes + frame.reduced.image.nbytes + 50_000


# Masked pixels

SECRET = (10, 240, 30)
"""RGB of what must not be seen; no other pixel of the scene is green."""
MASKS = ((0.25, 0.25, 0.5, 0.75), (0.8, 0.0, 1.0, 0.3))
WIDTH, HEIGHT = 160, 96


def upright_scene() -> np.ndarray:
    """Noise without green, and the secret in every pixel that a mask covers."""
    scene = np.random.default_rng(3).integers(60, 256, (HEIGHT, WIDTH, 3), np.uint8)
    scene[:, :, 1] = 0
    for x1, y1, x2, y2 in MASKS:
        scene[int(y1 * HEIGHT) : int(np.ceil(y2 * HEIGHT)), int(x1 * WIDTH) : int(np.ceil(x2 * WIDTH))] = SECRET
    return scene


def hanging(rotation: int) -> np.ndarray:
    """The scene as a camera sees it whose picture must be turned by rotation."""
    return np.ascontiguousarray(np.rot90(upright_scene(), -TURNS[rotation]))


def bgr(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture[:, :, ::-1])


def clip_camera(folder: Path, **changes: Any) -> Camera:
    path, picture = folder / "clip.avi", bgr(hanging(changes["rotation"]))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 10, picture.shape[1::-1])
    assert writer.isOpened()
    for _ in range(4):
        writer.write(picture)
    writer.release()
    return open_camera(CameraSettings(source=str(path), **changes), realtime=False)


def folder_camera(folder: Path, **changes: Any) -> Camera:
    for index in range(4):
        cv2.imwrite(str(folder / f"{index}.png"), bgr(hanging(changes["rotation"])))
    return open_camera(CameraSettings(source=str(folder), **changes), realtime=False)


class Capture:
    """`cv2.VideoCapture` that shows one picture, in the same memory every time, as drivers do."""

    def __init__(self, picture: np.ndarray) -> None:
        self.picture = picture

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def read(self) -> tuple[bool, Any]:
        return True, self.picture

    def release(self) -> None:
        pass


def v4l2_camera(folder: Path, **changes: Any) -> Camera:
    picture = bgr(hanging(changes["rotation"]))
    return DeviceCamera(CameraSettings(source="/dev/video0", **changes), opener=lambda _: Capture(picture))


def rtsp_camera(folder: Path, **changes: Any) -> Camera:
    picture = bgr(hanging(changes["rotation"]))
    return DeviceCamera(CameraSettings(source="rtsp://camera/1", **changes), opener=lambda _: Capture(picture))


def pi_camera(folder: Path, **changes: Any) -> Camera:
    scene = hanging(changes["rotation"])
    height, width = scene.shape[:2]
    settings = CameraSettings(source="picamera2", width=width, height=height, **changes)
    return PiCamera(settings, library=World(scene).library())


class Witness:
    """Detector, embedder and classifier that keep what they are shown."""

    def __init__(self) -> None:
        self.shown: dict[str, list[np.ndarray]] = {"detect": [], "embed": [], "classify": []}
        self.template = unit(np.ones(192, np.float32))

    def detect(self, image: np.ndarray, scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        self.shown["detect"].append(image)
        points = np.array([[20, 25], [40, 25], [30, 37], [22, 50], [38, 50]], np.float32) / scale
        return [Face(Box(10 / scale, 10 / scale, 50 / scale, 60 / scale), points, 0.99)]

    def embed(self, image: np.ndarray, face: Face) -> np.ndarray:
        self.shown["embed"].append(image)
        return self.template

    def classify(self, image: np.ndarray, box: Box) -> Emotion:
        self.shown["classify"].append(image)
        return Emotion((0.02, 0.9, 0.03, 0.03, 0.02))


@pytest.mark.parametrize("source", [clip_camera, folder_camera, v4l2_camera, rtsp_camera, pi_camera])
@pytest.mark.parametrize("rotation", sorted(TURNS))
@pytest.mark.parametrize("region", [WHOLE, (0.1, 0.1, 0.95, 0.9)])
@pytest.mark.parametrize("reduced", [False, True])
def test_no_masked_pixel_reaches_detector_embedder_or_emotion(
    source: Callable[..., Camera],
    rotation: int,
    region: Rectangle,
    reduced: bool,
    tmp_path: Path,
    settings: Settings,
) -> None:
    detection_width = (HEIGHT if rotation in (90, 270) else WIDTH) // 2 if reduced else 0
    camera = source(tmp_path, rotation=rotation, region=region, masks=MASKS, detection_width=detection_width)
    witness = Witness()
    pipeline = Pipeline(settings, witness, witness, witness, threshold=0.5)
    student = new_student("s-1", "C", [witness.template])
    pipeline.use_gallery(Gallery("toy").with_student(student).searchable(student.enrolled_on))
    for frame in few(camera):
        pipeline.process(frame)
    assert all(witness.shown.values())
    for images in witness.shown.values():
        for image in images:
            # The Pi's reduced stream is YUV: noise in red and blue gives it some green where there was none.
            assert image[:, :, 1].max() < (160 if reduced and source is pi_camera else 1), "a secret pixel was shown"
            assert (image.max(axis=2) == 0).mean() > 0.1, "the masks are not there"
    if reduced:
        assert witness.shown["detect"][0].shape != witness.shown["embed"][0].shape


@pytest.mark.parametrize("mask", [(0.27, 0.3, 0.52, 0.71), (0.33, 0.33, 0.34, 0.34), (0.9, 0.0, 1.0, 0.1)])
def test_scaler_of_the_camera_does_not_smear_masked_pixels_over_the_edge_of_the_mask(mask: Rectangle) -> None:
    scene = np.zeros((192, 256, 3), np.uint8)
    x1, y1, x2, y2 = mask
    scene[int(y1 * 192) : int(np.ceil(y2 * 192)), int(x1 * 256) : int(np.ceil(x2 * 256))] = SECRET
    settings = CameraSettings(source="picamera2", width=256, height=192, detection_width=100, masks=(mask,))
    (frame, *_) = few(PiCamera(settings, library=World(scene).library()))
    assert frame.reduced is not None
    assert frame.reduced.image.max() <= 4  # black, but for the rounding of YUV


def few(camera: Camera) -> Iterator[Frame]:
    with camera:
        yield from islice(camera.frames(threading.Event()), 4)
