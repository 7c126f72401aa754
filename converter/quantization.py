"""Named recipes: how the numbers of a Keras model are stored and computed in its TFLite file.

A name says what is quantized and to what: `wi8` is 8-bit weights, `ai8` 8-bit activations, `io8`
8-bit inputs and outputs; `static` ranges are measured beforehand, `dynamic` ones at run time.
TFLiteConverter makes the float32 and float16 files, AI Edge Quantizer the 8-bit ones from the
float32 file: it needs no pictures again once the ranges are known, and chooses by operation.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.keras_models import tensorflow
from edge.errors import ModelError

if TYPE_CHECKING:
    import keras

RECIPES = {
    "float32": "as trained",
    "float16": "weights stored in 16 bits, computed in 32",
    "dynamic_wi8": "weights of convolutions and dense layers in 8 bits, activations quantized as they come",
    "static_wi8_ai8": "weights and activations in 8 bits, input and output float32",
    "static_wi8_ai8_io8": "weights and activations in 8 bits, input and output too",
}
"""Recipe -> what it does."""

Ranges = Mapping[str, tuple[float, float]]
"""Smallest and largest value of each activation tensor, by its name in the float32 file."""


def convert(model: keras.Model, recipe: str, ranges: Ranges | None = None) -> bytes:
    """The TFLite file of a float Keras model; the same bytes for the same arguments.

    ranges: what `converter.activation_ranges` measured of this model; the static recipes need them.
    Raises ModelError for a recipe that is none of `RECIPES`, or static without ranges.
    """
    if recipe not in RECIPES:
        raise ModelError(f"recipe {recipe!r} is none of {', '.join(RECIPES)}")
    if recipe.startswith("static") and ranges is None:
        raise ModelError(f"recipe {recipe}: needs activation ranges, measured on pictures")
    content = _tflite(model, half=recipe == "float16")
    if recipe == "dynamic_wi8":
        content = _dynamic(content)
    elif ranges is not None and recipe.startswith("static"):
        content = _static(content, ranges, float_ends=recipe == "static_wi8_ai8")
    return _in_signature_order(content)


def _tflite(model: keras.Model, *, half: bool) -> bytes:
    tf = tensorflow()
    import keras

    # It tells stdout where it put a temporary folder, and in which shape.
    keras.config.disable_interactive_logging()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    try:
        content: bytes = converter.convert()
    finally:
        keras.config.enable_interactive_logging()
    return content


def _dynamic(content: bytes) -> bytes:
    quantizer = _quantizer(content)
    from ai_edge_quantizer import qtyping

    operations = qtyping.TFLOperationName
    # Depthwise convolutions stay float: they hold few weights, and XNNPACK has no dynamic kernel for
    # them, so that each would leave the delegate for a slow one (MobileFaceNet: 6.2 ms instead of 3.0).
    quantizer.add_dynamic_config(".*", operations.CONV_2D, num_bits=8)
    # One scale for all rows of a dense layer: tflite-runtime 2.14 takes a scale per row without
    # complaint and then computes wrongly.
    per_tensor = qtyping.QuantGranularity.TENSORWISE
    quantizer.add_dynamic_config(".*", operations.FULLY_CONNECTED, num_bits=8, granularity=per_tensor)
    return _quantized(quantizer)


def _static(content: bytes, ranges: Ranges, *, float_ends: bool) -> bytes:
    quantizer = _quantizer(content)
    from ai_edge_quantizer import algorithm_manager, qtyping

    operations = qtyping.TFLOperationName
    quantizer.add_static_config(".*", operations.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8)
    if float_ends:
        for end in (operations.INPUT, operations.OUTPUT):
            quantizer.update_quantization_recipe(".*", end, algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE)
    measured = {
        name: {"min": np.array([low], np.float32), "max": np.array([high], np.float32)}
        for name, (low, high) in ranges.items()
    }
    return _quantized(quantizer, measured)


def _quantizer(content: bytes) -> Any:
    try:
        from ai_edge_quantizer import quantizer
    except ImportError as error:
        raise ModelError("ai-edge-quantizer is not installed: pip install 'classpulse[converter]'") from error
    return quantizer.Quantizer(bytearray(content))


def _quantized(quantizer: Any, measured: Any = None) -> bytes:
    try:
        # It shows progress bars and debugging hints on stderr, whatever it is told.
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings(action="ignore"):
            result = quantizer.quantize(measured, enable_progress_bar=False, enable_progress_report=False)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"cannot be quantized: {error}") from error
    return bytes(result.quantized_model)


def _in_signature_order(content: bytes) -> bytes:
    """The same model with its outputs listed in the order of the Keras model's.

    TFLiteConverter lists them as its graph happens to finish them; the signature alone keeps the order.
    The list is overwritten in place: writing the flatbuffer anew would lose the alignment of the weights.
    """
    tensorflow()
    from tensorflow.lite.python.schema_py_generated import Model

    patched = bytearray(content)
    model = Model.GetRootAs(patched)
    signature = model.SignatureDefs(0)
    outputs = [signature.Outputs(i) for i in range(signature.OutputsLength())]
    outputs.sort(key=lambda output: int(output.Name().rpartition(b"_")[2]))
    model.Subgraphs(0).OutputsAsNumpy()[:] = [output.TensorIndex() for output in outputs]
    return bytes(patched)
