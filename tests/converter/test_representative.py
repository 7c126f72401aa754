"""Calibration sees what the daemon will see, and says what became of every picture."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from converter.representative import (
    embedding_view,
    expression_view,
    face_view,
    read_representative,
    stand_ins,
)
from edge import interpreter
from edge.alignment import whole
from edge.embedder import Embedder
from edge.emotion import EmotionClassifier
from edge.errors import PictureError
from edge.interpreter import Network
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture


def write_pictures(folder: Path, count: int, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for i in range(count):
        cv2.imwrite(str(folder / f"{i:03}.png"), generator.integers(0, 256, (48, 48, 3), dtype=np.uint8))


def mean_view(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.array([image.mean()], dtype=np.float32)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[Any]]:
    """What any `Network` hands to its interpreter from now on."""
    tensors: list[NDArray[Any]] = []
    run = interpreter._Model.run

    def noted(model: Any, tensor: NDArray[Any]) -> list[NDArray[np.float32]]:
        tensors.append(tensor.copy())
        return run(model, tensor)

    monkeypatch.setattr(interpreter._Model, "run", noted)
    return tensors


def test_expression_inputs_are_what_the_daemon_gives_its_model(
    manifest: Manifest, portraits: Path, given: list[NDArray[Any]]
) -> None:
    image = read_picture(portraits / "biden.jpg")[:200, :180]
    EmotionClassifier(manifest, "emotion").classify(image, whole(image))
    expected = given[-1][0]
    np.testing.assert_array_equal(expression_view(manifest.entries["emotion"])(image), expected)


@pytest.mark.parametrize(
    "changes",
    [
        {},  # MobileFaceNet as shipped
        {"crop": "box", "colour": "BGR", "subtract": (93.594, 104.7624, 129.1863), "divide": 1.0},  # as VGG-Face
    ],
)
def test_face_inputs_are_what_the_daemon_gives_its_embedder(
    changes: dict[str, Any], manifest: Manifest, detector: MtcnnDetector, portraits: Path, given: list[NDArray[Any]]
) -> None:
    entry = replace(manifest.entries["mobilefacenet"], **changes)
    image = read_picture(portraits / "biden.jpg")
    changed = Manifest()
    changed.entries["mobilefacenet"] = entry
    Embedder(changed, "mobilefacenet").embed(image, detector.detect(image)[0])
    expected = given[-1][0]
    np.testing.assert_array_equal(face_view(entry, detector)(image), expected)


def test_classifier_inputs_are_embeddings_of_the_face(
    embedder: Embedder, detector: MtcnnDetector, portraits: Path
) -> None:
    image = read_picture(portraits / "biden.jpg")
    seen = embedding_view(embedder, detector)(image)
    assert seen is not None
    assert seen.shape == (192,)
    assert np.linalg.norm(seen) == pytest.approx(1, abs=1e-5)


def test_stand_ins_have_the_values_that_pixels_can_take(manifest: Manifest) -> None:
    entry = manifest.entries["emotion"]
    noise = stand_ins(entry, 4)
    assert noise.shape == (4, *entry.input)
    network = Network(manifest, entry)
    assert np.isfinite(network(np.zeros((1, *entry.input), np.uint8))[0]).all()
    assert -1 <= noise.min() < -0.9
    assert 0.9 < noise.max() <= 1


def test_unreadable_and_faceless_pictures_are_left_out_and_named(
    manifest: Manifest, detector: MtcnnDetector, portraits: Path, tmp_path: Path
) -> None:
    for i in range(10):
        shutil.copy(portraits / "biden.jpg", tmp_path / f"face-{i}.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((120, 120, 3), 128, np.uint8))
    found = read_representative(tmp_path, face_view(manifest.entries["mobilefacenet"], detector), 200)
    assert len(found.inputs) == 10
    assert [path.name for path in found.unreadable] == ["broken.jpg"]
    assert [path.name for path in found.faceless] == ["wall.png"]


def test_too_few_inputs_are_an_error_with_the_numbers(tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    (tmp_path / "broken.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r"3 inputs from 4 pictures \(1 unreadable, 0 without a face: broken\.png\)"):
        read_representative(tmp_path, mean_view, 200)


@pytest.mark.parametrize(("count", "warned"), [(10, True), (99, True), (100, False)])
def test_few_inputs_are_warned_about(count: int, warned: bool, tmp_path: Path) -> None:
    write_pictures(tmp_path, count)
    warning = read_representative(tmp_path, mean_view, 200).warning
    assert (f"only {count} inputs" in warning) is warned


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(PictureError, match="no pictures there or below"):
        read_representative(tmp_path, mean_view, 200)


def test_every_folder_takes_part_alike(tmp_path: Path) -> None:
    """A rare label must not be lost among the frequent ones."""
    write_pictures(tmp_path / "happy", 100, seed=1)
    write_pictures(tmp_path / "tired", 10, seed=2)
    rare = {hashlib.sha256(read_picture(p).tobytes()).digest() for p in (tmp_path / "tired").iterdir()}
    seen: list[bytes] = []

    def view(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen.append(hashlib.sha256(image.tobytes()).digest())
        return np.zeros(1, np.float32)

    read_representative(tmp_path, view, 20)
    assert sum(digest in rare for digest in seen) == 10


def test_the_choice_is_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        write_pictures(tmp_path / place, 40)
    first, second = (read_representative(tmp_path / place, mean_view, 15) for place in ("here", "there"))
    np.testing.assert_array_equal(first.inputs, second.inputs)
