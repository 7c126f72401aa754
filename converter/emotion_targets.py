"""What annotators say of each picture: a probability for each label, not the winning label alone.

Half of the people who look at a face may call it sad and half neutral. A network that must call it sad
learns to call calm faces sad (Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", 2016).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from converter.emotion_data import Sample
from edge.records import LABELS

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
