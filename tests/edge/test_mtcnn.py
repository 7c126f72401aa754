from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.haar import HaarDetector
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.records import Face, Reduced

PORTRAITS = ["astronaut.png", "biden.jpg", "grace_hopper.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg"]


def points_make_a_face(face: Face) -> bool:
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    inside = (face.landmarks > [face.box.x1, face.box.y1]) & (face.landmarks < [face.box.x2, face.box.y2])
    return bool(
        inside.all()
        and right_eye[0] < nose[0] < left_eye[0]  # the subject's right is on the picture's left
        and right_mouth[0] < left_mouth[0]
        and max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    )


@pytest.mark.parametrize("name", PORTRAITS)
def test_a_portrait_shows_one_face_with_landmarks_in_place(detector: MtcnnDetector, portraits: Path, name: str) -> None:
    (face,) = detector.detect(read_picture(portraits / name))
    assert face.confidence > 0.9
    assert points_make_a_face(face)


@pytest.mark.parametrize("min_face", [30, 60, 100])  # the package mtcnn 1.0.0 finds nothing above 20
def test_faces_are_found_with_larger_minimum_sizes(manifest: Manifest, portraits: Path, min_face: int) -> None:
    image = read_picture(portraits / "astronaut.png")  # its face is 114 px high
    assert len(MtcnnDetector(manifest, min_face=min_face).detect(image)) == 1


def test_faces_below_the_minimum_size_are_left_out(manifest: Manifest, portraits: Path) -> None:
    image = read_picture(portraits / "astronaut.png")
    assert MtcnnDetector(manifest, min_face=220).detect(image) == []


def test_a_small_face_in_a_large_frame_is_found_where_it_is(manifest: Manifest, portraits: Path) -> None:
    face = read_picture(portraits / "grace_hopper.jpg")[100:350, 150:380]
    small = cv2.resize(face, (46, 50), interpolation=cv2.INTER_AREA)  # the face itself is about 40 px high
    frame = np.full((720, 1280, 3), 90, np.uint8)
    frame[500:550, 1000:1046] = small
    (found,) = MtcnnDetector(manifest, min_face=24).detect(frame)
    assert found.box.centre[0] == pytest.approx(1023, abs=8)
    assert found.box.centre[1] == pytest.approx(525, abs=8)
    assert points_make_a_face(found)


def test_four_people_are_found_best_first(detector: MtcnnDetector, portraits: Path) -> None:
    names = ["astronaut.png", "biden.jpg", "grace_hopper.jpg", "obama.jpg"]
    pictures = [read_picture(portraits / name) for name in names]
    row = np.hstack(
        [cv2.resize(p, (round(400 * p.shape[1] / p.shape[0]), 400), interpolation=cv2.INTER_AREA) for p in pictures]
    )
    faces = detector.detect(row)
    assert len(faces) == 4
    assert all(points_make_a_face(face) for face in faces)
    scores = [face.confidence for face in faces]
    assert scores == sorted(scores, reverse=True)


def test_a_face_cut_by_the_edge_of_the_frame_does_not_break_detection(detector: MtcnnDetector, portraits: Path) -> None:
    image = read_picture(portraits / "astronaut.png")
    for part in (image[110:, :], image[:, 215:], image[:, :230], image[:140]):
        detector.detect(np.ascontiguousarray(part))


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 3), (11, 500, 3), (500, 11, 3), (12, 12, 3), (40, 40, 3), (41, 97, 3)],
)
def test_tiny_and_thin_pictures_have_no_faces(detector: MtcnnDetector, shape: tuple[int, int, int]) -> None:
    assert detector.detect(np.full(shape, 128, np.uint8)) == []


@pytest.mark.parametrize("seed", range(3))
def test_noise_has_no_faces(detector: MtcnnDetector, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    assert detector.detect(noise) == []


def test_the_same_frame_gives_the_same_faces_whatever_came_between(detector: MtcnnDetector, portraits: Path) -> None:
    image = read_picture(portraits / "obama2.jpg")
    (first,) = detector.detect(image)
    for name in PORTRAITS:  # more frame sizes than are kept
        detector.detect(read_picture(portraits / name))
    (again,) = detector.detect(image)
    assert again.box == first.box
    np.testing.assert_array_equal(again.landmarks, first.landmarks)


@pytest.mark.parametrize("name", PORTRAITS)
def test_haar_finds_the_face_and_onet_its_landmarks(manifest: Manifest, portraits: Path, name: str) -> None:
    image = read_picture(portraits / name)
    mtcnn = MtcnnDetector(manifest, min_face=80)
    (face,) = HaarDetector(mtcnn, min_face=80).detect(image)
    (reference,) = mtcnn.detect(image)
    assert face.box.iou(reference.box) > 0.6
    assert points_make_a_face(face)


def halved(image: np.ndarray) -> Reduced:
    height, width = image.shape[0] // 2, image.shape[1] // 2
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return Reduced(small, (image.shape[1] / width, image.shape[0] / height))


@pytest.mark.parametrize("method", ["mtcnn", "haar"])
@pytest.mark.parametrize("name", PORTRAITS)
def test_a_reduced_frame_shows_the_same_face_in_the_same_place(
    manifest: Manifest, portraits: Path, name: str, method: str
) -> None:
    image = read_picture(portraits / name)
    mtcnn = MtcnnDetector(manifest, min_face=80)
    detector = mtcnn if method == "mtcnn" else HaarDetector(mtcnn, min_face=80)
    reduced = halved(image)
    (reference,) = detector.detect(image)
    (face,) = (reduced.to_frame(face) for face in detector.detect(reduced.image, reduced.scale[1]))
    assert face.box.iou(reference.box) > 0.85
    assert np.abs(face.landmarks - reference.landmarks).mean() < 0.02 * reference.box.height


def test_the_smallest_face_of_a_reduced_frame_is_counted_in_pixels_of_the_full_one(
    manifest: Manifest, portraits: Path
) -> None:
    reduced = halved(read_picture(portraits / "astronaut.png"))  # its face is 114 px high in full
    detector = MtcnnDetector(manifest, min_face=100)
    assert len(detector.detect(reduced.image, reduced.scale[1])) == 1
    assert detector.detect(reduced.image) == []  # 57 px


@pytest.mark.parametrize("name", ["astronaut.png", "obama.jpg"])
def test_a_face_that_another_detector_placed_badly_is_found_where_it_is(
    detector: MtcnnDetector, portraits: Path, name: str
) -> None:
    image = read_picture(portraits / name)
    (reference,) = detector.detect(image)
    side = reference.box.height
    beside = np.array([[reference.box.x1 + 0.2 * side, reference.box.y1 + 0.2 * side, side]], np.float32)
    (face,) = detector.refine(image, beside)  # by one look alone it would be none
    assert face.box.iou(reference.box) > 0.7
