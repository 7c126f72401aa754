"""Networks that teach another, of whatever size, have the say that the settings give them."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from converter.emotion_settings import USUAL_SETTINGS, TrainingSettings
from edge.errors import ModelError
from edge.records import LABELS
from tests.converter.cartoons import train_emotion

pytestmark = pytest.mark.converter


def test_a_teacher_and_a_start_carry_over_what_they_know(trained: Path, cartoons: Path, tmp_path: Path) -> None:
    output = tmp_path / "second.keras"
    refine = USUAL_SETTINGS.with_name("emotion_second.toml")
    arguments = ["--config", str(refine), "--epochs", "2", "--size", "32", "--held-out", "0.2"]
    assert (
        train_emotion([str(cartoons), "-o", str(output), *arguments, "--from", str(trained), "--teacher", str(trained)])
        == 0
    )
    described = json.loads(output.with_suffix(".json").read_text())
    assert described["figures"]["macro_f1"] > 0.8  # two epochs alone would not get there
    assert described["teachers"] == described["started_from"]
    assert described["started_from"] == [hashlib.sha256(trained.read_bytes()).hexdigest()]
    assert "--config emotion_second.toml --from cartoons.keras --teacher cartoons.keras" in described["command"]


def test_annotators_and_teachers_have_the_say_that_the_settings_give_them(cartoons: Path) -> None:
    from converter.emotion_data import find_samples, load_pictures
    from converter.emotion_teachers import Teacher
    from converter.emotion_training import _targets

    pictures = load_pictures(find_samples(cartoons)[::40])
    doubted = replace(pictures, samples=tuple(replace(sample, agreement=0.6) for sample in pictures.samples))
    hard, soft = (_targets(doubted, TrainingSettings(soft_labels=votes), ()) for votes in (False, True))
    np.testing.assert_array_equal(hard, np.eye(5))
    np.testing.assert_allclose(np.diag(soft), 0.6, rtol=1e-6)
    stubborn = Teacher(_always("tired"), 32, 0.0, 1.0)
    for share in (0.0, 0.25, 1.0):
        taught = _targets(pictures, TrainingSettings(teaching=share), [stubborn])
        np.testing.assert_allclose(taught, (1 - share) * np.eye(5) + share * np.eye(5)[4], atol=1e-6)


def _always(label: str, size: int = 32) -> Any:
    import keras

    layers = [keras.Input((size, size, 1)), keras.layers.Flatten(), keras.layers.Dense(5, name="logits")]
    model = keras.Sequential(layers)
    model.layers[-1].set_weights([np.zeros((size * size, 5)), 100 * np.eye(5)[LABELS.index(label)]])
    return model


def test_teachers_may_be_of_another_size_and_answer_together(trained: Path, cartoons: Path) -> None:
    from converter.emotion_data import find_samples, load_pictures
    from converter.emotion_teachers import Teacher, load_teacher, teachers_shares

    pictures = load_pictures(find_samples(cartoons)[::20])
    teacher = load_teacher(trained)
    stubborn = Teacher(_always("tired", size=48), 48, 0.0, 1.0)

    alone, both = teachers_shares([teacher], pictures), teachers_shares([teacher, stubborn], pictures)
    np.testing.assert_array_equal(alone.argmax(axis=1), pictures.labels)
    np.testing.assert_array_equal(both.argmax(axis=1), np.full(len(both), LABELS.index("tired")))
    np.testing.assert_allclose(both.sum(axis=1), 1, rtol=1e-5)


def test_a_teacher_says_the_same_of_a_face_and_its_mirror_image() -> None:
    from converter.emotion_teachers import both_ways

    def brightness_on_the_left(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        left: NDArray[np.float32] = pictures[:, :, :4].mean(axis=(1, 2, 3))
        return left[:, None]

    pictures = np.zeros((2, 8, 8, 1), dtype=np.float32)
    pictures[0, :, :4], pictures[1, :, 4:] = 4.0, 4.0
    np.testing.assert_allclose(both_ways(brightness_on_the_left, pictures), [[2], [2]])


@pytest.mark.parametrize(
    "description", [None, "{", '{"labels": [], "size": 32, "subtract": 0, "divide": 1}', '{"size": 32}', "[1]"]
)
def test_a_teacher_that_is_not_described_is_refused(description: str | None, trained: Path, tmp_path: Path) -> None:
    from converter.emotion_teachers import load_teacher

    shutil.copy(trained, tmp_path / "teacher.keras")
    if description is not None:
        (tmp_path / "teacher.json").write_text(description)
    with pytest.raises(ModelError, match=r"teacher.json: .*keep them together"):
        load_teacher(tmp_path / "teacher.keras")
