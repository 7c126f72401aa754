"""Networks that teach another: what they make of its pictures becomes a part of what it is told.

Several that were trained apart are more often right together than any of them, and cost as many times the
work; a network that learns their answers has most of it for nothing (Hinton et al., "Distilling the knowledge in
a neural network", 2015).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from converter.emotion_data import Pictures
from converter.emotion_network import normalize
from converter.emotion_prediction import predict_logits
from converter.emotion_start import load_network
from converter.softmax import softmax
from edge.errors import ModelError
from edge.records import LABELS

Answer = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained network and what it takes; it need not be of its pupil's kind or size."""

    model: keras.Model
    """(N, size, size, 1) -> (N, labels)."""
    size: int
    subtract: float
    divide: float
    """(pixel - subtract) / divide, as `converter.emotion_network.Architecture` has them."""


def load_teacher(path: Path) -> Teacher:
    """The teacher in a file of `train emotion`, whose description lies beside it as JSON.

    Raises ModelError when either cannot be read, or it gives other labels than ours.
    """
    model = load_network(path)
    beside = path.with_suffix(".json")
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
        labels, size = said["labels"], said["size"]
        teacher = Teacher(model, int(size), float(said["subtract"]), float(said["divide"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"{beside}: says what the teacher {path.name} takes, and cannot be read ({error}); "
            "`train emotion` writes both files: keep them together"
        ) from error
    if labels != list(LABELS) or model.input_shape[1:3] != (size, size):
        raise ModelError(
            f"{beside}: is not the description of {path.name}; `train emotion` writes both: keep them together"
        )
    return teacher


def teachers_shares(teachers: Sequence[Teacher], pictures: Pictures) -> NDArray[np.float32]:
    """(N, labels) probabilities that the teachers together give the pictures."""
    logits = []
    for teacher in teachers:
        inputs = normalize(pictures.crops(teacher.size), teacher)
        logits.append(both_ways(partial(predict_logits, teacher.model), inputs))
    return softmax(np.mean(logits, axis=0)).astype(np.float32)


def both_ways(answer: Answer, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, labels): the mean of what `answer` gives pictures, (N, size, size, 1), and their mirror images.

    A face means the same in a mirror, and the mean of both is more often right than either.
    """
    return np.asarray((answer(pictures) + answer(pictures[:, :, ::-1])) / 2)
