"""VGG-Face's layers, 8 times narrower, with weights drawn by chance: what it says is little, but it says it steadily.

The published weights cannot be had here. Each 3x3 filter averages over its place and mixes channels at random, so
that a face that moves by a pixel stays the same; the 7x7 layer then tells apart where in the face what lies.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from edge.manifest import ModelEntry

WIDTH = 8
BLOCKS = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))
"""Filters, in widths, and convolutions of each block; pooling ends it."""
EMBEDDING = 2622
ENTRY = ModelEntry(
    name="vggface",
    role="embed",
    file="vggface.tflite",
    sha256="",
    input=(224, 224, 3),
    colour="BGR",
    subtract=(93.5940, 104.7624, 129.1863),
    divide=1.0,
    recipe="dynamic_wi8",
    licence="none",
    source="a test",
    embedding=EMBEDDING,
    crop="box",
    threshold=0.87,
)


def tiny_vggface(seed: int = 1) -> keras.Model:
    """(N, 224, 224, 3) BGR less its mean -> (N, 2622)."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential([keras.Input((224, 224, 3))])
    for filters, depth in BLOCKS:
        for _ in range(depth):
            model.add(layers.ZeroPadding2D(1))
            model.add(layers.Conv2D(WIDTH * filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2, strides=2))
    model.add(layers.Conv2D(64 * WIDTH, 7, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Conv2D(64 * WIDTH, 1, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Conv2D(EMBEDDING, 1))
    model.add(layers.Flatten())
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            layer.set_weights(_weights(layer, random))
    return model


def _weights(layer: Any, random: np.random.Generator) -> list[np.ndarray]:
    side, _, inputs, outputs = layer.kernel.shape
    if side == 3:
        mixing = random.normal(0, np.sqrt(2 / inputs), (1, 1, inputs, outputs))
        kernel = np.broadcast_to(mixing / 9, (3, 3, inputs, outputs))
    else:
        kernel = random.normal(0, np.sqrt(2 / (side * side * inputs)), (side, side, inputs, outputs))
    if inputs > 3:  # whatever is common to all inputs says nothing
        kernel = kernel - kernel.mean(axis=(0, 1, 2))
    return [kernel.astype(np.float32), np.zeros(outputs, np.float32)]
