"""The file that says how to train: what it says counts, and every mistake in it is named."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from converter.emotion_settings import USUAL_SETTINGS, TrainingSettings, read_settings
from edge.errors import ConfigError
from edge.manifest import shipped_models


def written(folder: Path, text: str) -> Path:
    path = folder / "training.toml"
    path.write_text(text)
    return path


def test_what_the_file_says_counts_and_the_rest_is_as_usual(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, "epochs = 3\n[augmentation]\nface_sizes = [20, 40]\nblur = 2\n"))
    assert settings.epochs == 3
    assert settings.augmentation.face_sizes == (20, 40)
    assert settings.augmentation.blur == 2.0
    assert settings.learning_rate == TrainingSettings().learning_rate


def test_the_usual_settings_are_those_of_the_file_that_comes_along() -> None:
    assert read_settings(USUAL_SETTINGS) == TrainingSettings()


@pytest.mark.parametrize("name", ["emotion_second", "emotion_faces", "emotion_taught"])
def test_only_the_last_training_shifts_labels(name: str) -> None:
    # What a training shifts lies in its network's bias: going on from there would shift twice.
    assert read_settings(USUAL_SETTINGS.with_name(f"{name}.toml")).shift_share == 0


def test_the_shipped_model_is_of_the_settings_that_come_along() -> None:
    final = read_settings(USUAL_SETTINGS.with_name("emotion_final.toml"))
    shipped = json.loads((shipped_models() / "keras" / "emotion.json").read_text())
    assert json.loads(json.dumps(asdict(final))) == shipped["settings"]
    assert "--config emotion_final.toml --from taught1.keras --from taught2.keras" in shipped["command"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size = 64\nepoch = 3\n", ":2: epoch is an unknown key; did you mean epochs"),
        ("epochs = -1\n", ":1: epochs is -1, below what is allowed"),
        ("epochs = 3\ntail_epochs = 4\n", ":2: tail_epochs are more than epochs"),
        ("[augmentation]\njpeg_quality = [90, 25]\n", ":2: augmentation.jpeg_quality"),  # the larger first
        ("[augmentation]\nface_sizes = [24.5, 80]\n", "two numbers, the smaller first, from 8 to 512"),
        ('architecture = "vgg"\n', '"ours", "faces" or "seed"'),
        ("epochs = \n", "write key = value"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        read_settings(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        read_settings(tmp_path / "none.toml")
