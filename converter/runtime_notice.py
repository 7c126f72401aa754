"""LiteRT's greeting, kept from the user."""

from __future__ import annotations

from converter.keras_models import quiet
from edge.errors import ModelError
from edge.interpreter import load_runtime
from edge.manifest import shipped_models


def take_notice() -> None:
    """Have LiteRT say now, to nobody, which delegate it uses: it does so once a process, among the command's own lines.

    Errors come to light when a command runs its own models.
    """
    model = shipped_models() / "mtcnn_rnet.tflite"
    try:
        with quiet():
            load_runtime("litert")(model_path=str(model)).allocate_tensors()
    except (ModelError, ValueError, RuntimeError):
        return
