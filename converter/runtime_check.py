"""A converted file on both runtimes: does it load there, and does it answer as it does on the other?

The older runtime lacks operations and versions of operations that newer tools write, and some it takes
and computes wrongly. That is found out here and not on the Pi. Each runtime runs in a process of its own:
two in one process break each other, and one that crashes must not take the converter with it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.interpreter import RUNTIMES, cpu_threads, first_line, load_runtime

TOLERANCES = {
    "float32": 1e-4,
    "float16": 1e-4,
    "dynamic_wi8": 0.1,
    "static_wi8_ai8": 0.2,
    "static_wi8_ai8_io8": 0.2,
}
"""Recipe -> largest difference between the answers of two runtimes, as a share of the answers' range. Both
float recipes are computed in 32 bits; in 8 bits the runtimes round in different places, and the older one
quantizes activations on the fly more coarsely."""

_NOT_INSTALLED, _REFUSED = 3, 4
_SECONDS = 1800


@dataclass(frozen=True, eq=False)
class Run:
    """What one runtime made of a file."""

    runtime: str
    answers: NDArray[np.float32] | None
    """(N, outputs), None where there are none."""
    problem: str = ""
    """Why there are none."""
    installed: bool = True


@dataclass(frozen=True, eq=False)
class RuntimeCheck:
    """A file on the default runtime and on the older one."""

    recipe: str
    default: Run
    older: Run

    @property
    def difference(self) -> float | None:
        """Between the two runtimes' answers, see `TOLERANCES`; None when one has none."""
        if self.default.answers is None or self.older.answers is None:
            return None
        return relative_difference(self.older.answers, self.default.answers)

    @property
    def problem(self) -> str:
        """Why the file is not fit for the older runtime; empty when it is, or when that is not installed."""
        if not self.older.installed:
            return ""
        if self.difference is None:
            return self.older.problem
        tolerance = TOLERANCES[self.recipe]
        if self.difference <= tolerance:
            return ""
        return (
            f"its answers differ from those of {self.default.runtime} by {self.difference:.2g} of their range "
            f"(allowed for {self.recipe}: {tolerance:g}): it computes an operation wrongly"
        )

    def require(self, runtime: str) -> None:
        """Raises ModelError with the reason when the file is not proven to run on runtime."""
        if self.default.problem:
            raise ModelError(f"{self.default.runtime} cannot run the converted model: {self.default.problem}")
        if runtime != self.older.runtime:
            return
        if not self.older.installed:
            raise ModelError(f"not proven to run on {runtime}: {self.older.problem}")
        if self.problem:
            raise ModelError(
                f"{runtime} 2.14 cannot run it by recipe {self.recipe}: {self.problem}; "
                "take another recipe, or leave --runtime out for LiteRT"
            )


def check_runtimes(content: bytes, recipe: str, inputs: NDArray[np.float32], batch: int = 1) -> RuntimeCheck:
    """Run content on both runtimes; arguments and errors as of `run_on`."""
    default, older = (run_on(runtime, content, inputs, batch) for runtime in RUNTIMES)
    return RuntimeCheck(recipe, default, older)


def run_on(runtime: str, content: bytes, inputs: NDArray[np.float32], batch: int = 1) -> Run:
    """The answers of one runtime, from a process of its own.

    inputs: (N, ...) float32, normalized as the model takes them; given to it in groups of batch, as the
    edge will do, which must divide N. Raises ModelError when a temporary file cannot be written.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            (folder / "model.tflite").write_bytes(content)
            np.save(folder / "inputs.npy", inputs)
        except OSError as error:
            raise ModelError(f"{folder}: cannot be written ({error.strerror})") from error
        try:
            child = subprocess.run(
                [sys.executable, "-m", "converter.runtime_check", runtime, name, str(batch)],
                # Where `converter` and `edge` lie, installed or in a checkout.
                cwd=Path(__file__).resolve().parent.parent,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Run(runtime, None, f"no answer within {_SECONDS} seconds")
        if child.returncode == 0:
            return Run(runtime, np.load(folder / "answers.npy"))
        reason = (child.stderr.strip().splitlines() or [""])[-1]
        if child.returncode in (_NOT_INSTALLED, _REFUSED):
            return Run(runtime, None, reason, installed=child.returncode != _NOT_INSTALLED)
        return Run(runtime, None, f"it crashed (exit code {child.returncode}) {reason}".strip())


def relative_difference(answers: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Largest difference of two sets of answers as a share of the range of the expected ones."""
    if not np.isfinite(answers).all():
        return float("inf")
    largest = float(np.abs(answers - expected).max())
    span = float(np.ptp(expected))
    return largest / span if span > 0 else largest


def _answers(runtime: str, folder: Path, batch: int) -> NDArray[np.float32]:
    inputs = np.load(folder / "inputs.npy")
    interpreter = load_runtime(runtime)(model_path=str(folder / "model.tflite"), num_threads=cpu_threads(0))
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, (batch, *inputs.shape[1:]))
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for start in range(0, len(inputs), batch):
        interpreter.set_tensor(entry, _quantized(inputs[start : start + batch], taken))
        interpreter.invoke()
        answers.append(_dequantized(interpreter.get_tensor(given["index"]), given))
    if any(len(answer) != batch for answer in answers):
        raise ValueError(f"gives {len(answers[0])} answers to {batch} inputs")
    return np.concatenate(answers)


def _quantized(values: NDArray[np.float32], detail: dict[str, Any]) -> NDArray[Any]:
    dtype = np.dtype(detail["dtype"])
    if dtype == np.float32:
        return values
    scale, zero = detail["quantization"]
    limits = np.iinfo(dtype)
    steps: NDArray[Any] = np.clip(np.rint(values / scale + zero), limits.min, limits.max)
    return steps.astype(dtype)


def _dequantized(values: NDArray[Any], detail: dict[str, Any]) -> NDArray[np.float32]:
    if np.dtype(detail["dtype"]) == np.float32:
        return values.astype(np.float32)
    scale, zero = detail["quantization"]
    answers: NDArray[np.float32] = ((values.astype(np.float32) - zero) * scale).astype(np.float32)
    return answers


def _child(runtime: str, folder: Path, batch: int) -> int:
    try:
        load_runtime(runtime)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return _NOT_INSTALLED
    try:
        answers = _answers(runtime, folder, batch)
    except (ValueError, RuntimeError) as error:
        sys.stderr.write(f"{first_line(error)}\n")
        return _REFUSED
    np.save(folder / "answers.npy", answers)
    return 0


if __name__ == "__main__":
    sys.exit(_child(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
