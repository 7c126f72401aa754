"""A TFLite model as a list of operations, run one by one so that every value between them can be read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.interpreter import first_line


@dataclass(frozen=True)
class Tensor:
    """One value of the graph."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    """As numpy calls it."""
    scale: float
    """What one step of an integer is worth; 0 for float."""
    zero: int


@dataclass(frozen=True)
class Operation:
    """One operation of the graph."""

    kind: str
    """As TFLite calls it, such as "CONV_2D"."""
    inputs: tuple[Tensor, ...]
    """Values and weights; those left out are not listed."""
    outputs: tuple[Tensor, ...]


class Graph:
    """A model that keeps the value of every tensor after a run."""

    def __init__(self, content: bytes, shape: tuple[int, ...] | None = None) -> None:
        """content: a TFLite file; shape: of its input, for a model that takes several. Raises ModelError when LiteRT
        cannot run it."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        try:
            # It warns that keeping all tensors is for debugging. Looking at all of them is the point here.
            with warnings.catch_warnings(action="ignore"):
                self._interpreter: Any = Interpreter(
                    model_content=content,
                    experimental_preserve_all_tensors=True,
                    # A delegate would keep its inner tensors to itself.
                    experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                )
            if shape is not None:
                self._interpreter.resize_tensor_input(self._interpreter.get_input_details()[0]["index"], shape)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"LiteRT cannot load the model: {first_line(error)}; convert it again") from error
        tensors = {detail["index"]: _tensor(detail) for detail in self._interpreter.get_tensor_details()}
        entry = self._interpreter.get_input_details()[0]
        self.entry = tensors[entry["index"]]
        self.operations = tuple(
            Operation(
                operation["op_name"],
                tuple(tensors[i] for i in operation["inputs"] if i in tensors),
                tuple(tensors[i] for i in operation["outputs"] if i in tensors),
            )
            for operation in self._interpreter._get_ops_details()
        )

    def run(self, values: NDArray[np.float32]) -> None:
        """Run on one input of the model's shape without its batch axis, normalized as the model takes it."""
        tensor = self.entry
        if tensor.scale:
            limits = np.iinfo(tensor.dtype)
            values = np.clip(np.rint(values / tensor.scale + tensor.zero), limits.min, limits.max)
        self._interpreter.set_tensor(tensor.index, values[None].astype(tensor.dtype))
        self._interpreter.invoke()

    def value(self, tensor: Tensor) -> NDArray[np.float32]:
        """What tensor held in the last run, as the real numbers that it stands for."""
        values: NDArray[np.float32] = self._interpreter.get_tensor(tensor.index).astype(np.float32)
        return (values - np.float32(tensor.zero)) * np.float32(tensor.scale) if tensor.scale else values


def recipe_of(content: bytes) -> str:
    """The recipe, one of `converter.quantization.RECIPES`, by which a TFLite file was made, to judge by its tensors."""
    graph = Graph(content)
    given = {tensor.dtype for operation in graph.operations for tensor in operation.inputs}
    computed = {
        tensor.dtype for operation in graph.operations if operation.kind != "QUANTIZE" for tensor in operation.outputs
    }
    if graph.entry.dtype == "int8":
        return "static_wi8_ai8_io8"
    if "int8" in computed:
        return "static_wi8_ai8"
    return "dynamic_wi8" if "int8" in given else "float16" if "float16" in given else "float32"


def _tensor(detail: dict[str, Any]) -> Tensor:
    scale, zero = detail["quantization"]
    dtype = np.dtype(detail["dtype"]).name
    return Tensor(detail["index"], detail["name"], tuple(map(int, detail["shape"])), dtype, float(scale), int(zero))
