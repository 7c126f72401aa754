from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.emotion import EmotionClassifier
from edge.errors import ModelError
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.records import LABELS


def changed(manifest: Manifest, folder: Path, pattern: str, replacement: str) -> Manifest:
    """The shipped manifest with one change in the emotion model's entry, its models beside it."""
    text = (manifest.directory / "manifest.toml").read_text()
    start = text.index('name = "emotion"')
    entry, count = re.subn(pattern, replacement, text[start:], count=1)
    assert count == 1
    (folder / "manifest.toml").write_text(text[:start] + entry)
    shutil.copy2(manifest.directory / "emotion.tflite", folder)
    return Manifest(folder)


@pytest.fixture(scope="module")
def smile(detector: MtcnnDetector, portraits: Path) -> tuple[np.ndarray, object]:
    image = read_picture(portraits / "astronaut.png")
    (face,) = detector.detect(image)
    return image, face.box


def test_a_smile_is_happy(manifest: Manifest, smile: tuple) -> None:  # type: ignore[type-arg]
    reading = EmotionClassifier(manifest, "emotion").classify(*smile)
    assert reading.label == "happy"
    assert sum(reading.probabilities) == pytest.approx(1)


def test_the_temperature_of_the_manifest_makes_it_less_sure(manifest: Manifest, smile: tuple, tmp_path: Path) -> None:  # type: ignore[type-arg]
    sharp = EmotionClassifier(manifest, "emotion").classify(*smile)
    hot = changed(manifest, tmp_path, r"temperature = [0-9.]+", "temperature = 20.0")
    soft = EmotionClassifier(hot, "emotion").classify(*smile)
    assert soft.label == sharp.label
    assert 0.2 < soft.confidence < sharp.confidence
    assert soft.confidence < 0.5


def test_outputs_are_taken_in_the_order_of_the_manifest(manifest: Manifest, smile: tuple, tmp_path: Path) -> None:  # type: ignore[type-arg]
    reading = EmotionClassifier(manifest, "emotion").classify(*smile)
    order = ["tired", "angry", "happy", "neutral", "sad"]  # the output that meant happy is now said to mean angry
    listed = ", ".join(f'"{label}"' for label in order)
    rotated = changed(manifest, tmp_path, r"labels = \[[^]]*\]", f"labels = [{listed}]")
    moved = EmotionClassifier(rotated, "emotion").classify(*smile)
    assert moved.label == "angry"
    assert moved.probabilities[LABELS.index("angry")] == pytest.approx(reading.probabilities[LABELS.index("happy")])


def test_a_colour_model_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    coloured = changed(manifest, tmp_path, 'colour = "GREY"', 'colour = "RGB"')
    with pytest.raises(ModelError, match="not a square grey picture"):
        EmotionClassifier(coloured, "emotion")
