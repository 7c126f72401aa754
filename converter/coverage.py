"""How many faces get a label, and how many of those labels are right, as one asks for more confidence."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Coverage:
    """What is left above one confidence."""

    confidence: float
    share: float
    """Of all faces, 0..1."""
    accuracy: float | None
    """Among them, 0..1; None where there are none."""


def coverage(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    confidences: tuple[float, ...] = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9),
) -> list[Coverage]:
    """probabilities: (N, labels); labels: (N,) indices. A row for each of the confidences."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    rows = []
    for least in confidences:
        above = confidence >= least
        rows.append(Coverage(least, float(above.mean()), float(right[above].mean()) if above.any() else None))
    return rows


def coverage_chart(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> bytes:
    """A PNG: accuracy over the share of faces that get a label, the surest first."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == labels)[order]
    counts = np.arange(1, len(labels) + 1)
    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    first = max(0, len(labels) // 50 - 1)  # the accuracy of the first few faces is all noise
    axes.plot(counts[first:] / len(labels), (np.cumsum(right) / counts)[first:], color="#2a6fb0")
    for row in coverage(probabilities, labels)[1:]:
        if row.accuracy is not None:
            axes.plot(row.share, row.accuracy, "o", color="#2a6fb0")
            axes.annotate(f" {row.confidence:g}", (row.share, row.accuracy), va="bottom")
    axes.set_xlabel("share of faces that get a label")
    axes.set_ylabel("accuracy of those labels")
    axes.set_title("Points: the confidence asked for")
    axes.grid(alpha=0.3)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, metadata={"Software": None})  # the version would change the bytes
    return png.getvalue()
