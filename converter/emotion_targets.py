"""What a network is told of each picture: a probability for each label, not the winning label alone.

Half of the people who look at a face may call it sad and half neutral. A network that must call it sad
learns to call calm faces sad (Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", 2016).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from converter.calibration import softmax
from converter.emotion_data import Sample
from edge.errors import ModelError
from edge.records import LABELS

if TYPE_CHECKING:
    import keras

SECOND = 3.0
"""How much likelier a second label is, that another set of annotators gave, than each of the others."""


def label_targets(samples: Sequence[Sample], soft: bool) -> NDArray[np.float32]:
    """(N, labels) probabilities.

    soft: the label has the share of annotators who gave it; the rest goes to the other labels of the same
    source, those that its annotators could have given. Otherwise, and where no share is known, the label has all.
    """
    targets = np.eye(len(LABELS), dtype=np.float32)[[sample.label for sample in samples]]
    if not soft:
        return targets
    given = defaultdict(set)
    for sample in samples:
        given[sample.source].add(sample.label)
    for target, sample in zip(targets, samples, strict=True):
        shares = np.array([float(i in given[sample.source] and i != sample.label) for i in range(len(LABELS))])
        if sample.second is not None and shares[sample.second]:
            shares[sample.second] = SECOND
        if sample.agreement < 1 and shares.any():
            target[:] = shares * (1 - sample.agreement) / shares.sum()
            target[sample.label] = sample.agreement
    return targets


def teacher_shares(
    logits_of: Callable[[NDArray[np.float32]], NDArray[np.float32]], pictures: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(N, labels) probabilities that a teacher gives pictures (N, size, size, 1): of each and of its mirror image.

    A face means the same in a mirror. The mean of both is more often right than either, and costs the teacher
    twice the time; a network that learns it has it for nothing (Hinton et al., "Distilling the knowledge in a
    neural network", 2015).
    """
    both = (logits_of(pictures) + logits_of(pictures[:, :, ::-1])) / 2
    return softmax(both).astype(np.float32)


def check_teacher(teacher: keras.Model, model: keras.Model) -> None:
    """Raises ModelError unless teacher takes what model takes and answers alike."""
    if (teacher.input_shape, teacher.output_shape) != (model.input_shape, model.output_shape):
        raise ModelError(
            f"the teacher takes {teacher.input_shape[1:]} and gives {teacher.output_shape[1:]}, the model "
            f"{model.input_shape[1:]} and {model.output_shape[1:]}: name a teacher of the same size"
        )
