"""The float Keras sources of models that others published, made from the files they published."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from converter.atomic import write_together
from converter.build import ranges_path, source_path
from converter.keras_models import keras_bytes, load_keras, tensorflow
from converter.quantization import float_tflite
from edge.errors import ModelError

TOLERANCE = 1e-4
"""Largest difference of any output value between a published file and the Keras model of it."""


def import_mtcnn(keras: Path, *, overwrite: bool = False) -> list[Path]:
    """Write P-, R- and O-Net to the folder keras, from the installed package `mtcnn`. Returns the files.

    P-Net's activation ranges are written beside it.
    """
    from converter.mtcnn_source import SOURCES, mtcnn_model
    from converter.pnet_ranges import pnet_ranges

    paths = {name: _free(source_path(keras, name), overwrite) for name in SOURCES}
    tensorflow()
    contents = {path: keras_bytes(mtcnn_model(name)) for name, path in paths.items()}
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "pnet.keras"
        saved.write_bytes(contents[paths["mtcnn-pnet"]])
        # As `build` does, whose tensors the ranges are named after.
        ranges = pnet_ranges(float_tflite(load_keras(saved)))
    contents[ranges_path(paths["mtcnn-pnet"])] = (json.dumps(ranges, indent=2) + "\n").encode()
    write_together(contents)
    return list(contents)


def import_mobilefacenet(keras: Path, published: Path, *, overwrite: bool = False) -> tuple[Path, float]:
    """Write MobileFaceNet to the folder keras, from the published TFLite file.

    Returns the file and the largest difference between the two on noise. Raises ModelError when the
    published file is another one, or the difference is above `TOLERANCE`.
    """
    from converter.mobilefacenet_source import mobilefacenet_model, reference_embeddings

    path = _free(source_path(keras, "mobilefacenet"), overwrite)
    tensorflow()
    model = mobilefacenet_model(published)
    crops = noise(8)
    difference = float(np.abs(model.predict(crops, verbose=0) - reference_embeddings(published, crops)).max())
    if not difference <= TOLERANCE:
        raise ModelError(f"{published}: the Keras model differs from it by {difference:.2g}; nothing was written")
    write_together({path: keras_bytes(model)})
    return path, difference


def noise(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(count, 112, 112, 3) float32 in -1..1, the same ones every time."""
    return np.random.default_rng(0).uniform(-1, 1, (count, 112, 112, 3)).astype(np.float32)


def _free(path: Path, overwrite: bool) -> Path:
    if path.exists() and not overwrite:
        raise ModelError(f"{path}: is there already; add --force to replace it")
    return path
