"""The confidence from which a face is a student, and what it costs: open-set identification figures.

FPIR is the share of strangers' pictures that are taken for a student, TPIR the share of students' pictures that
are taken for the right one, both at a threshold (ISO/IEC 19795-1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.intervals import wilson

TARGET = 0.01
"""FPIR that the threshold is chosen for."""
LEAST, MOST = 0.5, 0.999
"""Bounds of the threshold: below a half another class may be as likely; above, 8-bit outputs have no steps left."""


def choose_threshold(strangers: NDArray[np.float64]) -> float:
    """The lowest threshold, in thousandths, that at most `TARGET` of the strangers' confidences reach."""
    descending = np.sort(strangers)[::-1]
    allowed = int(TARGET * len(strangers))
    reached = float(descending[allowed]) if allowed < len(descending) else 0.0
    return float(np.clip(np.floor(reached * 1000 + 1) / 1000, LEAST, MOST))


def identification_figures(
    right: NDArray[np.bool_], confidences: NDArray[np.float64], strangers: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    """Figures of pictures that the threshold was not chosen on.

    right: (N,) whether the likeliest class is the student's own; confidences: (N,), 0 where no face was
    found or it went to no student; strangers: (M,) likewise.
    """
    accepted = confidences >= threshold
    identified = int((right & accepted).sum())
    intruders = int((strangers >= threshold).sum())
    own_threshold = choose_threshold(strangers)
    return {
        "pictures": len(right),
        "accuracy": float(right.mean()),
        "accuracy_interval": wilson(int(right.sum()), len(right)),
        "tpir": identified / len(right),
        "tpir_interval": wilson(identified, len(right)),
        "misidentified": int((~right & accepted).sum()),
        "stranger_pictures": len(strangers),
        "fpir": intruders / max(1, len(strangers)),
        "fpir_interval": wilson(intruders, len(strangers)),
        "tpir_at_fpir_1e-2": float((right & (confidences >= own_threshold)).mean()),
    }
