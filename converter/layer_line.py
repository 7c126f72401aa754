"""A model whose layers follow one another in a single line, as VGG-Face's do: their weights, open to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.quantization import schema

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution or a dense layer."""

    given: str
    """Name of the tensor that it takes."""
    output: str
    """Name of the tensor that it computes."""
    passed_on: list[str]
    """Names of the tensors that pooling, padding and reshaping then make of it."""
    weights: Floats
    """(outputs, height, width, inputs) or, of a dense layer, (outputs, inputs). Writing into it changes the model."""
    bias: Floats | None
    """(outputs,), open to change too."""
    padded: bool
    """Whether the picture is padded so that it keeps its size."""
    rectified: bool
    """Whether a ReLU ends it: it may then be scaled, and the next layer the other way round."""


class LayerLine:
    """A float32 TFLite file, taken apart."""

    def __init__(self, content: bytes) -> None:
        self._content = bytearray(content)
        self._schema = schema()
        self._model = self._schema.Model.GetRootAs(self._content)
        self.layers = self._layers()
        """In the order of their run; empty when the model is no single line of layers, padding and pooling."""

    @property
    def content(self) -> bytes:
        """The file as it is now."""
        return bytes(self._content)

    def _layers(self) -> list[Layer]:
        graph, kinds = self._model.Subgraphs(0), self._schema.BuiltinOperator
        operations = [graph.Operators(i) for i in range(graph.OperatorsLength())]
        layers: list[Layer] = []
        line = [graph.Inputs(0)]
        while operations and operations[0].Inputs(0) == line[-1]:
            kind = self._model.OperatorCodes(operations[0].OpcodeIndex()).BuiltinCode()
            if kind in (kinds.CONV_2D, kinds.FULLY_CONNECTED):
                layers.append(self._layer(graph, operations[0], convolution=kind == kinds.CONV_2D))
            elif layers and kind in (kinds.PAD, kinds.MAX_POOL_2D, kinds.AVERAGE_POOL_2D, kinds.RESHAPE):
                layers[-1].passed_on.append(graph.Tensors(operations[0].Outputs(0)).Name().decode())
            else:
                break
            line.append(operations.pop(0).Outputs(0))
        # Whatever follows the last layer, such as a flattening, may take what that gives, but nothing from within.
        later = {tensor for operation in operations for tensor in operation.InputsAsNumpy()}
        return layers if later.isdisjoint(line[:-1]) and self._unshared(layers) else []

    @staticmethod
    def _unshared(layers: list[Layer]) -> bool:
        """Whether no two layers have their numbers from the same place; zeros, which scaling leaves, may be shared."""
        arrays = [a for layer in layers for a in (layer.weights, layer.bias) if a is not None and a.any()]
        return len({a.__array_interface__["data"][0] for a in arrays}) == len(arrays)

    def _layer(self, graph: Any, operation: Any, *, convolution: bool) -> Layer:
        options = (self._schema.Conv2DOptions if convolution else self._schema.FullyConnectedOptions)()
        table = operation.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        given, weights, *more = operation.InputsAsNumpy()
        bias = next((graph.Tensors(t) for t in more if t >= 0), None)
        return Layer(
            given=graph.Tensors(given).Name().decode(),
            output=graph.Tensors(operation.Outputs(0)).Name().decode(),
            passed_on=[],
            weights=self._values(graph.Tensors(weights)),
            bias=None if bias is None else self._values(bias),
            padded=convolution and options.Padding() == self._schema.Padding.SAME,
            rectified=options.FusedActivationFunction() == self._schema.ActivationFunctionType.RELU,
        )

    def _values(self, tensor: Any) -> Floats:
        values: Floats = self._model.Buffers(tensor.Buffer()).DataAsNumpy().view(np.float32)
        return values.reshape(tensor.ShapeAsNumpy())
