"""`evaluate model` and `sweep` from end to end, on a small expression model and pictures that it can tell apart."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter import compare_command
from converter.keras_models import tensorflow
from converter.quantization import RECIPES, float_tflite, quantize
from edge.errors import ModelError
from edge.records import LABELS

pytestmark = [pytest.mark.converter, pytest.mark.usefixtures("read_once")]

SIDE = 16


def command(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    compare_command.add_parser(commands)
    compare_command.add_kind(commands.add_parser("evaluate").add_subparsers(required=True))
    parsed = parser.parse_args([*map(str, arguments), "--threads", "1", "--seconds", "0"])
    return int(parsed.run(parsed))


def build(bias: np.ndarray) -> Any:
    """A model whose five filters look at the brightness of five bands of the picture."""
    tensorflow()
    import keras

    picture = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(picture)
    x = keras.layers.Flatten()(keras.layers.Concatenate()([picture, x]))
    dense = keras.layers.Dense(5)
    model = keras.Model(picture, dense(x))
    kernel = np.zeros((SIDE, SIDE, 5, 5), np.float32)
    for band in range(5):
        kernel[3 * band : 3 * band + 3, :, 0, band] = 0.3
    dense.set_weights([kernel.reshape(-1, 5), bias.astype(np.float32)])
    return model


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "bands.keras"
    build(np.zeros(5)).save(path)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise, with the band of the label brighter."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for index, label in enumerate(LABELS):
        (folder / label).mkdir()
        for number in range(8):
            picture = random.integers(60, 100, (SIDE, SIDE), dtype=np.uint8)
            picture[3 * index : 3 * index + 3] += np.uint8(100)
            cv2.imwrite(str(folder / label / f"{number}.png"), picture)
    return folder


@pytest.fixture
def quantized(tmp_path: Path) -> Callable[[np.ndarray], Path]:
    """Writes the model with another bias in 8 bits."""

    def write(bias: np.ndarray) -> Path:
        path = tmp_path / "bands.tflite"
        path.write_bytes(quantize(float_tflite(build(bias)), "dynamic_wi8"))
        return path

    return write


@pytest.fixture(scope="module")
def swept(keras_file: Path, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sweep")
    arguments = ("sweep", keras_file, "--calibrate", pictures, "--images", pictures, "-o", out)
    assert command(*arguments, "--prefer", "size") == 0
    return out


def test_a_sweep_has_a_row_for_every_recipe(swept: Path) -> None:
    sweep = json.loads((swept / "sweep.json").read_text(encoding="utf-8"))
    assert [row["recipe"] for row in sweep["rows"]] == list(RECIPES)
    assert sweep["problems"] == {}
    for row in sweep["rows"]:
        assert row["figures"]["agreement"] == 1
        assert row["figures"]["quantized"]["accuracy"] == 1
        assert {timing["runtime"] for timing in row["latency"]} == {"litert", "tflite-runtime"}


def test_a_sweep_says_what_to_ship(swept: Path) -> None:
    sweep = json.loads((swept / "sweep.json").read_text(encoding="utf-8"))
    report = (swept / "sweep.md").read_text(encoding="utf-8")
    assert sweep["bounds"] == ["agreement=0.98", "accuracy=-0.5pt"]
    assert sweep["ship"] in ("dynamic_wi8", "static_wi8_ai8", "static_wi8_ai8_io8")
    assert f"**To ship: `{sweep['ship']}`.**" in report
    assert report.count("**ship**") == 1
    assert cv2.imread(str(swept / "sweep.png")).shape == (500, 1600, 3)


def test_a_faithful_model_passes_its_gate(
    keras_file: Path, pictures: Path, quantized: Callable[[np.ndarray], Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    small, out = quantized(np.zeros(5)), tmp_path / "report"
    arguments = ("evaluate", "model", small, "--float", keras_file, "--images", pictures, "--report", out)
    assert command(*arguments, "--gate", "agreement=0.98,accuracy=-0.5pt,size=0.9") == 0
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["recipe"] == "dynamic_wi8"  # no manifest says it: the file itself does
    assert report["macs"] == SIDE * SIDE * (4 * 9 + 5 * 5)
    assert {layer["operation"] for layer in report["layers"]} >= {"CONV_2D", "FULLY_CONNECTED"}
    assert report["gate"] == {"bounds": ["agreement=0.98", "accuracy=-0.5pt", "size=0.9"], "failed": []}
    assert "**Holds** all bounds" in (out / "report.md").read_text(encoding="utf-8")
    assert cv2.imread(str(out / "report.png")).shape == (500, 1600, 3)
    assert "top-1 agreement" in capsys.readouterr().out


def test_a_collapse_to_one_label_fails_without_any_gate(
    keras_file: Path, pictures: Path, quantized: Callable[[np.ndarray], Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    small, out = quantized(np.array([0, 0, 0, 1e3, 0])), tmp_path / "report"
    arguments = ("evaluate", "model", small, "--float", keras_file, "--images", pictures, "--report", out)
    assert command(*arguments) == 1
    assert "collapsed: it calls 100% of the pictures 'sad'" in capsys.readouterr().err


def test_a_float_model_of_another_shape_is_refused(
    keras_file: Path, pictures: Path, tmp_path: Path, manifest: Any
) -> None:
    shipped = manifest.directory / "emotion.tflite"
    arguments = ("evaluate", "model", shipped, "--float", keras_file, "--images", pictures, "--report", tmp_path)
    with pytest.raises(ModelError, match=r"takes \[56, 56, 1\], .* takes \[16, 16, 1\]: name the model"):
        command(*arguments)


def test_what_is_no_tflite_file_is_refused(keras_file: Path, pictures: Path, tmp_path: Path) -> None:
    arguments = ("evaluate", "model", keras_file, "--float", keras_file, "--images", pictures, "--report", tmp_path)
    with pytest.raises(ModelError, match=r"bands\.keras: not a TFLite model"):
        command(*arguments)
