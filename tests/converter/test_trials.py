"""Models are tried on pictures through the edge's own classes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from converter.candidates import as_manifest
from converter.trials import ExpressionTrial, PeopleTrial, Remembering, StudentTrial
from edge.alignment import whole
from edge.embedder import Embedder, face_crop
from edge.emotion import EmotionClassifier
from edge.errors import PictureError
from edge.manifest import Manifest, ModelEntry
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.records import LABELS, Face
from tests.edge.toy_models import dense


class Counting:
    """A detector that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0) -> list[Face]:
        self.asked += 1
        return []


def as_they_are(items: Iterable[object]) -> Iterable[object]:
    return items


@pytest.fixture
def people(tmp_path: Path, portraits: Path) -> Path:
    """A folder per person, one picture of which is not a picture and one without a face."""
    for person, names in {"s-obama": ("obama.jpg", "obama2.jpg"), "s-biden": ("biden.jpg",)}.items():
        (tmp_path / person).mkdir()
        for name in names:
            shutil.copy(portraits / name, tmp_path / person / name)
    (tmp_path / "s-biden" / "broken.jpg").write_bytes(b"not a picture")
    cv2.imwrite(str(tmp_path / "s-biden" / "wall.png"), np.full((200, 200, 3), 120, np.uint8))
    return tmp_path


@pytest.fixture
def expressions(tmp_path: Path) -> Path:
    for index, label in enumerate(LABELS):
        (tmp_path / label).mkdir()
        for number in range(3):
            picture = np.random.default_rng(3 * index + number).integers(0, 256, (70, 70, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / label / f"{number}.png"), picture)
    return tmp_path


def test_expressions_are_read_as_the_daemon_reads_them(expressions: Path, manifest: Manifest) -> None:
    answers = ExpressionTrial(expressions).answers(manifest, "emotion", as_they_are)
    image = read_picture(expressions / "angry" / "0.png")
    reading = EmotionClassifier(manifest, "emotion").classify(image, whole(image))
    assert answers.shape == (15, 5)
    assert answers[0] == pytest.approx(reading.probabilities, abs=1e-5)


def test_expression_inputs_are_spread_over_the_labels_and_normalized(expressions: Path, manifest: Manifest) -> None:
    shipped = manifest.entry("emotion", "emotion")
    inputs = ExpressionTrial(expressions).inputs(shipped, 5)
    assert inputs.shape == (5, *shipped.input)
    assert -1 <= inputs.min() < -0.5
    assert 0.5 < inputs.max() <= 1
    assert len(np.unique(inputs.reshape(5, -1), axis=0)) == 5


def test_people_are_embedded_as_the_daemon_embeds_them(
    people: Path, manifest: Manifest, detector: MtcnnDetector, embedder: Embedder
) -> None:
    trial = PeopleTrial(people, detector, [])
    faces = trial.answers(manifest, "mobilefacenet", as_they_are)
    assert sorted(faces.embeddings) == ["s-biden/biden.jpg", "s-obama/obama.jpg", "s-obama/obama2.jpg"]
    assert faces.unreadable == ["s-biden/broken.jpg"]
    assert faces.undetected == ["s-biden/wall.png"]
    image = read_picture(people / "s-biden" / "biden.jpg")
    (face,) = detector.detect(image)
    assert faces.embeddings["s-biden/biden.jpg"] @ embedder.embed(image, face) == pytest.approx(1, abs=1e-3)
    entry = manifest.entry("mobilefacenet", "embed")
    expected = (face_crop(image, face, entry) - 127.5) / 128
    assert np.allclose(trial.inputs(entry, 8)[0], expected, atol=1e-5)


def test_a_folder_with_fewer_than_two_faces_is_refused(
    people: Path, manifest: Manifest, detector: MtcnnDetector
) -> None:
    shutil.rmtree(people / "s-obama")
    with pytest.raises(PictureError, match="a face was found in 1 of its pictures"):
        PeopleTrial(people, detector, []).answers(manifest, "mobilefacenet", as_they_are)


def test_a_picture_is_looked_at_once_however_many_models_are_tried() -> None:
    counting = Counting()
    detector = Remembering(counting)
    picture = np.zeros((20, 20, 3), np.uint8)
    for image in (picture, picture.copy(), picture + 1, picture):
        assert detector.detect(image) == []
    assert counting.asked == 2


def test_a_classifier_is_tried_on_the_folders_of_its_classes(
    people: Path, detector: MtcnnDetector, embedder: Embedder
) -> None:
    entry = ModelEntry(
        name="students", role="identify", file="", sha256="0" * 64, input=(192,), recipe="float32", licence="MIT",
        source="", labels=("s-biden", "s-nobody"), embedder="mobilefacenet", threshold=0.5,
    )  # fmt: skip
    trial = StudentTrial(people, detector, embedder, entry)
    with as_manifest(entry, {"float": dense(np.ones((192, 2)), np.array([1.0, 0.0]), softmax=False)}) as models:
        answers = trial.answers(models, "float", as_they_are)
    figures = trial.compare(answers, answers)
    assert figures["count"] == 1  # nobody else has a class, and the wall shows nobody
    assert figures["quantized"]["accuracy"] == 1
    assert sorted(figures["unreadable"]) == ["s-biden/broken.jpg", "s-biden/wall.png"]
    assert np.linalg.norm(trial.inputs(entry, 4), axis=1) == pytest.approx([1])


def test_folders_of_no_class_are_refused(people: Path, detector: MtcnnDetector, embedder: Embedder) -> None:
    entry = ModelEntry(
        name="students", role="identify", file="", sha256="", input=(192,), recipe="", licence="", source="",
        labels=("s-001", "s-002"), embedder="mobilefacenet",
    )  # fmt: skip
    with pytest.raises(PictureError, match="it needs folders named like 's-001'"):
        StudentTrial(people, detector, embedder, entry).inputs(entry, 4)
