"""VGG-Face made ready for 8 bits stays the same function, and loses less."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from converter.activation_ranges import measure_ranges
from converter.keras_models import tensorflow
from converter.layer_line import LayerLine
from converter.preparation import prepare
from converter.quantization import float_tflite, quantize
from converter.refinement import equalize, refine
from converter.role_defaults import Said, describe_model
from converter.runtime_check import relative_difference, run_on
from converter.source import read_source
from edge.errors import ModelError
from edge.manifest import ModelEntry
from tests.converter.legacy_models import FACE_RECOGNITION, VGG_FACE_DENSE_WEIGHTS, write_legacy_models

pytestmark = pytest.mark.converter

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, ModelEntry]]:
    """The float32 files of two narrow VGG-Faces, with convolutions and with dense layers on top, to be static."""
    folder = tmp_path_factory.mktemp("legacy")
    names = (FACE_RECOGNITION, VGG_FACE_DENSE_WEIGHTS)
    write_legacy_models(folder, *names)
    found = {}
    for name in names:
        source = read_source(folder / name)
        entry, _ = describe_model(source, "vggface", Said(), "vggface.tflite", "")
        found[name] = (source.tflite, replace(entry, recipe="static_wi8_ai8"))
    return found


@pytest.fixture
def vgg_face(contents: dict[str, tuple[bytes, ModelEntry]]) -> tuple[bytes, ModelEntry]:
    """The one with convolutions on top."""
    return contents[FACE_RECOGNITION]


def pictures(seed: int, count: int) -> Floats:
    """(count, 224, 224, 3): soft shapes about zero, as faces are, no two alike."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 60, (count, 7, 7, 3)).astype(np.float32)
    return np.stack([cv2.resize(each, (224, 224), interpolation=cv2.INTER_CUBIC) for each in coarse])


def answers(content: bytes, inputs: Floats) -> Floats:
    run = run_on("litert", content, inputs)
    assert run.answers is not None, run.problem
    return run.answers


def noise(content: bytes, exact: Floats, inputs: Floats) -> float:
    """Power of the error, as a share of what the exact answers differ by from picture to picture."""
    return float(np.square(answers(content, inputs) - exact).sum() / np.square(exact - exact.mean(axis=0)).sum())


@pytest.mark.parametrize(("recipe", "share"), [("static_wi8_ai8", 0.6), ("dynamic_wi8", 0.25)])
def test_vggface_loses_less_in_8_bits_when_it_was_made_ready(
    recipe: str, share: float, vgg_face: tuple[bytes, ModelEntry]
) -> None:
    content, entry = vgg_face
    seen, new = pictures(1, 24), pictures(2, 16)
    exact = answers(content, new)
    ready = prepare(content, replace(entry, recipe=recipe), seen)
    assert not ready.keep_float
    plain = noise(quantize(content, recipe, measure_ranges(content, seen)), exact, new)
    assert noise(quantize(ready.content, recipe, ready.ranges), exact, new) < share * plain


@pytest.mark.parametrize("name", [FACE_RECOGNITION, VGG_FACE_DENSE_WEIGHTS])
def test_scaled_channels_leave_the_float_model_as_it_was(
    name: str, contents: dict[str, tuple[bytes, ModelEntry]]
) -> None:
    content, _ = contents[name]
    line = LayerLine(content)
    random = np.random.default_rng(0)
    highest = {layer.output: random.uniform(0, 9, len(layer.weights)).astype(np.float32) for layer in line.layers}
    equalize(line.layers, highest)
    assert line.content != content
    inputs = pictures(3, 2)
    assert relative_difference(answers(line.content, inputs), answers(content, inputs)) < 1e-4


def test_a_channel_that_no_picture_showed_is_left_room_for_a_face_that_does(
    vgg_face: tuple[bytes, ModelEntry],
) -> None:
    line = LayerLine(vgg_face[0])
    highest = {layer.output: np.full(len(layer.weights), 9, np.float32) for layer in line.layers}
    silent = line.layers[3].output
    highest[silent][0] = 0
    scale = equalize(line.layers, highest)[silent]
    # At a quarter of the others' strength it would fill the range: hardly a face can make it set that alone.
    assert scale[0] > np.median(scale) / 4


def test_ranges_of_the_scaled_model_are_those_that_would_be_measured(vgg_face: tuple[bytes, ModelEntry]) -> None:
    seen = pictures(4, 12)
    refined = refine(vgg_face[0], seen)
    assert refined is not None
    measured = measure_ranges(refined.content, seen)
    assert measured.keys() == refined.ranges.keys()
    for name, (low, high) in measured.items():
        # The rounded weights move the extremes a little.
        assert refined.ranges[name] == pytest.approx((low, high), abs=0.1 * (high - low))


def test_making_ready_twice_gives_the_same_bytes(vgg_face: tuple[bytes, ModelEntry]) -> None:
    first, second = (refine(vgg_face[0], pictures(5, 10)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.content == second.content
    assert first.ranges == second.ranges


def test_without_pictures_the_first_layers_stay_float(vgg_face: tuple[bytes, ModelEntry]) -> None:
    content, entry = vgg_face
    ready = prepare(content, replace(entry, recipe="dynamic_wi8"), None)
    assert ready.content == content
    assert ready.keep_float
    assert "stay float32" in ready.note


@pytest.mark.parametrize("recipe", ["float32", "float16"])
def test_a_recipe_without_8_bits_leaves_vggface_alone(recipe: str, vgg_face: tuple[bytes, ModelEntry]) -> None:
    content, entry = vgg_face
    ready = prepare(content, replace(entry, recipe=recipe), pictures(6, 10))
    assert (ready.content, ready.keep_float, ready.note) == (content, (), "")


def test_a_model_that_branches_is_left_alone() -> None:
    tensorflow()
    import keras

    picture = keras.Input((224, 224, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(picture)
    x = keras.layers.Add()([x, keras.layers.Conv2D(4, 1)(x)])
    content = float_tflite(keras.Model(picture, keras.layers.GlobalMaxPooling2D()(x)))
    assert refine(content, pictures(7, 10)) is None


def test_no_pictures_are_refused(vgg_face: tuple[bytes, ModelEntry]) -> None:
    with pytest.raises(ModelError, match="no pictures"):
        refine(vgg_face[0], pictures(8, 1)[:0])
