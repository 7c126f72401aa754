"""Both TFLite runtimes behind two classes: pixels, or a vector, in; float outputs out.

LiteRT (`ai-edge-litert`) is the default; `tflite-runtime` is the older choice with the same
interface. Everything is allocated in the constructor: a call normalizes and quantizes the pixels
through one look-up table a channel into a buffer that is used again, invokes, and dequantizes.
"""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.manifest import Manifest, ModelEntry

RUNTIMES = ("litert", "tflite-runtime")


class Network:
    """A model of pictures, with a fixed batch and picture size, ready to run."""

    def __init__(
        self,
        manifest: Manifest,
        entry: ModelEntry,
        *,
        batch: int = 1,
        size: tuple[int, int] | None = None,
        runtime: str = "litert",
        threads: int = 1,
    ) -> None:
        """Load `entry` for `batch` pictures of `size` (height, width; default: the entry's own).

        Raises ModelError when the file is missing, damaged, not a TFLite model, or does not take
        such an input.
        """
        height, width = size or entry.input[:2]
        shape = (batch, height, width, entry.input[2])
        self.entry = entry
        self._model = _Model(manifest, entry, shape, runtime, threads)
        self._buffer: NDArray[Any] = np.zeros(shape, dtype=self._model.dtype)
        self._table = _input_table(entry, self._model)

    @property
    def batch(self) -> int:
        return int(self._buffer.shape[0])

    def __call__(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Run on pixels, (n, H, W, C) uint8 in the entry's colour order, n <= batch.

        Returns the outputs in the order of their names, float32, the first n rows of each.
        """
        count = len(pixels)
        rows = self._buffer.shape[1] * count
        # To OpenCV a picture of one table may be grey and wide; with a table per channel it must have channels.
        columns = (-1,) if self._table.ndim == 2 else self._buffer.shape[2:]
        flat = self._buffer[:count].reshape(rows, *columns)
        cv2.LUT(pixels.reshape(rows, *columns), self._table, dst=flat)
        return [output[:count] for output in self._model.run(self._buffer)]


class VectorNetwork:
    """A model of one vector, such as a classifier of embeddings, ready to run."""

    def __init__(self, manifest: Manifest, entry: ModelEntry, *, runtime: str = "litert", threads: int = 1) -> None:
        """Raises ModelError as `Network` does."""
        self._model = _Model(manifest, entry, (1, *entry.input), runtime, threads)

    def __call__(self, vector: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run on vector, (length,) float32. Returns the outputs in the order of their names, without a batch axis."""
        return [output[0] for output in self._model.run(self._model.quantized(vector[None]))]


class _Model:
    """An interpreter with its tensors allocated for one shape of input."""

    def __init__(
        self, manifest: Manifest, entry: ModelEntry, shape: tuple[int, ...], runtime: str, threads: int
    ) -> None:
        path = manifest.directory / entry.file
        content = manifest.read(entry)
        interpreter_class = load_runtime(runtime)
        try:
            self._interpreter = interpreter_class(model_content=content, num_threads=cpu_threads(threads))
            detail = self._interpreter.get_input_details()[0]
            if len(detail["shape"]) != len(shape):
                kind = "pictures" if len(shape) == 4 else "one embedding"
                raise ModelError(f"{path}: takes an input of shape {list(detail['shape'])}, not {kind}")
            self._interpreter.resize_tensor_input(detail["index"], shape)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{path}: {runtime} cannot load it for input {list(shape)}: {first_line(error)}; convert it again"
            ) from error
        self._input: int = detail["index"]
        self.dtype = np.dtype(detail["dtype"])
        self._scale, self._zero = _scale(detail)
        if self.dtype != np.float32 and (self.dtype not in (np.int8, np.uint8) or self._scale == 0):
            raise ModelError(
                f"{entry.file}: an input of type {self.dtype} is not supported; use float32, int8 or uint8"
            )
        self._outputs = [
            (output["index"], *_scale(output))
            for output in sorted(self._interpreter.get_output_details(), key=lambda output: str(output["name"]))
        ]

    def quantized(self, values: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """values as the input tensor holds them."""
        if self.dtype == np.float32:
            return values.astype(np.float32)
        limits = np.iinfo(self.dtype)
        steps: NDArray[Any] = np.clip(np.rint(values / self._scale + self._zero), limits.min, limits.max)
        return steps.astype(self.dtype)

    def run(self, tensor: NDArray[Any]) -> list[NDArray[np.float32]]:
        """The outputs for an input tensor, in the order of their names, float32."""
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        outputs = []
        for index, scale, zero in self._outputs:
            raw = self._interpreter.get_tensor(index)
            outputs.append(raw if scale == 0 else (raw.astype(np.float32) - zero) * np.float32(scale))
        return outputs


def load_runtime(name: str) -> Any:
    """The runtime's Interpreter class. Raises ModelError when it is not installed or cannot work."""
    try:
        if name == "litert":
            from ai_edge_litert.interpreter import Interpreter
        else:
            if int(np.__version__.split(".")[0]) >= 2:
                # It imports, and then every Interpreter() ends in SystemError.
                raise ModelError("runtime.interpreter: tflite-runtime 2.14 needs numpy below 2: pip install 'numpy<2'")
            from tflite_runtime.interpreter import Interpreter
    except ImportError as error:
        package = "ai-edge-litert" if name == "litert" else "'classpulse[tflite-runtime]' (Python 3.11 only)"
        raise ModelError(f"runtime.interpreter: {name} is not installed ({error}): pip install {package}") from error
    return Interpreter


def cpu_threads(wanted: int) -> int:
    """`wanted` threads, 0 for all, never more than CPUs this process may use.

    One thread too many is a cliff, not a slope: XNNPACK's workers spin for each other.
    """
    available = len(os.sched_getaffinity(0))
    return min(wanted, available) if wanted > 0 else available


def first_line(error: BaseException) -> str:
    """What an error of a runtime says, without its stack of C++ locations."""
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def _input_table(entry: ModelEntry, model: _Model) -> NDArray[Any]:
    """What each pixel value becomes in the input tensor: (1, 256), or (1, 256, C) with a table per channel."""
    values = np.arange(256, dtype=np.float64)[:, None]
    normalized = (values - np.array(entry.subtract)) / np.array(entry.divide)
    table = model.quantized(normalized)[None]
    return table[:, :, 0] if table.shape[2] == 1 else np.ascontiguousarray(table)


def _scale(detail: dict[str, Any]) -> tuple[float, int]:
    """(scale, zero point) of a quantized tensor; scale 0 for float."""
    if np.dtype(detail["dtype"]) == np.float32:
        return 0.0, 0
    scale, zero = detail["quantization"]
    return float(scale), int(zero)
