"""Where a quantized model goes astray: the error of every layer's output against the float model's.

Both files run operation by operation on the same pictures, without a delegate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converter.macs import operation_macs
from converter.tflite_graph import Graph, Operation, Tensor
from edge.errors import ModelError

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")


@dataclass(frozen=True)
class LayerError:
    """How far one layer's output lies from the float model's."""

    name: str
    """Of the output tensor: what a selective recipe takes to keep the layer float."""
    operation: str
    error: float
    """Root mean square of the difference, in standard deviations of the float output."""
    added: float
    """The part of `error` that its inputs do not have yet, if errors add up like noise."""
    macs: int


def layer_errors(reference: bytes, quantized: bytes, inputs: Sequence[NDArray[np.float32]]) -> list[LayerError]:
    """The layers that both TFLite files have, worst first.

    inputs: float32 without batch axis, normalized as the model takes them. Raises ModelError when there are
    none, or the files share no layer.
    """
    if not len(inputs):
        raise ModelError("no pictures to compare layers on")
    graph, other = Graph(reference), Graph(quantized)
    layers = matched(graph.operations, other.operations)
    if not layers:
        raise ModelError("the quantized model has no layer of the float model; convert it from this very source")
    counts, sums, squares, difference = (np.zeros(len(layers)) for _ in range(4))
    for values in inputs:
        graph.run(values)
        other.run(values)
        for i, (operation, tensor) in enumerate(layers):
            expected, found = graph.value(operation.outputs[0]), other.value(tensor)
            counts[i] += expected.size
            sums[i] += expected.sum(dtype=np.float64)
            squares[i] += np.square(expected, dtype=np.float64).sum()
            difference[i] += np.square(found - expected, dtype=np.float64).sum()
    variance = np.maximum(squares / counts - (sums / counts) ** 2, 0)
    noise = difference / counts
    # A layer that always answers the same can only be right or wrong.
    relative = np.sqrt(np.divide(noise, variance, out=np.where(noise > 0, np.inf, 0.0), where=variance > 0))
    error = {operation.outputs[0].name: float(relative[i]) for i, (operation, _) in enumerate(layers)}
    return sorted((_layer_error(operation, error) for operation, _ in layers), key=lambda layer: -layer.error)


def matched(reference: Sequence[Operation], quantized: Sequence[Operation]) -> list[tuple[Operation, Tensor]]:
    """Each operation of the float model with the tensor that holds its output in the quantized one.

    Quantization adds conversions and leaves the order as it is: where both files run the same kinds of operations,
    they are matched by place. Else, as after another tool that fused them differently, by name and shape.
    """
    ours, theirs = ([o for o in operations if o.kind not in _CONVERSIONS] for operations in (reference, quantized))
    if [o.kind for o in ours] == [o.kind for o in theirs]:
        return [(operation, other.outputs[0]) for operation, other in zip(ours, theirs, strict=True)]
    outputs = {(tensor.name, tensor.shape): tensor for operation in theirs for tensor in operation.outputs}
    keys = [(operation.outputs[0].name, operation.outputs[0].shape) for operation in ours]
    return [(operation, outputs[key]) for operation, key in zip(ours, keys, strict=True) if key in outputs]


def _layer_error(operation: Operation, error: dict[str, float]) -> LayerError:
    name = operation.outputs[0].name
    before = max((error.get(tensor.name, 0.0) for tensor in operation.inputs), default=0.0)
    added = np.sqrt(max(0.0, error[name] ** 2 - before**2)) if np.isfinite(error[name]) else error[name]
    return LayerError(name, operation.kind, error[name], float(added), operation_macs(operation))
