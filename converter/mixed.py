"""Mixed precision: the layers that 8 bits hurt most stay float32, as few of them as a bound asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from converter.layer_errors import layer_errors
from converter.quantization import Ranges, operation_names, quantize
from converter.runtime_check import run_on
from converter.tflite_graph import Graph
from edge.errors import ModelError
from edge.manifest import ModelEntry

FIRST_WEIGHTS = 0.01
"""Share of VGG-Face's weights, those of its first layers, that stays float32. What 8 bits lose there goes through
all later layers. Measured at full size, 145 million weights of random value, on 100 faces of LFW without their mirror
image (`dynamic_wi8`): nearest neighbour kept for 0.97 of them instead of 0.93, mean-centred cosine 0.988 instead of
0.983, file 25.6% instead of 25.0% of float32."""


def is_vggface(entry: ModelEntry) -> bool:
    """Whether it is a model of VGG-Face's kind, by a recipe in 8 bits."""
    return entry.role == "embed" and entry.input[0] == 224 and entry.recipe.endswith(("wi8", "ai8", "io8"))


def usual_kept_float(content: bytes, entry: ModelEntry) -> tuple[str, ...]:
    """Expressions of the layers that stay float32 where there are no pictures: the first of VGG-Face, none of others.

    content: the float32 TFLite file; entry: what it is, its recipe included.
    """
    if not is_vggface(entry):
        return ()
    operations = Graph(content).operations
    weights = [sum(math.prod(t.shape) for t in o.inputs[1:2]) if "CONV" in o.kind else 0 for o in operations]
    kept: list[str] = []
    spent = 0
    for name, held in zip(operation_names(content), weights, strict=True):
        spent += held
        if spent > FIRST_WEIGHTS * sum(weights):
            break
        kept.append(f"^{re.escape(name)}$")
    return tuple(kept)


def worst_kept_float(
    content: bytes,
    recipe: str,
    ranges: Ranges | None,
    keep_float: Sequence[str],
    inputs: NDArray[np.float32],
    bound: float,
) -> tuple[str, ...]:
    """Expressions of the layers to keep float32, keep_float among them, so that the model's error is within bound.

    The error is the root mean square of the output's difference from the float model's, in standard deviations of that.
    Layers are kept in two orders: those first that add most to it where they stand, and those first that come
    first, since later layers amplify what the early ones lose. Of each order the smallest number that keeps the bound
    is found by halving, and the smaller file wins. content, recipe, ranges, keep_float: as for
    `converter.quantization.quantize`; inputs: (N, ...) float32, normalized. Raises ModelError when the float model
    or a mixed one does not run, and when no choice keeps the bound.
    """
    reference = _answers(content, inputs)

    def error_of(quantized: bytes) -> float:
        return _error(_answers(quantized, inputs), reference)

    everything = quantize(content, recipe, ranges, keep_float)
    if error_of(everything) <= bound:
        return tuple(keep_float)
    errors = layer_errors(content, everything, list(inputs))
    worst = [layer.name for layer in sorted(errors, key=lambda layer: -layer.added)]
    chosen: list[tuple[int, tuple[str, ...]]] = []
    for order in (worst, operation_names(content)):
        expressions = (*keep_float, *(f"^{re.escape(name)}$" for name in order))
        too_few, enough = len(keep_float), len(expressions) + 1
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            mixed = quantize(content, recipe, ranges, expressions[:middle])
            if error_of(mixed) <= bound:
                enough = middle
                chosen.append((len(mixed), expressions[:middle]))
            else:
                too_few = middle
    if not chosen:
        raise ModelError(f"--auto-mixed {bound:g}: not even with all layers float32 is recipe {recipe} that near")
    return min(chosen)[1]


def _answers(content: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    run = run_on("litert", content, inputs)
    if run.answers is None:
        raise ModelError(f"litert cannot run it: {run.problem}")
    return run.answers


def _error(answers: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    difference = float(np.sqrt(np.square(answers - reference, dtype=np.float64).mean()))
    spread = float(reference.std(dtype=np.float64))
    return difference / spread if spread > 0 else difference
