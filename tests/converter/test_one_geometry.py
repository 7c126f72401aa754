"""One face through training, evaluation and daemon: the same pixels reach the model."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.__main__ import main
from converter.emotion_data import find_samples, load_pictures
from edge.alignment import expression_crop
from edge.emotion import EmotionClassifier
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.records import LABELS, Box


class Watched(EmotionClassifier):
    """The shipped classifier, keeping the pixels it is given."""

    seen: np.ndarray

    def classify_crop(self, crop: np.ndarray):  # type: ignore[no-untyped-def]
        self.seen = crop.copy()
        return super().classify_crop(crop)


def labelled_square(image: np.ndarray, box: Box, folder: Path) -> Path:
    """The face as a training picture: what a person who labels faces would cut out and save."""
    side = round(box.height)
    left, top = round(box.centre[0] - side / 2), round(box.centre[1] - side / 2)
    path = folder / "happy" / "face.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), cv2.cvtColor(image[top : top + side, left : left + side], cv2.COLOR_RGB2BGR))
    return path


@pytest.mark.parametrize("name", ["astronaut.png", "obama2.jpg", "grace_hopper.jpg"])
def test_training_evaluation_and_daemon_see_the_same_pixels(
    manifest: Manifest, detector: MtcnnDetector, portraits: Path, tmp_path: Path, name: str
) -> None:
    image = read_picture(portraits / name)
    (face,) = detector.detect(image)
    daemon = Watched(manifest, "emotion")
    daemon.classify(image, face.box)
    labelled_square(image, face.box, tmp_path)
    pictures = load_pictures(find_samples(tmp_path))
    (training,) = pictures.crops(daemon.size)
    evaluation = Watched(manifest, "emotion")
    evaluation.classify(pictures.images[0], Box(0, 0, pictures.images[0].shape[1], pictures.images[0].shape[0]))
    np.testing.assert_array_equal(training, daemon.seen)
    np.testing.assert_array_equal(evaluation.seen, daemon.seen)
    np.testing.assert_array_equal(daemon.seen, expression_crop(image, face.box, daemon.size))


def test_a_manifest_of_other_pictures_is_an_error(
    manifest: Manifest, detector: MtcnnDetector, portraits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = read_picture(portraits / "astronaut.png")
    (face,) = detector.detect(image)
    labelled_square(image, face.box, tmp_path)
    (tmp_path / "Sad").mkdir()
    listing = tmp_path / "manifest.csv"
    listing.write_text("name,label,source\nother,happy,web\n")
    assert main(["evaluate", "emotion", str(tmp_path), "--manifest", str(listing)]) == 1
    assert "gives a source of none of the pictures" in capsys.readouterr().err
    assert main(["evaluate", "emotion", str(tmp_path)]) == 0
    assert "passed over: Sad" in capsys.readouterr().out


def test_the_evaluation_command_gives_the_label_of_the_daemon(
    manifest: Manifest, detector: MtcnnDetector, portraits: Path, tmp_path: Path
) -> None:
    image = read_picture(portraits / "astronaut.png")
    (face,) = detector.detect(image)
    reading = EmotionClassifier(manifest, "emotion").classify(image, face.box)
    labelled_square(image, face.box, tmp_path)
    out = tmp_path / "figures.json"
    assert main(["evaluate", "emotion", str(tmp_path), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert figures["count"] == 1
    assert figures["confusion"][LABELS.index("happy")][LABELS.index(reading.label)] == 1
    assert {"accuracy", "macro_f1", "recall", "precision", "count", "ece"} <= set(figures)
