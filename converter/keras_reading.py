"""A Keras file to a float32 TFLite model, by whichever Keras it is handed.

Keras 2 (`tf_keras`) and Keras 3 offer the same calls; `converter.keras_process` hands over the one that
wrote the file.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.keras_config import content_of, read_architecture, refuse_foreign_layers
from converter.keras_models import tensorflow
from converter.keras_precision import in_float32, is_float32
from converter.keras_weights import refuse_unfit, weights_suffix
from edge.errors import ModelError

VGG_FACE_PEOPLE = 2622
"""Outputs of the published VGG-Face classifier (Parkhi, Vedaldi, Zisserman: Deep Face Recognition, 2015)."""
UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError, ImportError, NotImplementedError)
"""What either Keras raises over a file that it cannot make sense of; the last one over a layer whose author left out
what Keras needs to make it again, such as `get_config`."""


@dataclass(frozen=True)
class Request:
    """What to read, and how."""

    path: Path
    """`.keras`, `.h5`, or `.json` with `weights`."""
    keras: str = "3"
    """"2" or "3": the Keras to read it with."""
    vgg_face: bool = False
    """The file has the weights of VGG-Face alone."""
    weights: Path | None = None
    output_layer: str | None = None
    """Name of the layer whose output becomes the model's."""
    size: tuple[int, int] | None = None
    """Height and width in pixels, for a model that takes any."""


@dataclass(frozen=True)
class Reading:
    """What came out of a Keras file."""

    tflite: bytes = field(repr=False)
    layers: int
    parameters: int
    output_layer: str
    """The layer whose output is the model's."""


def read(keras: Any, request: Request) -> Reading:
    """Load, cut and convert. keras: the module. Raises ModelError."""
    model = load(keras, request.path, request.weights)
    return convert(keras, model, request)


def convert(keras: Any, model: Any, request: Request) -> Reading:
    """The loaded model, cut at the layer asked for and for one size of pictures. Raises ModelError."""
    model, output_layer = _cut(keras, model, request)
    model = _sized(keras, model, request)
    require_room(request.path, 8 * model.count_params())  # TensorFlow saves it before it converts it
    return Reading(to_tflite(request.path, model), len(model.layers), int(model.count_params()), output_layer)


def load(keras: Any, path: Path, weights: Path | None) -> Any:
    """The model in `path`, with `weights` where that holds an architecture alone. Raises ModelError."""
    content = content_of(path)
    architecture = read_architecture(path, content)
    assert architecture is not None  # `converter.source` takes files with weights alone elsewhere
    refuse_foreign_layers(path, architecture, keras)
    # Layers are numbered over the life of a process, and the numbers end up in converted files.
    keras.backend.clear_session()
    try:
        if weights is not None:
            model = keras.models.model_from_json(path.read_text(encoding="utf-8"))
        else:
            with _named(path, ".h5" if content == "hdf5" else ".keras") as link:
                model = keras.models.load_model(link, compile=False)
    except UNREADABLE as error:
        raise ModelError(f"{path}: cannot be read as a Keras model: {_short(error)}") from error
    if weights is not None:
        _load_weights(path, model, weights)
    return model if is_float32(architecture.config) else in_float32(keras, model)


def _load_weights(path: Path, model: Any, weights: Path) -> None:
    refuse_unfit(weights, model)
    try:
        with _named(weights, weights_suffix(weights)) as link:
            model.load_weights(link)
    except UNREADABLE as error:
        raise ModelError(f"{weights}: does not fit the architecture of {path}: {_short(error)}") from error


def to_tflite(path: Path, model: Any) -> bytes:
    """The float32 TFLite file of a Keras model. Raises ModelError when it does what TFLite cannot."""
    tf = tensorflow()
    from tensorflow.lite.python.convert import ConverterError

    try:
        content: bytes = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    except (ConverterError, tf.errors.OpError) as error:
        missing = re.search(r"(?:TF Select|Custom) ops: (.+)", str(error))
        reason = f"TFLite lacks {missing.group(1)}" if missing else _short(error)
        raise ModelError(f"{path}: cannot become a TFLite model: {reason}; build it from other layers") from error
    return content


