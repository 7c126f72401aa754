"""Every recipe makes a file that both runtimes load and that answers nearly as the float model does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from converter.activation_ranges import measure_ranges
from converter.keras_models import tensorflow
from converter.quantization import RECIPES, convert, float_tflite, operation_names, quantize
from converter.runtime_check import relative_difference, run_on
from edge.errors import ModelError

pytestmark = pytest.mark.converter

RUN = """
import sys
import numpy as np
from {package}.interpreter import Interpreter
pictures = np.load(sys.argv[2])
interpreter = Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
entry, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
answers = []
for picture in pictures:
    if entry["dtype"] == np.int8:
        scale, zero = entry["quantization"]
        picture = np.clip(np.rint(picture / scale + zero), -128, 127).astype(np.int8)
    interpreter.set_tensor(entry["index"], picture[None])
    interpreter.invoke()
    raw = interpreter.get_tensor(answer["index"])[0].astype(np.float32)
    scale, zero = answer["quantization"]
    answers.append((raw - zero) * scale if answer["dtype"] == np.int8 else raw)
np.save(sys.argv[3], answers)
"""


@pytest.fixture(scope="module")
def model() -> Any:
    """A small network with every kind of layer that ours have."""
    tensorflow()
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    picture = keras.Input((16, 16, 3))
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same", use_bias=False)(picture)))
    y = layers.PReLU(shared_axes=(1, 2), alpha_initializer="glorot_uniform")(layers.Conv2D(16, 1)(x))
    y = layers.DepthwiseConv2D(3, padding="same")(y)
    x = layers.MaxPooling2D()(layers.Add()([x, y]))
    x = layers.Dense(32, activation="relu")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(picture, layers.Dense(5)(x))


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(-1, 1, (32, 16, 16, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def ranges(model: Any, pictures: NDArray[np.float32]) -> Mapping[str, tuple[float, float]]:
    return measure_ranges(convert(model, "float32"), pictures)


@pytest.mark.parametrize("package", ["ai_edge_litert", "tflite_runtime"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_quantized_answers_stay_near_the_float_ones(
    recipe: str, package: str, model: Any, pictures: NDArray[np.float32],
    ranges: Mapping[str, tuple[float, float]], tmp_path: Path,
) -> None:  # fmt: skip
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    (tmp_path / "model.tflite").write_bytes(convert(model, recipe, ranges))
    np.save(tmp_path / "pictures.npy", pictures)
    # A process of its own: TensorFlow and tflite-runtime in one process break each other.
    arguments = [str(tmp_path / name) for name in ("model.tflite", "pictures.npy", "answers.npy")]
    subprocess.run([sys.executable, "-c", RUN.format(package=package), *arguments], check=True, capture_output=True)
    expected = model.predict(pictures, verbose=0)
    error = np.abs(np.load(tmp_path / "answers.npy") - expected).max() / np.ptp(expected)
    assert error < {"float32": 1e-5, "float16": 2e-3}.get(recipe, 0.05)


@pytest.mark.parametrize("recipe", RECIPES)
def test_converting_twice_gives_the_same_bytes(
    recipe: str, model: Any, ranges: Mapping[str, tuple[float, float]]
) -> None:
    assert convert(model, recipe, ranges) == convert(model, recipe, ranges)


def test_eight_bit_weights_make_a_smaller_file(model: Any) -> None:
    assert len(convert(model, "dynamic_wi8")) < len(convert(model, "float32"))


def test_an_unknown_recipe_is_refused_with_the_known_ones(model: Any) -> None:
    with pytest.raises(ModelError, match="recipe 'int4' is none of float32, float16, dynamic_wi8"):
        convert(model, "int4")


def test_a_static_recipe_without_ranges_is_refused(model: Any) -> None:
    with pytest.raises(ModelError, match="static_wi8_ai8: needs activation ranges"):
        convert(model, "static_wi8_ai8")


def test_no_pictures_give_no_ranges(model: Any) -> None:
    with pytest.raises(ModelError, match="no pictures"):
        measure_ranges(convert(model, "float32"), [])


def test_a_layer_kept_float_stays_float(model: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    source = float_tflite(model)
    depthwise = next(name for name in operation_names(source) if "depthwise" in name)
    everything = quantize(source, "static_wi8_ai8", ranges)
    mixed = quantize(source, "static_wi8_ai8", ranges, ["depthwise"])
    assert types_of(everything)[depthwise] == np.int8
    assert types_of(mixed)[depthwise] == np.float32


def test_keeping_every_layer_float_gives_the_float_model(model: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    kinds = types_of(quantize(float_tflite(model), "static_wi8_ai8", ranges, ["."])).values()
    assert np.int8 not in kinds


def test_a_kernel_of_more_than_32_mib_is_quantized_per_channel() -> None:
    """VGG-Face has one of 411 MB."""
    tensorflow()
    import keras

    cube = keras.Input((7, 7, 384))
    wide = keras.layers.Conv2D(512, 7, kernel_initializer="he_normal")(cube)
    source = float_tflite(keras.Model(cube, keras.layers.Flatten()(wide)))
    inputs = np.random.default_rng(0).normal(size=(4, 7, 7, 384)).astype(np.float32)
    small = quantize(source, "static_wi8_ai8", measure_ranges(source, inputs))
    assert len(small) < 0.26 * len(source)
    exact, near = (run_on("litert", content, inputs).answers for content in (source, small))
    assert exact is not None
    assert near is not None
    assert relative_difference(near, exact) < 0.02


def types_of(content: bytes) -> dict[str, Any]:
    """What each tensor holds, by name."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    return {detail["name"]: detail["dtype"] for detail in interpreter.get_tensor_details()}
