"""What the older runtime cannot do is said at conversion, with the reason, and not found out on the Pi."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from converter.keras_models import tensorflow
from converter.quantization import convert, float_tflite
from converter.runtime_check import Run, RuntimeCheck, check_runtimes, relative_difference, run_on
from edge.errors import ModelError

pytestmark = pytest.mark.converter
older = pytest.mark.skipif(find_spec("tflite_runtime") is None, reason="tflite-runtime is not installed")


@pytest.fixture(scope="module")
def model() -> Any:
    """Dense layers whose rows differ a hundredfold in scale, as trained ones do."""
    tensorflow()
    import keras

    keras.utils.set_random_seed(0)
    vector = keras.Input((64,))
    hidden = keras.layers.Dense(48, activation="relu")(vector)
    made = keras.Model(vector, keras.layers.Dense(10)(hidden))
    generator = np.random.default_rng(0)
    for layer in made.layers[1:]:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * 10 ** generator.uniform(-2, 0, kernel.shape[1]), bias])
    return made


@pytest.fixture(scope="module")
def inputs() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(8, 64)).astype(np.float32)


@older
@pytest.mark.parametrize("recipe", ["float32", "float16", "dynamic_wi8"])
def test_what_runs_on_both_has_no_problem(recipe: str, model: Any, inputs: NDArray[np.float32]) -> None:
    check = check_runtimes(convert(model, recipe), recipe, inputs)
    assert check.problem == ""
    check.require("tflite-runtime")


@older
def test_what_the_older_runtime_computes_wrongly_is_refused_for_it_only(
    model: Any, inputs: NDArray[np.float32]
) -> None:
    """It takes a dynamic dense layer with a scale per row, and answers something else."""
    from ai_edge_quantizer import qtyping, quantizer

    per_row = quantizer.Quantizer(bytearray(float_tflite(model)))
    per_row.add_dynamic_config(".*", qtyping.TFLOperationName.FULLY_CONNECTED, num_bits=8)
    check = check_runtimes(bytes(per_row.quantize(None).quantized_model), "dynamic_wi8", inputs)
    assert "it computes an operation wrongly" in check.problem
    check.require("litert")
    with pytest.raises(ModelError, match=r"tflite-runtime 2\.14 cannot run it by recipe dynamic_wi8: .*take another"):
        check.require("tflite-runtime")


@older
def test_an_operation_the_older_runtime_lacks_is_named(inputs: NDArray[np.float32]) -> None:
    """What TensorFlow's own dynamic range quantization makes of a dense layer today."""
    tf = tensorflow()
    import keras

    vector = keras.Input((64,))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(vector, keras.layers.Dense(300)(vector)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    check = check_runtimes(converter.convert(), "dynamic_wi8", inputs)
    assert check.default.problem == ""
    assert "FULLY_CONNECTED" in check.problem


def test_a_batch_is_run_as_the_edge_will(model: Any, inputs: NDArray[np.float32]) -> None:
    content = convert(model, "float32")
    one, two = (run_on("litert", content, inputs, batch) for batch in (1, 2))
    assert one.answers is not None
    assert two.answers is not None
    assert relative_difference(two.answers, one.answers) < 1e-5


def test_a_file_that_is_no_model_is_a_problem_and_no_crash(inputs: NDArray[np.float32]) -> None:
    run = run_on("litert", b"\x1c\0\0\0TFL3" + bytes(64), inputs)
    assert run.answers is None
    assert run.problem


def test_a_model_that_not_even_the_default_runs_is_refused() -> None:
    broken = RuntimeCheck("float32", Run("litert", None, "no such operation"), Run("tflite-runtime", None, "neither"))
    with pytest.raises(ModelError, match="litert cannot run the converted model: no such operation"):
        broken.require("litert")


def test_where_the_older_runtime_is_missing_only_those_who_ask_for_it_are_refused() -> None:
    missing = RuntimeCheck(
        "float32", Run("litert", np.ones((2, 3), np.float32)), Run("tflite-runtime", None, "is not installed", False)
    )
    assert missing.problem == ""
    missing.require("litert")
    with pytest.raises(ModelError, match="not proven to run on tflite-runtime: is not installed"):
        missing.require("tflite-runtime")


def test_answers_that_are_not_numbers_never_agree() -> None:
    assert relative_difference(np.array([[np.nan]], np.float32), np.zeros((1, 1), np.float32)) == np.inf
