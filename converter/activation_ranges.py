"""The range of every activation of a model over pictures: what the static recipes need to know."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError


def measure_ranges(content: bytes, pictures: Iterable[NDArray[np.float32]]) -> dict[str, tuple[float, float]]:
    """Smallest and largest value of each activation, by tensor name.

    content: a float32 TFLite file; pictures: (H, W, C) float32 each, normalized as the model takes
    them. Raises ModelError when there is no picture.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # It warns that keeping all tensors is for debugging. Looking at all of them is the point here.
    with warnings.catch_warnings(action="ignore"):
        interpreter = Interpreter(
            model_content=content,
            experimental_preserve_all_tensors=True,
            # A delegate would keep its inner tensors to itself.
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    computed = {entry} | {index for operation in interpreter._get_ops_details() for index in operation["outputs"]}
    names = {d["index"]: d["name"] for d in interpreter.get_tensor_details() if d["dtype"] == np.float32}
    ranges: dict[str, tuple[float, float]] = {}
    for picture in pictures:
        interpreter.set_tensor(entry, picture[None])
        interpreter.invoke()
        for index in sorted(computed & names.keys()):
            values = interpreter.get_tensor(index)
            low, high = ranges.get(names[index], (0.0, 0.0))
            ranges[names[index]] = (min(low, float(values.min())), max(high, float(values.max())))
    if not ranges:
        raise ModelError("no pictures to measure activation ranges on")
    return ranges
