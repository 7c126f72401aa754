"""The expression models: small networks for one grey face.

`ours` is a residual network of what quantizes well (convolution, batch normalization that folds into it,
ReLU6, addition, average pooling, dense), so that int8 loses next to nothing. `faces` is MobileFaceNet without its
embedding, so that it can begin with the weights of a network that has seen millions of faces. `seed` is the
original system's kind: plain convolutions and pooling on 224x224, dense layers and a softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np

from converter.mobilefacenet_source import feature_maps
from edge.records import LABELS

STEM = 32
STAGES = (48, 96, 128)
"""Channels of each stage; each halves the side and holds two residual blocks."""
USUAL_CONTRAST = 0.5
"""Standard deviation of the pixels of a usual face, normalized: what networks are made for."""
CALM = 1e-3
"""Variance of normalized pixels: a standard deviation of 4 of 256 levels."""
SEED_STACK = (32, 64, 128, 128, 128)
"""Channels of each convolution of `seed`; each is followed by pooling that halves the side."""


@dataclass(frozen=True)
class Architecture:
    """What a kind of network is and takes."""

    build: Callable[[int, float, bool], keras.Model]
    """(size, dropout, even_light) -> the untrained network, (N, size, size, 1) normalized grey -> (N, 5) in the order
    of LABELS. even_light: whether it first brings each picture to the same mean and contrast."""
    size: int
    """Side of its usual input, px."""
    multiple: int
    """The side must be a multiple of this."""
    subtract: float
    divide: float
    """Normalization of grey 0..255, applied before the model: (pixel - subtract) / divide."""
    scores: str
    """What it gives: one of `edge.manifest.SCORES`."""
    patience: int
    """Epochs without a better macro-F1 after which its training stops; 0: never, the learning rate ends at 0 anyway."""
    xla: bool = True
    """Whether XLA may compile its training: on a CPU it makes depthwise convolutions 14 times slower."""


class Normalization(Protocol):
    """How grey 0..255 becomes what a network takes: (pixel - subtract) / divide."""

    @property
    def subtract(self) -> float: ...

    @property
    def divide(self) -> float: ...


def normalize(
    crops: np.ndarray[Any, np.dtype[np.uint8]], how: Normalization | None = None
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(N, size, size) uint8 -> (N, size, size, 1) float32 as the network takes it (default: ours)."""
    how = how or ARCHITECTURES["ours"]
    return ((crops[..., None].astype(np.float32)) - np.float32(how.subtract)) / np.float32(how.divide)


def build_network(size: int = 64, dropout: float = 0.3, even_light: bool = False) -> keras.Model:
    """The untrained network of `ours`: (N, size, size, 1) normalized grey -> (N, 5) logits in the order of LABELS.

    Logits, not probabilities: the temperature that makes them mean something divides them
    before the softmax, on the edge. size: a multiple of 16.
    """
    pictures, x = _entry(size, even_light)
    x = _convolve(x, STEM, kernel=5, stride=2)
    for channels in STAGES:
        x = _residual(x, channels, reduce=True)
        x = _residual(x, channels, reduce=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(dropout)(x)
    logits = keras.layers.Dense(len(LABELS), name="logits")(x)
    return keras.Model(pictures, logits, name="emotion")


def build_face_network(size: int = 56, dropout: float = 0.2, even_light: bool = False) -> keras.Model:
    """The untrained network of `faces`: (N, size, size, 1) normalized grey -> (N, 5) logits in the order of LABELS.

    MobileFaceNet's own input is 112 px; at half of it, it costs a quarter.
    """
    pictures, x = _entry(size, even_light)
    x = keras.layers.GlobalAveragePooling2D()(feature_maps(x))
    # Its maps were never meant to be averaged: without this the first steps are far too large.
    x = keras.layers.BatchNormalization(momentum=0.95, name="pooled")(x)
    x = keras.layers.Dropout(dropout)(x)
    return keras.Model(pictures, keras.layers.Dense(len(LABELS), name="logits")(x), name="emotion_faces")


def build_seed_network(size: int = 224, dropout: float = 0.5, even_light: bool = False) -> keras.Model:
    """The untrained network of `seed`: (N, size, size, 1) grey 0..1 -> (N, 5) probabilities in the order of LABELS."""
    pictures, x = _entry(size, even_light)
    for channels in SEED_STACK:
        x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(128, activation="relu", kernel_initializer="he_normal")(x)
    x = keras.layers.Dropout(dropout)(x)
    shares = keras.layers.Dense(len(LABELS), activation="softmax", name="shares")(x)
    return keras.Model(pictures, shares, name="emotion_seed")


def shift_scores(model: keras.Model, shift: Sequence[float]) -> None:
    """Add shift, one number a label, to the logits for good: to what the last layer adds anyway."""
    bias = model.layers[-1].bias
    bias.assign(bias + np.array(shift, dtype=np.float32))


def count_macs(model: keras.Model) -> int:
    """Multiplications for one picture, in convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            total += int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def _entry(size: int, even_light: bool) -> tuple[Any, Any]:
    """The input, and what the first convolution takes."""
    pictures = keras.Input((size, size, 1), name="face")
    if not even_light:
        return pictures, pictures
    # A picture without any contrast must not become all noise: CALM is that of a wall.
    even = keras.layers.LayerNormalization(axis=(1, 2, 3), epsilon=CALM, center=False, scale=False, name="even_light")
    return pictures, keras.layers.Rescaling(USUAL_CONTRAST, name="usual_contrast")(even(pictures))


def _residual(x: Any, channels: int, *, reduce: bool) -> Any:
    y = _convolve(x, channels, stride=2 if reduce else 1)
    y = _convolve(y, channels, activate=False)
    if reduce:  # average pooling loses less than a strided 1x1 (He et al., "Bag of Tricks", 2019)
        x = _convolve(keras.layers.AveragePooling2D(2)(x), channels, kernel=1, activate=False)
    return keras.layers.ReLU(6.0)(keras.layers.Add()([x, y]))


def _convolve(x: Any, channels: int, *, kernel: int = 3, stride: int = 1, activate: bool = True) -> Any:
    x = keras.layers.Conv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = keras.layers.BatchNormalization(momentum=0.95)(x)
    return keras.layers.ReLU(6.0)(x) if activate else x


ARCHITECTURES = {
    "ours": Architecture(
        build_network, size=64, multiple=16, subtract=127.5, divide=127.5, scores="logits", patience=0
    ),
    "faces": Architecture(
        build_face_network, size=56, multiple=8, subtract=127.5, divide=128.0, scores="logits", patience=0, xla=False
    ),
    "seed": Architecture(
        build_seed_network, size=224, multiple=32, subtract=0.0, divide=255.0, scores="probabilities", patience=8
    ),
}
"""By name, as `train emotion --architecture` takes it."""
