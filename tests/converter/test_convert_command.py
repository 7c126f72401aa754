"""`classpulse-converter convert`: one command from a Keras file to a model that the edge takes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter import convert_command, keras_process
from converter.keras_models import tensorflow
from edge.alignment import whole
from edge.embedder import Embedder
from edge.emotion import EmotionClassifier
from edge.errors import ModelError
from edge.manifest import Manifest, shipped_models
from edge.pictures import read_picture

pytestmark = pytest.mark.converter

Convert = Callable[..., int]


@pytest.fixture
def convert(read_once: Any) -> Convert:
    """The command with arguments as a shell gives them; the exit code."""

    def run(*arguments: object) -> int:
        parser = argparse.ArgumentParser()
        convert_command.add_parser(parser.add_subparsers())
        parsed = parser.parse_args(["convert", *map(str, arguments)])
        return int(parsed.run(parsed))

    return run


@pytest.fixture(scope="module")
def keras_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small models of each role: emotion.keras, embedder.keras, students.keras, people.keras (ends in a softmax)."""
    folder = tmp_path_factory.mktemp("keras")
    tensorflow()
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers

    def save(name: str, shape: tuple[int, ...], outputs: int, activation: str | None) -> None:
        picture = keras.Input(shape)
        x = picture
        if len(shape) == 3:
            x = layers.Conv2D(8, 3, strides=4, activation="relu", name="first")(x)
            x = layers.Conv2D(16, 3, strides=4, activation="relu", name="second")(x)
            x = layers.GlobalAveragePooling2D(name="pooled")(x)
        keras.Model(picture, layers.Dense(outputs, activation=activation, name="last")(x)).save(folder / name)

    save("emotion.keras", (48, 48, 1), 5, "softmax")
    save("embedder.keras", (224, 224, 3), 32, None)
    save("students.keras", (192,), 3, "softmax")
    save("people.keras", (112, 112, 3), 7, "softmax")
    return folder


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Twelve small pictures in label folders, and one that is none."""
    folder = tmp_path / "faces"
    generator = np.random.default_rng(0)
    for i in range(12):
        path = folder / ("happy" if i % 2 else "sad") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), generator.integers(0, 256, (48, 48), dtype=np.uint8))
    (folder / "sad" / "broken.png").write_bytes(b"nothing")
    return folder


def test_the_edge_takes_a_converted_expression_model(
    convert: Convert, keras_files: Path, tmp_path: Path, portraits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "models" / "mine.tflite"
    assert convert(keras_files / "emotion.keras", "-o", out) == 0
    image = read_picture(portraits / "biden.jpg")
    reading = EmotionClassifier(Manifest(out.parent), "mine").classify(image, whole(image))
    assert sum(reading.probabilities) == pytest.approx(1)
    said = capsys.readouterr().out
    assert "assumed: role 'emotion', since it takes 48x48x1 (--role)" in said
    assert "labels in alphabetical order" in said
    assert "peak memory" in said


def test_224_pixels_in_colour_are_taken_for_vgg_face(
    convert: Convert, keras_files: Path, tmp_path: Path, portraits: Path, detector: Any
) -> None:
    out = tmp_path / "vggface.tflite"
    convert(keras_files / "embedder.keras", "-o", out)
    entry = Manifest(tmp_path).entry("vggface", "embed")
    assert (entry.colour, entry.crop, entry.subtract) == ("BGR", "box", (93.594, 104.7624, 129.1863))
    assert not entry.mirror
    image = read_picture(portraits / "biden.jpg")
    embedding = Embedder(Manifest(tmp_path), "vggface").embed(image, detector.detect(image)[0])
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)


def test_what_training_wrote_beside_the_model_is_used(convert: Convert, keras_files: Path, tmp_path: Path) -> None:
    (keras_files / "students.json").write_text(
        json.dumps({"labels": ["s-1", "s-2", "(unknown)"], "threshold": 0.7, "embedder": "mobilefacenet"})
    )
    try:
        convert(keras_files / "students.keras", "-o", tmp_path / "students.tflite")
    finally:
        (keras_files / "students.json").unlink()
    entry = Manifest(tmp_path).entry("students", "identify")
    assert (entry.labels, entry.threshold, entry.scores) == (("s-1", "s-2", "(unknown)"), 0.7, "probabilities")


def test_the_card_says_what_was_given_assumed_and_left_out(
    convert: Convert, keras_files: Path, faces: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine.tflite"
    convert(keras_files / "emotion.keras", "-o", out, "--recipe", "static_wi8_ai8", "--calibrate", faces,
            "--keep-float", "second", "--licence", "MIT")  # fmt: skip
    card = (tmp_path / "mine.md").read_text(encoding="utf-8")
    for text in ("`static_wi8_ai8`", "`second`", "| licence | MIT |", "12 inputs from `faces`", "`sad/broken.png`",
                 "only 12 inputs", "labels in alphabetical order", "litert: runs"):  # fmt: skip
        assert text in card
    assert str(tmp_path) not in card.replace(f"{faces}", "")


@pytest.mark.parametrize("recipe", ["dynamic_wi8", "static_wi8_ai8_io8"])
def test_converting_twice_gives_the_same_files(
    recipe: str, convert: Convert, read_once: Any, keras_files: Path, faces: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for place in ("first", "second"):
        if place == "second":
            monkeypatch.setattr(keras_process, "read", read_once.__wrapped__)
        out = tmp_path / place / "mine.tflite"
        convert(keras_files / "emotion.keras", "-o", out, "--recipe", recipe, "--calibrate", faces)
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert sorted(first) == ["manifest.toml", "mine.md", "mine.tflite"]
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}


def test_layers_kept_float_bring_the_answers_nearer(
    convert: Convert, keras_files: Path, faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--recipe", "static_wi8_ai8", "--calibrate", faces)
    convert(keras_files / "emotion.keras", "-o", tmp_path / "all.tflite", *arguments)
    capsys.readouterr()
    convert(keras_files / "emotion.keras", "-o", tmp_path / "mixed.tflite", *arguments, "--auto-mixed", 1e-4)
    assert "kept in float32: " in capsys.readouterr().out
    assert (tmp_path / "mixed.tflite").stat().st_size > (tmp_path / "all.tflite").stat().st_size


def test_nothing_is_overwritten_unless_forced(convert: Convert, keras_files: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.tflite"
    convert(keras_files / "emotion.keras", "-o", out, "--recipe", "float32")
    before = out.read_bytes()
    with pytest.raises(ModelError, match=r"mine\.tflite is there already; take another name, or --force"):
        convert(keras_files / "emotion.keras", "-o", out)
    with pytest.raises(ModelError, match=r"mine\.md is there already"):
        convert(keras_files / "emotion.keras", "-o", tmp_path / "other.tflite", "--name", "mine")
    assert out.read_bytes() == before
    convert(keras_files / "emotion.keras", "-o", out, "--force")
    assert out.read_bytes() != before


def test_other_models_of_the_folder_stay_listed(convert: Convert, keras_files: Path, tmp_path: Path) -> None:
    convert(keras_files / "emotion.keras", "-o", tmp_path / "a.tflite")
    convert(keras_files / "embedder.keras", "-o", tmp_path / "b.tflite")
    assert list(Manifest(tmp_path).entries) == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "options", "reason"),
    [
        ("emotion.keras", ["--recipe", "static_wi8_ai8"], "static_wi8_ai8 needs pictures: .*--calibrate DIR"),
        ("emotion.keras", ["--auto-mixed", "0.1"], "--auto-mixed needs pictures"),
        ("emotion.keras", ["--role", "embed"], "an embedder takes a square colour picture"),
        ("emotion.keras", ["--role", "identify"], "not what a model for 'identify' takes"),
        ("emotion.keras", ["--labels", "a,b,c,d,e"], "labels must be angry, happy, neutral, sad, tired"),
        ("emotion.keras", ["--keep-float", "third"], "no layer fits 'third'; layers: .*second"),
        ("emotion.keras", ["--keep-float", "("], r"'\(' is not a regular expression"),
        ("emotion.keras", ["--name", "No Name"], "--name 'No Name': use a-z"),
        ("embedder.keras", ["--subtract", "1,2"], "subtract must be one number, or one for each of 3 channels"),
        ("embedder.keras", ["--threshold", "2"], "a measured `threshold` in 0..1"),
        ("people.keras", [], "ends in a softmax over 7 classes.*--embedding-layer"),
        ("students.keras", [], "say which student each of its 3 outputs is"),
        ("students.keras", ["--labels", "s-1,s-2"], "gives 3 scores, but 2 labels"),
        ("students.keras", ["--labels", "a,b,c"], "confidence below which a face is unknown, with --threshold"),
        ("students.keras", ["--labels", "a,b,c", "--threshold", "0.9"], "with --embedder"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_written(
    file: str, options: list[str], reason: str, convert: Convert, keras_files: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "x.tflite"
    with pytest.raises(ModelError, match=reason):
        convert(keras_files / file, "-o", out, *options)
    assert not out.parent.exists()


def test_a_model_whose_answers_are_no_numbers_is_refused(convert: Convert, keras_files: Path, tmp_path: Path) -> None:
    import keras

    model = keras.saving.load_model(keras_files / "emotion.keras")
    for name in ("first", "second"):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([np.abs(kernel) * 1e30, bias])
    model.save(tmp_path / "huge.keras")
    with pytest.raises(ModelError, match="the model gives answers that are no numbers"):
        convert(tmp_path / "huge.keras", "-o", tmp_path / "out" / "huge.tflite", "--recipe", "float32")
    assert not (tmp_path / "out").exists()


def test_an_embedding_is_taken_from_the_layer_asked_for(convert: Convert, keras_files: Path, tmp_path: Path) -> None:
    convert(keras_files / "people.keras", "-o", tmp_path / "people.tflite", "--embedding-layer", "pooled")
    entry = Manifest(tmp_path).entry("people", "embed")
    assert (entry.embedding, entry.crop, entry.scores) == (16, "arcface", "logits")


def test_a_full_disk_leaves_no_half_written_file(
    convert: Convert, keras_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "models"
    convert(keras_files / "emotion.keras", "-o", out / "mine.tflite")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelError, match=r"No space left on device.*nothing was changed"):
        convert(keras_files / "embedder.keras", "-o", out / "other.tflite")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_shipped_embedder_converts_to_the_bytes_that_are_shipped(convert: Convert, tmp_path: Path) -> None:
    convert(shipped_models() / "keras" / "mobilefacenet.keras", "-o", tmp_path / "x.tflite", "--threshold", "0.55")
    assert (tmp_path / "x.tflite").read_bytes() == (shipped_models() / "mobilefacenet.tflite").read_bytes()
