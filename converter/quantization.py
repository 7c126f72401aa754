"""Named recipes: how the numbers of a Keras model are stored and computed in its TFLite file.

A name says what is quantized and to what: `wi8` is 8-bit weights, `ai8` 8-bit activations, `io8`
8-bit inputs and outputs; `static` ranges are measured beforehand, `dynamic` ones at run time.
TFLiteConverter makes the float32 file, AI Edge Quantizer all others from it: it needs no pictures
again once the ranges are known, and chooses by operation, or by layer.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.keras_models import tensorflow
from converter.large_kernels import quantized_in_pieces
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
    """The TFLite file of a float Keras model; arguments and errors as of `quantize`."""
    return quantize(float_tflite(model), recipe, ranges)


def float_tflite(model: keras.Model) -> bytes:
    """The float32 TFLite file of a Keras model; the same bytes for the same model."""
    tf = tensorflow()
    import keras

    # It tells stdout where it put a temporary folder, and in which shape.
    keras.config.disable_interactive_logging()
    try:
        content: bytes = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    finally:
        keras.config.enable_interactive_logging()
    return content


def quantize(content: bytes, recipe: str, ranges: Ranges | None = None, keep_float: Sequence[str] = ()) -> bytes:
    """A float32 TFLite file by a recipe; the same bytes for the same arguments.

    ranges: what `converter.activation_ranges` measured of content; the static recipes need them.
    keep_float: regular expressions; an operation with one of them in its name (`operation_names`) stays float32.
    Raises ModelError for a recipe that is none of `RECIPES`, or static without ranges, for an
    expression that fits no operation, and for a model that cannot be quantized.
    """
    if recipe not in RECIPES:
        raise ModelError(f"recipe {recipe!r} is none of {', '.join(RECIPES)}")
    static = recipe.startswith("static")
    if static and ranges is None:
        raise ModelError(f"recipe {recipe}: needs activation ranges, measured on pictures")
    if recipe != "float32":
        quantizer = _quantizer(content)
        if recipe == "float16":
            _half(quantizer)
        elif recipe == "dynamic_wi8":
            _dynamic(quantizer)
        else:
            _static(quantizer, float_ends=recipe == "static_wi8_ai8")
        _except(quantizer, keep_float, operation_names(content))
        content = _quantized(quantizer, ranges if static else None)
    return _in_signature_order(content)


def operation_names(content: bytes) -> list[str]:
    """The names of the operations of a TFLite file in the order of their run: of the tensors that each computes.

    They tell the Keras layers that an operation was made of, such as "model/conv1/Relu;model/conv1/Conv2D".
    """
    graph = schema().Model.GetRootAs(content).Subgraphs(0)
    operations = [graph.Operators(i) for i in range(graph.OperatorsLength())]
    return [";".join(graph.Tensors(t).Name().decode() for t in operation.OutputsAsNumpy()) for operation in operations]


def _half(quantizer: Any) -> None:
    from ai_edge_quantizer import algorithm_manager, qtyping

    casting = algorithm_manager.AlgorithmName.FLOAT_CASTING
    operations = qtyping.TFLOperationName
    for operation in (
        operations.CONV_2D,
        operations.DEPTHWISE_CONV_2D,
        operations.CONV_2D_TRANSPOSE,
        operations.FULLY_CONNECTED,
    ):
        quantizer.add_weight_only_config(".*", operation, num_bits=16, algorithm_key=casting)


def _dynamic(quantizer: Any) -> None:
    from ai_edge_quantizer import qtyping

    operations = qtyping.TFLOperationName
    # Depthwise convolutions stay float: they hold few weights, and XNNPACK has no dynamic kernel for
    # them, so that each would leave the delegate for a slow one (MobileFaceNet: 6.2 ms instead of 3.0).
    quantizer.add_dynamic_config(".*", operations.CONV_2D, num_bits=8)
    # One scale for all rows of a dense layer: tflite-runtime 2.14 takes a scale per row without
    # complaint and then computes wrongly.
    per_tensor = qtyping.QuantGranularity.TENSORWISE
    quantizer.add_dynamic_config(".*", operations.FULLY_CONNECTED, num_bits=8, granularity=per_tensor)


def _static(quantizer: Any, *, float_ends: bool) -> None:
    from ai_edge_quantizer import algorithm_manager, qtyping

    operations = qtyping.TFLOperationName
    quantizer.add_static_config(".*", operations.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8)
    if float_ends:
        for end in (operations.INPUT, operations.OUTPUT):
            quantizer.update_quantization_recipe(".*", end, algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE)


def _except(quantizer: Any, keep_float: Sequence[str], names: Sequence[str]) -> None:
    from ai_edge_quantizer import algorithm_manager, qtyping

    everything, none = qtyping.TFLOperationName.ALL_SUPPORTED, algorithm_manager.AlgorithmName.NO_QUANTIZE
    for expression in keep_float:
        try:
            kept = [name for name in names if re.search(expression, name)]
        except re.error as error:
            raise ModelError(f"{expression!r} is not a regular expression: {error}") from error
        if not kept:
            raise ModelError(f"no layer fits {expression!r}; layers: {', '.join(names)}")
        for name in kept:
            # The quantizer calls an operation by its outputs, a semicolon after each.
            quantizer.update_quantization_recipe(f"^{re.escape(name)};$", everything, algorithm_key=none)


def _quantizer(content: bytes) -> Any:
    try:
        from ai_edge_quantizer import quantizer
    except ImportError as error:
        raise ModelError("ai-edge-quantizer is not installed: pip install 'classpulse[converter]'") from error
    return quantizer.Quantizer(bytearray(content))


def _quantized(quantizer: Any, ranges: Ranges | None) -> bytes:
    measured = None
    if ranges is not None:
        measured = {
            name: {"min": np.array([low], np.float32), "max": np.array([high], np.float32)}
            for name, (low, high) in ranges.items()
        }
    # It logs each step, and shows progress bars and debugging hints on stderr, whatever it is told.
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings(action="ignore"), quantized_in_pieces():
            result = quantizer.quantize(measured, enable_progress_bar=False, enable_progress_report=False)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"cannot be quantized: {error}") from error
    finally:
        logging.disable(before)
    return bytes(result.quantized_model)


def _in_signature_order(content: bytes) -> bytes:
    """The same model with its outputs listed in the order of the Keras model's.

    TFLiteConverter lists them as its graph happens to finish them; the signature alone keeps the order.
    The list is overwritten in place: writing the flatbuffer anew would lose the alignment of the weights.
    """
    patched = bytearray(content)
    model = schema().Model.GetRootAs(patched)
    if model.Subgraphs(0).OutputsLength() < 2:
        return content
    signature = model.SignatureDefs(0)
    outputs = [signature.Outputs(i) for i in range(signature.OutputsLength())]
    outputs.sort(key=lambda output: int(output.Name().rpartition(b"_")[2]))
    model.Subgraphs(0).OutputsAsNumpy()[:] = [output.TensorIndex() for output in outputs]
    return bytes(patched)


def schema() -> Any:
    """The classes that read a TFLite file in place."""
    from ai_edge_litert import schema_py_generated

    return schema_py_generated
