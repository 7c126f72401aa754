"""Whatever Keras file people have, as one float32 TFLite model.

    .keras, .h5, .json + .h5                  read by the Keras that wrote it, 2 or 3
    .h5 with the weights of VGG-Face alone    the architecture is built around them
    .tflite, float32                          taken as it is

Everything after this, quantization and evaluation, works on the TFLite model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from converter import keras_process
from converter.float_tflite import describe
from converter.keras_config import content_of, read_architecture
from converter.keras_reading import Reading, Request
from edge.errors import ModelError


@dataclass(frozen=True)
class Source:
    """A float model, ready to be quantized."""

    path: Path
    tflite: bytes = field(repr=False)
    """float32; one input, one output."""
    input: tuple[int, ...]
    """(height, width, channels) of one picture, or (length,) of one embedding."""
    outputs: int
    """Length of the output vector."""
    softmax: bool
    """The output is a softmax over classes."""
    keras: str
    """"2" or "3": the Keras that read the file; "" for `.tflite`."""
    layers: int
    parameters: int
    output_layer: str
    """The layer whose output is the model's; "" for `.tflite`."""

    @property
    def name(self) -> str:
        """What to call the model unless its owner chooses: the file's name, as in "face-recognition"."""
        return self.path.stem.lower().replace("_", "-")


def read_source(
    path: Path,
    weights: Path | None = None,
    *,
    output_layer: str | None = None,
    size: tuple[int, int] | None = None,
) -> Source:
    """Read a model of one input and one output vector; the same bytes for the same arguments.

    weights: for an architecture in `.json`. output_layer: the layer to cut at; without it the
    model stays whole, but for the softmax over VGG-Face's 2622 people. size: height, width in
    pixels, for a model that takes any.

    Raises ModelError when a file is missing, damaged or no Keras model; weights do not fit (names
    the layer); layers are custom or carry code; or the input is neither a picture nor an embedding.
    """
    content = content_of(path)
    if content == "tflite":
        if weights or output_layer or size:
            raise ModelError(f"{path}: a TFLite model is taken as it is; give the Keras file to cut or resize it")
        return _source(path, Reading(path.read_bytes(), 0, 0, ""), "")
    architecture = read_architecture(path, content)
    if content == "json" and weights is None:
        raise ModelError(f"{path}: an architecture without weights; give its .h5 as --weights")
    if content != "json" and weights is not None:
        raise ModelError(f"{path}: --weights is for an architecture in .json; this file is no such")
    keras = "3" if architecture is None else architecture.keras
    request = Request(path, keras, vgg_face=architecture is None, weights=weights, output_layer=output_layer, size=size)
    return _source(path, keras_process.read(request), keras)


def _source(path: Path, reading: Reading, keras: str) -> Source:
    model = describe(path, reading.tflite)
    return Source(
        path=path,
        tflite=reading.tflite,
        input=model.input,
        outputs=model.outputs,
        softmax=model.softmax,
        keras=keras,
        layers=reading.layers or model.operations,
        parameters=reading.parameters or model.parameters,
        output_layer=reading.output_layer,
    )
