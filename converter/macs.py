"""Multiply-accumulates of a model, counted from the shapes of its TFLite graph.

Counted are convolutions, dense layers and matrix products for one input; additions, activations
and pooling are left out, as is the custom of the field. Quantization does not change the number.
"""

from __future__ import annotations

import math

from converter.tflite_graph import Graph, Operation


def count_macs(content: bytes, shape: tuple[int, ...] | None = None) -> int:
    """Multiply-accumulates of one run of a TFLite file; shape: of its input, for a model that takes several.

    Raises ModelError when it cannot be loaded.
    """
    return sum(operation_macs(operation) for operation in Graph(content, shape).operations)


def operation_macs(operation: Operation) -> int:
    """Multiply-accumulates of one operation; 0 for those that are not counted.

    Weights lie as TFLite stores them: convolution (out, height, width, in), depthwise (1, height,
    width, out), dense (out, in), transposed convolution (out, height, width, in).
    """
    outputs = sum(math.prod(tensor.shape) for tensor in operation.outputs)
    shapes = [tensor.shape for tensor in operation.inputs]
    if operation.kind in ("CONV_2D", "FULLY_CONNECTED"):
        return outputs * math.prod(shapes[1][1:])
    if operation.kind == "DEPTHWISE_CONV_2D":
        return outputs * math.prod(shapes[1][1:3])
    if operation.kind == "TRANSPOSE_CONV":  # inputs: shape of the output, weights, picture
        return math.prod(shapes[2]) * math.prod(shapes[1][:3])
    if operation.kind == "BATCH_MATMUL":
        return outputs * shapes[0][-1]
    return 0
