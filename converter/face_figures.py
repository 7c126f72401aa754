"""Verification figures: how well similarities tell the same person from two people."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import PictureError

FARS = (0.01, 0.001, 0.0001)


@dataclass(frozen=True)
class Pair:
    """One line of pairs.csv: two pictures, and whether they show the same person."""

    fold: str
    same: bool
    a: str
    b: str


def read_pairs(path: Path) -> list[Pair]:
    """The pairs in path, a CSV with columns fold, same (0 or 1), a, b. Raises PictureError."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = {"fold", "same", "a", "b"} - set(reader.fieldnames or ())
            if missing:
                raise PictureError(f"{path}:1: has no column {', '.join(sorted(missing))}")
            pairs = []
            for row in reader:
                if row["same"] not in ("0", "1"):
                    raise PictureError(f"{path}:{reader.line_num}: same must be 0 or 1, not {row['same']!r}")
                pairs.append(Pair(row["fold"], row["same"] == "1", row["a"], row["b"]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PictureError(f"{path}: cannot be read: {error}") from error
    if len({pair.fold for pair in pairs}) < 2 or len({pair.same for pair in pairs}) < 2:
        raise PictureError(f"{path}: needs at least two folds, and pairs of both kinds")
    return pairs


def read_aliases(path: Path) -> list[frozenset[str]]:
    """People who have several folders: a line of folder names each, separated by spaces; # comments."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PictureError(f"{path}: cannot be read: {error}") from error
    names = [line.split("#")[0].split() for line in lines]
    return [frozenset(line) for line in names if line]


def fold_accuracy(
    similarity: NDArray[np.float64], same: NDArray[np.bool_], folds: NDArray[np.str_]
) -> tuple[NDArray[np.bool_], dict[str, float]]:
    """Decide each pair with the threshold that is best on all other folds.

    Returns which decisions are right, (N,), and the threshold by fold. A pair with similarity -inf (a
    face not found) is called different.
    """
    right = np.zeros(len(similarity), dtype=bool)
    thresholds = {}
    for fold in np.unique(folds):
        held = folds == fold
        threshold = best_threshold(similarity[~held], same[~held])
        right[held] = (similarity[held] >= threshold) == same[held]
        thresholds[str(fold)] = threshold
    return right, thresholds


def best_threshold(similarity: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """The threshold that decides most pairs rightly, in the middle of its gap."""
    order = np.argsort(similarity)
    values, truth = similarity[order], same[order]
    # With the first i pairs below the threshold: different ones among them and same ones above are right.
    right = np.concatenate([[0], np.cumsum(~truth)]) + truth.sum() - np.concatenate([[0], np.cumsum(truth)])
    # A face that was not found lies below every threshold.
    lost = int(np.isneginf(values).sum())
    i = lost + int(right[lost:].argmax())
    if i == len(values):
        return float(np.nextafter(values[-1], np.inf)) if i > lost else 1.0
    if i == lost:
        return float(np.nextafter(values[i], -np.inf))
    return float((values[i - 1] + values[i]) / 2)


def tar_at_far(genuine: NDArray[np.float64], impostor: NDArray[np.float64], far: float) -> tuple[float, float]:
    """(TAR, threshold): the share of genuine pairs accepted where at most `far` of the impostors are."""
    allowed = int(far * len(impostor))
    descending = np.sort(impostor)[::-1]
    threshold = float(np.nextafter(descending[min(allowed, len(descending) - 1)], np.inf))
    return float((genuine >= threshold).mean()), threshold
