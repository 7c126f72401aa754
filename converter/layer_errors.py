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
    """Root mean square of what remains of the difference when each channel is scaled as fits best, in standard
    deviations of the float output: a converter may scale channels and take it back in the next layer."""
    added: float
    """The part of `error` that its inputs do not have yet, if errors add up like noise."""
    macs: int


class _Channels:
    """What is summed over pictures of one layer's output: each (channels,), float64."""

    def __init__(self, channels: int) -> None:
        self._count = 0
        self._sums, self._squares, self._others, self._products = (np.zeros(channels) for _ in range(4))

    @classmethod
    def of(cls, tensor: Tensor) -> _Channels:
        return cls(tensor.shape[-1] if len(tensor.shape) > 1 else 1)

    def add(self, expected: NDArray[np.float32], found: NDArray[np.float32]) -> None:
        rows = expected.reshape(-1, len(self._sums)).astype(np.float64)
        others = found.reshape(rows.shape).astype(np.float64)
        self._count += rows.size
        self._sums += rows.sum(axis=0)
        self._squares += np.square(rows).sum(axis=0)
        self._others += np.square(others).sum(axis=0)
        self._products += (rows * others).sum(axis=0)

    def variance(self) -> float:
        """Of the float output, over all channels."""
        return max(0.0, float(self._squares.sum() / self._count - (self._sums.sum() / self._count) ** 2))

    def noise(self) -> float:
        """Mean square of what no scale of a channel explains."""
        fits = np.divide(self._products, self._others, out=np.zeros_like(self._others), where=self._others > 0)
        # The best scale leaves squares - products**2 / others; a negative one would call a sign that flipped right.
        left = self._squares - np.maximum(fits, 0) * self._products
        return max(0.0, float(left.sum() / self._count))


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
    sums = [_Channels.of(operation.outputs[0]) for operation, _ in layers]
    for values in inputs:
        graph.run(values)
        other.run(values)
        for channels, (operation, tensor) in zip(sums, layers, strict=True):
            channels.add(graph.value(operation.outputs[0]), other.value(tensor))
    variance = np.array([channels.variance() for channels in sums])
    noise = np.array([channels.noise() for channels in sums])
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