def require_room(path: Path, needed: int) -> None:
    """Raise ModelError when the folder for temporary files has less than `needed` bytes left.

    TensorFlow does not say when it runs out: it goes another way, which Keras 3 has not.
    """
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{path}: needs {needed / 1e6:.0f} MB in {folder} to be converted, and {free / 1e6:.0f} MB are free; "
            "make room, or choose another folder by TMPDIR"
        )


@contextmanager
def _named(path: Path, suffix: str) -> Iterator[str]:
    """The same file under a name with the suffix by which both Keras choose their reader."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / f"model{suffix}"
        link.symlink_to(path.resolve())
        yield str(link)


def _cut(keras: Any, model: Any, request: Request) -> tuple[Any, str]:
    """The model with one output, and the name of the layer that gives it."""
    if not getattr(model, "inputs", None):
        raise ModelError(f"{request.path}: does not say its input shape; build the model before saving it")
    if len(model.inputs) != 1:
        raise ModelError(
            f"{request.path}: takes {len(model.inputs)} inputs; the edge gives a model one picture or one embedding: "
            "build a model of that input alone, and save it"
        )
    last = model.layers[-1]
    if request.output_layer is not None:
        names = [layer.name for layer in model.layers]
        if request.output_layer not in names:
            raise ModelError(f"{request.path}: has no layer {request.output_layer!r}; its layers: {', '.join(names)}")
        last = model.get_layer(request.output_layer)
        return keras.Model(model.inputs, last.output), last.name
    if len(model.outputs) != 1:
        offered = ", ".join(getattr(model, "output_names", []))
        raise ModelError(
            f"{request.path}: gives {len(model.outputs)} outputs; name one as --embedding-layer: {offered}"
        )
    if model.outputs[0].shape[-1] != VGG_FACE_PEOPLE or not _is_softmax(last):
        return model, last.name
    # The people of VGG-Face are not the school's: what went into the softmax describes a face.
    if type(last).__name__ not in ("Activation", "Softmax"):
        last.activation = keras.activations.linear
        return model, last.name
    before = model.layers[-2]
    return keras.Model(model.inputs, before.output), before.name


def _is_softmax(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return type(layer).__name__ == "Softmax" or getattr(activation, "__name__", "") == "softmax"


def _sized(keras: Any, model: Any, request: Request) -> Any:
    """The model with a known input (H, W, C) or (length,) and a vector as output."""
    shape = tuple(model.inputs[0].shape[1:])
    if len(shape) == 3:
        shape = _picture(shape, request)
    elif len(shape) != 1 or shape[0] is None:
        raise ModelError(f"{request.path}: takes {_said(shape)}: neither a picture nor an embedding")
    inputs, output = model.inputs, model.outputs[0]
    if shape != tuple(inputs[0].shape[1:]) or inputs[0].shape[0] is not None:
        inputs = [keras.Input(shape, name="input")]
        try:
            output = model(inputs[0])
        except UNREADABLE as error:
            raise ModelError(f"{request.path}: does not work on {_said(shape)}: {_short(error)}") from error
    given = tuple(output.shape[1:])
    if len(given) == 3 and given[:2] == (1, 1):
        output = keras.layers.Flatten(name="vector")(output)
    elif len(given) != 1:
        raise ModelError(f"{request.path}: gives {_said(given)}, not a vector; name a later layer as --embedding-layer")
    return model if output is model.outputs[0] else keras.Model(inputs, output)


def _picture(shape: tuple[int | None, ...], request: Request) -> tuple[int, ...]:
    height, width, channels = shape
    if channels not in (1, 3):
        remedy = "build it with data_format='channels_last'" if height in (1, 3) else "give a model of faces"
        raise ModelError(f"{request.path}: takes {_said(shape)}: not 1 channel (grey) or 3 (colour); {remedy}")
    if height is None or width is None:
        if request.size is None:
            raise ModelError(f"{request.path}: takes pictures of any size; choose one with --size, such as --size 224")
        height, width = request.size
    elif request.size not in (None, (height, width)):
        raise ModelError(f"{request.path}: takes pictures of {height}x{width} only; leave --size out")
    return height, width, channels


def _said(shape: tuple[int | None, ...]) -> str:
    return "x".join("?" if side is None else str(side) for side in shape)


def _short(error: BaseException) -> str:
    """The first line of what Keras says, without the page of configuration before or behind it."""
    line = str(error).rpartition("Exception encountered: ")[2].strip().split("\n", 1)[0]
    return line[:300] or type(error).__name__
