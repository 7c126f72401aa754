"""Two small networks from an embedding to a softmax over students.

`seed` is the original system's kind: dense layers with dropout. `ours` measures the angle between an embedding
and one direction per student, which is what the embedder was trained to make small:

    logit of a student = SCALE * cosine(embedding, direction),   logit of "(unknown)" = SCALE * margin

with a margin learned from strangers. A softmax over students alone must give a stranger to somebody; here the
stranger's share falls to "(unknown)" as soon as no cosine exceeds the margin.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LEARNING_RATES = {"ours": 2e-4, "seed": 2e-3}
"""By architecture. The directions of `ours` start where they belong; faster steps carry them to single pictures."""
SCALE = 20.0
"""Inverse temperature of the cosines (`s` of Deng et al., "ArcFace", 2019, there 64 for thousands of people)."""
HIDDEN = 128


def build_seed(length: int, classes: int, dropout: float) -> keras.Model:
    """(N, length) unit embeddings -> (N, classes) probabilities by dense layers."""
    return keras.Sequential(
        [
            keras.Input((length,), name="embedding"),
            keras.layers.Dense(HIDDEN, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(classes, activation="softmax", name="classes"),
        ],
        name="face_classifier",
    )


def build_ours(directions: Array, margin: float, *, learn_margin: bool) -> keras.Model:
    """(N, length) unit embeddings -> (N, students + 1) probabilities by angles; the last class is "(unknown)".

    directions: (students, length), where each student's direction starts, such as the mean of the student's
    embeddings. margin: the cosine from which somebody is rather a student than not; learned only with
    strangers to learn it from.
    """
    students, length = directions.shape
    inputs = keras.Input((length,), name="embedding")
    cosines = keras.layers.Dense(
        students + 1,
        name="cosines",
        kernel_constraint=_Directions(),
        bias_constraint=_Margin(None if learn_margin else margin),
    )
    outputs = keras.layers.Softmax()(keras.layers.Rescaling(SCALE)(cosines(inputs)))
    model = keras.Model(inputs, outputs, name="face_classifier")
    kernel = np.zeros((length, students + 1), np.float32)
    kernel[:, :-1] = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    cosines.set_weights([kernel, np.array([0.0] * students + [margin], np.float32)])
    return model


def plain(model: keras.Model) -> keras.Model:
    """The same function of standard layers with nothing but weights: what is saved and converted.

    Of `ours` the scale moves into the weights, so that one dense softmax is left.
    """
    if not any(layer.name == "cosines" for layer in model.layers):
        return model
    kernel, bias = model.get_layer("cosines").get_weights()
    length, classes = kernel.shape
    exported = keras.Sequential(
        [keras.Input((length,), name="embedding"), keras.layers.Dense(classes, activation="softmax", name="classes")],
        name="face_classifier",
    )
    exported.set_weights([kernel * np.float32(SCALE), bias * np.float32(SCALE)])
    return exported


class _Directions(keras.constraints.Constraint):  # type: ignore[misc]
    """Columns of length 1; nothing in the last one, whose logit is the margin alone."""

    def __call__(self, kernel: Any) -> Any:
        students = kernel[:, :-1]
        lengths = keras.ops.norm(students, axis=0, keepdims=True)
        return keras.ops.concatenate([students / keras.ops.maximum(lengths, 1e-7), 0.0 * kernel[:, -1:]], axis=1)


class _Margin(keras.constraints.Constraint):  # type: ignore[misc]
    """No bias but the margin, which stays where it is when fixed."""

    def __init__(self, fixed: float | None) -> None:
        self._fixed = fixed

    def __call__(self, bias: Any) -> Any:
        margin = bias[-1:] if self._fixed is None else 0.0 * bias[-1:] + self._fixed
        return keras.ops.concatenate([0.0 * bias[:-1], margin])
