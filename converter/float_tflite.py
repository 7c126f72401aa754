"""What a float32 TFLite model takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converter.keras_models import tensorflow
from edge.errors import ModelError


@dataclass(frozen=True)
class FloatModel:
    """The facts of a model with one input and one output vector."""

    input: tuple[int, ...]
    """(height, width, channels) of one picture, or (length,) of one embedding."""
    outputs: int
    softmax: bool
    """The last operation is a softmax."""
    operations: int
    parameters: int


def describe(path: Path, content: bytes) -> FloatModel:
    """Read the facts. path is for messages.

    Raises ModelError when the model has several inputs or outputs, a size left open, a channel count
    other than 1 or 3, or weights that are not float32, or not numbers.
    """
    tensorflow()
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    if graph.InputsLength() != 1 or graph.OutputsLength() != 1:
        raise ModelError(
            f"{path}: has {graph.InputsLength()} inputs and {graph.OutputsLength()} outputs; only 1 and 1 are converted"
        )
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    constants = [t for t in tensors if model.Buffers(t.Buffer()).DataLength() > 0]
    narrow = (schema.TensorType.FLOAT16, schema.TensorType.INT8, schema.TensorType.UINT8)
    if any(tensor.Type() in narrow for tensor in tensors):
        raise ModelError(f"{path}: is quantized already; give the float32 model that it was made from")
    broken = [t for t in constants if t.Type() == schema.TensorType.FLOAT32 and _is_broken(model.Buffers(t.Buffer()))]
    if broken:
        raise ModelError(
            f"{path}: weights of {broken[0].Name().decode()!r} are no numbers (NaN, or infinite): its training went "
            "wrong, or the file was damaged; give an earlier copy"
        )
    operations = [graph.Operators(i) for i in range(graph.OperatorsLength())]
    taken, given = _shape(tensors[graph.Inputs(0)]), _shape(tensors[graph.Outputs(0)])
    if len(taken) not in (1, 3) or min(taken) < 1 or (len(taken) == 3 and taken[2] not in (1, 3)):
        raise ModelError(f"{path}: takes {taken}; pictures are (height, width, 1 or 3), embeddings (length,)")
    if len(given) != 1:
        raise ModelError(f"{path}: gives {given}, not a vector")
    return FloatModel(
        input=taken,
        outputs=given[0],
        softmax=any(
            graph.Outputs(0) in operation.OutputsAsNumpy() and _code(model, operation) == schema.BuiltinOperator.SOFTMAX
            for operation in operations
        ),
        operations=len(operations),
        parameters=sum(int(t.ShapeAsNumpy().prod()) for t in constants if t.Type() == schema.TensorType.FLOAT32),
    )


def _is_broken(buffer: Any) -> bool:
    values = buffer.DataAsNumpy().view(np.float32)
    largest = max(values.max(), -values.min())
    # The converter writes the largest float32 for an infinity; a single one may be what a pooling is padded with.
    return bool(np.isnan(largest) or (len(values) > 1 and largest >= np.finfo(np.float32).max))


def _shape(tensor: Any) -> tuple[int, ...]:
    """Without the batch; -1 where a side is left open."""
    sides = tensor.ShapeSignatureAsNumpy() if tensor.ShapeSignatureLength() else tensor.ShapeAsNumpy()
    return tuple(int(side) for side in sides[1:])


def _code(model: Any, operation: Any) -> int:
    code = model.OperatorCodes(operation.OpcodeIndex())
    return int(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
