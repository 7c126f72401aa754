"""The expression model: a small residual network for one grey face.

Only what quantizes well is used (convolution, batch normalization that folds into it, ReLU6,
addition, average pooling, dense), so that int8 loses next to nothing.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from edge.records import LABELS

STEM = 32
STAGES = (48, 96, 128)
"""Channels of each stage; each halves the side and holds two residual blocks."""
SUBTRACT = 127.5
DIVIDE = 127.5
"""Normalization of grey 0..255, applied before the model: (pixel - SUBTRACT) / DIVIDE."""


def build_network(size: int = 64, dropout: float = 0.3) -> keras.Model:
    """The untrained network: (N, size, size, 1) normalized grey -> (N, 5) logits in the order of LABELS.

    Logits, not probabilities: the temperature that makes them mean something divides them
    before the softmax, on the edge. size: a multiple of 16.
    """
    pictures = keras.Input((size, size, 1), name="face")
    x = _convolve(pictures, STEM, kernel=5, stride=2)
    for channels in STAGES:
        x = _residual(x, channels, reduce=True)
        x = _residual(x, channels, reduce=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(dropout)(x)
    logits = keras.layers.Dense(len(LABELS), name="logits")(x)
    return keras.Model(pictures, logits, name="emotion")


def normalize(crops: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(N, size, size) uint8 -> (N, size, size, 1) float32 as the network takes it."""
    return ((crops[..., None].astype(np.float32)) - np.float32(SUBTRACT)) / np.float32(DIVIDE)


def count_macs(model: keras.Model) -> int:
    """Multiplications for one picture, in convolutions and dense layers."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


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
