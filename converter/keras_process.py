"""Keras, 2 or 3, in a process of its own.

Which Keras TensorFlow works with is settled once for a process, when it is imported
(TF_USE_LEGACY_KERAS). So a child that runs this module reads the file with the Keras that wrote it. What
TensorFlow holds on to after a conversion, gigabytes for VGG-Face, goes back to the system with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from converter import keras_reading, vggface_source
from converter.keras_models import tensorflow
from converter.keras_reading import Reading, Request
from edge.errors import ModelError

_MODEL, _REPORT = "model.tflite", "report.json"


def read(request: Request) -> Reading:
    """Have a child read and convert. Raises ModelError, the child's own included."""
    try:
        with tempfile.TemporaryDirectory(prefix="classpulse-") as folder:
            done = _run(request, folder)
            report = _report(Path(folder))
            if report is None:
                raise ModelError(f"{request.path}: {_ending(done)}")
            if "error" in report:
                raise ModelError(report["error"])
            return Reading(tflite=(Path(folder) / _MODEL).read_bytes(), **report)
    except OSError as error:
        raise ModelError(f"{request.path}: cannot be converted: {error}") from error


def _run(request: Request, folder: str) -> subprocess.CompletedProcess[str]:
    # The child finds the modules where this process found them, installed or not.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    environment["TF_USE_LEGACY_KERAS"] = "1" if request.keras == "2" else "0"
    return subprocess.run(
        [sys.executable, "-m", "converter.keras_process", folder],
        input=json.dumps(asdict(request), default=str),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _report(folder: Path) -> dict[str, Any] | None:
    """What the child says; None when it ended before it said anything."""
    try:
        report: dict[str, Any] = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return report


def _ending(done: subprocess.CompletedProcess[str]) -> str:
    """How the child ended, when it left no report."""
    if done.returncode == -9:
        return "the process that read it was killed; if memory ran out, close other programs and try again"
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return f"the process that read it ended with exit code {done.returncode}: {last}"


def main(folder: Path) -> None:
    """The child: a request on stdin; the model and a report, or an error, as files in `folder`."""
    request = _request(json.load(sys.stdin))
    try:
        reading = _read(request)
        (folder / _MODEL).write_bytes(reading.tflite)
        report: dict[str, Any] = {name: value for name, value in vars(reading).items() if name != "tflite"}
    except ModelError as error:
        report = {"error": str(error)}
    except OSError as error:
        report = {"error": f"{request.path}: cannot be converted: {error}"}
    (folder / _REPORT).write_text(json.dumps(report), encoding="utf-8")


def _read(request: Request) -> Reading:
    tensorflow()
    if request.keras == "3":
        import keras

        return vggface_source.read(keras, request) if request.vgg_face else keras_reading.read(keras, request)
    try:
        import tf_keras
    except ImportError as error:
        raise ModelError(
            f"{request.path}: written by Keras 2; tf-keras, which reads it, is not installed: "
            "pip install 'classpulse[converter]'"
        ) from error
    return keras_reading.read(tf_keras, request)


def _request(table: dict[str, Any]) -> Request:
    """What `json.dumps(asdict(request), default=str)` wrote."""
    paths = {name: Path(table[name]) for name in ("path", "weights") if table[name] is not None}
    size = None if table["size"] is None else (table["size"][0], table["size"][1])
    return Request(**table | paths | {"size": size})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
