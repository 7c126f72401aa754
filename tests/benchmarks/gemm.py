"""How many multiply-adds a second this machine does in the matrix products of LiteRT, in a process of its own.

    python -m tests.benchmarks.gemm

Writes a JSON object to standard output: multiply-adds a second by "float32" and "int8", each with 1 thread and all.
A 1x1 convolution is one matrix product. int8: weights and activations, as the shipped models compute (dynamic_wi8).
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

PIXELS, CHANNELS = 64, 512
"""64x64 pixels of 512 channels into 512: 1.07e9 multiply-adds, large enough to fill any cache but the last."""
MACS = PIXELS * PIXELS * CHANNELS * CHANNELS
RUNS = 12
RECIPES = {"float32": "float32", "int8": "dynamic_wi8"}


def measure() -> dict[str, dict[str, float]]:
    """Number -> {"1": one thread, "all": all}: multiply-adds a second, of the fastest run."""
    import keras

    from converter.quantization import convert

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((PIXELS, PIXELS, CHANNELS)), keras.layers.Conv2D(CHANNELS, 1)])
    return {
        number: {str(threads or "all"): MACS / _fastest(convert(model, recipe), threads) for threads in (1, 0)}
        for number, recipe in RECIPES.items()
    }


def _fastest(content: bytes, threads: int) -> float:
    from ai_edge_litert.interpreter import Interpreter

    from edge.interpreter import cpu_threads

    interpreter: Any = Interpreter(model_content=content, num_threads=cpu_threads(threads))
    interpreter.allocate_tensors()
    picture = np.random.default_rng(1).normal(size=(1, PIXELS, PIXELS, CHANNELS)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure()) + "\n")
