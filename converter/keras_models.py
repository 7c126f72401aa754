"""Keras files in and out, with TensorFlow imported only when it is needed."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import ModelError

if TYPE_CHECKING:
    import keras


def tensorflow() -> Any:
    """TensorFlow, imported on first need: it takes seconds, and a Pi has none.

    Raises ModelError when it is not installed.
    """
    # Read by TensorFlow while it is imported. Without the first, every command greets with a page of
    # notices; with the second, constants are folded in the same order of operations on every CPU.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        with quiet():
            import tensorflow as tf

            tf.config.list_physical_devices()  # says at length that there is no GPU, if so
    except ImportError as error:
        raise ModelError("TensorFlow is not installed: pip install 'classpulse[converter]'") from error
    return tf


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what is written to standard error meanwhile: TensorFlow's first notices go there below Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def load_keras(path: Path) -> keras.Model:
    """The model in a `.keras` file. Raises ModelError when there is none or it cannot be read."""
    tensorflow()
    import keras

    # Layers are numbered over the life of a process, and the numbers end up in converted files.
    keras.utils.clear_session()
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: cannot be read as a Keras model: {error}") from error


def keras_bytes(model: keras.Model) -> bytes:
    """The model as the content of a `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()
