"""A TFLite file as a list of operations and constants: enough to take its weights out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.keras_models import tensorflow
from edge.errors import ModelError


class TfliteReader:
    """The float constants of a file, in the order in which its operations use them."""

    def __init__(self, path: Path) -> None:
        """Raises ModelError when path cannot be read or is not a TFLite file."""
        tensorflow()
        from tensorflow.lite.python import schema_py_generated as schema

        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
        if content[4:8] != b"TFL3":
            raise ModelError(f"{path}: not a TFLite model (it does not carry the identifier TFL3)")
        self._model = schema.Model.GetRootAs(content)
        self._graph = self._model.Subgraphs(0)
        self._names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}

    def operations(self) -> Iterator[tuple[str, list[NDArray[np.float32]]]]:
        """Each operation's name, such as "CONV_2D", and its float32 constants in argument order."""
        for i in range(self._graph.OperatorsLength()):
            operation = self._graph.Operators(i)
            code = self._model.OperatorCodes(operation.OpcodeIndex())
            # Codes below 127 are kept in the older, one-byte field.
            number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            arguments = [self._graph.Tensors(t) for t in operation.InputsAsNumpy() if t >= 0]
            constants = [value for value in map(self._constant, arguments) if value is not None]
            yield self._names[number], constants

    def _constant(self, tensor: Any) -> NDArray[np.float32] | None:
        buffer = self._model.Buffers(tensor.Buffer())
        float32 = 0  # TensorType.FLOAT32
        if buffer.DataLength() == 0 or tensor.Type() != float32:
            return None
        return np.frombuffer(buffer.DataAsNumpy().tobytes(), "<f4").reshape(tensor.ShapeAsNumpy())
