"""A quantized model's answers against those of the float model that it was made from.

Top-1 agreement asks whether both say the same, accuracy whether they are right; what quantization costs is the
difference of two figures over the same pictures, so its interval resamples both together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.confusion import accuracy, confusion_matrix, macro_f1
from converter.evaluate_faces import FaceSet, cross_scores
from converter.face_figures import Pair, fold_accuracy, tar_at_far
from converter.intervals import bootstrap, wilson

FAR = 0.001
"""False accept rate at which true accept rates are compared."""
CONCENTRATED = 0.8
"""Share of pictures on one label from which a model that should tell labels apart has collapsed."""
SHRUNK = 0.2
"""Spread of embeddings, as a share of the float model's, below which all faces look alike."""


def compare_labels(
    labels: NDArray[np.int64],
    reference: NDArray[np.float64],
    quantized: NDArray[np.float64],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Figures of two classifiers on the same N inputs, ready for JSON.

    labels: (N,) indices into classes; reference, quantized: (N, classes) probabilities.
    """
    count = len(labels)
    first, second = reference.argmax(axis=1), quantized.argmax(axis=1)
    agreeing = int((first == second).sum())
    matrices = [confusion_matrix(labels, predicted, len(classes)) for predicted in (first, second)]
    difference: dict[str, Any] = {}
    for name, figure in (("accuracy", accuracy), ("macro_f1", macro_f1)):

        def gain(chosen: NDArray[np.int64], figure: Callable[[NDArray[np.int64]], float] = figure) -> float:
            before, after = (confusion_matrix(labels[chosen], p[chosen], len(classes)) for p in (first, second))
            return figure(after) - figure(before)

        difference[name] = figure(matrices[1]) - figure(matrices[0])
        difference[f"{name}_interval"] = bootstrap(gain, count)
    return {
        "count": count,
        "classes": list(classes),
        "agreement": agreeing / count,
        "agreement_interval": wilson(agreeing, count),
        "float": _label_figures(labels, first, matrices[0]),
        "quantized": _label_figures(labels, second, matrices[1]),
        "difference": difference,
        "failure": _label_failure(first, second, quantized, classes),
    }


def compare_embeddings(
    reference: FaceSet, quantized: FaceSet, pairs: list[Pair], aliases: Sequence[frozenset[str]]
) -> dict[str, Any]:
    """Figures of two embedders on the same pictures of people, ready for JSON.

    cosine: of a picture's two embeddings, both less the mean float embedding: what all faces have in common would
    flatter it. neighbours: the share of pictures whose nearest other picture is the same one for both.
    """
    names = sorted(reference.embeddings)
    ours = np.stack([reference.embeddings[name] for name in names])
    theirs = np.stack([quantized.embeddings[name] for name in names])
    centre = ours.mean(axis=0)
    cosines = _cosines(ours - centre, theirs - centre)
    kept = int((_nearest(ours) == _nearest(theirs)).sum())
    figures: dict[str, Any] = {
        "count": len(names),
        "undetected": reference.undetected,
        "unreadable": reference.unreadable,
        "cosine": float(cosines.mean()),
        "cosine_interval": bootstrap(lambda chosen: float(cosines[chosen].mean()), len(cosines)),
        "cosine_p5": float(np.percentile(cosines, 5)),
        "neighbours": kept / len(names),
        "neighbours_interval": wilson(kept, len(names)),
        "float": {},
        "quantized": {},
        "difference": {},
        "failure": _embedding_failure(ours, theirs),
    }
    _add_tar(figures, reference, quantized, aliases)
    if pairs:
        _add_accuracy(figures, reference, quantized, pairs)
    return figures


def _label_figures(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], confusion: NDArray[np.int64]
) -> dict[str, Any]:
    def resampled(chosen: NDArray[np.int64]) -> float:
        return macro_f1(confusion_matrix(labels[chosen], predicted[chosen], len(confusion)))

    return {
        "accuracy": accuracy(confusion),
        "accuracy_interval": wilson(int(np.trace(confusion)), len(labels)),
        "macro_f1": macro_f1(confusion),
        "macro_f1_interval": bootstrap(resampled, len(labels)),
        "confusion": confusion.tolist(),
    }


def _label_failure(
    first: NDArray[np.int64], second: NDArray[np.int64], quantized: NDArray[np.float64], classes: Sequence[str]
) -> str:
    """Why the quantized classifier is unusable, whatever the bounds; empty when it is not."""
    if not np.isfinite(quantized).all():
        return "the quantized model gives answers that are not numbers"
    share = np.bincount(second, minlength=len(classes)) / len(second)
    label = int(share.argmax())
    others = first != label
    # Looking at the pictures that the float model calls something else keeps a set of mostly one label from
    # hiding a collapse, and a set that is all of one label from showing one.
    pulled = float((second[others] == label).mean()) if others.any() else 0.0
    if share[label] < CONCENTRATED or pulled < CONCENTRATED:
        return ""
    return (
        f"the quantized model collapsed: it calls {share[label]:.0%} of the pictures {classes[label]!r}, "
        f"and {pulled:.0%} of the {int(others.sum())} that the float model calls something else"
    )


def _embedding_failure(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> str:
    if not np.isfinite(theirs).all():
        return "the quantized model gives embeddings that are not numbers"
    spread = float(theirs.std(axis=0).sum() / max(1e-12, float(ours.std(axis=0).sum())))
    if spread >= SHRUNK:
        return ""
    return (
        f"the quantized model collapsed: its embeddings differ from each other {spread:.0%} as much as the float ones"
    )


def _add_tar(
    figures: dict[str, Any], reference: FaceSet, quantized: FaceSet, aliases: Sequence[frozenset[str]]
) -> None:
    accepted = []
    for key, faces in (("float", reference), ("quantized", quantized)):
        genuine, impostor = cross_scores(faces, aliases)
        if not len(genuine) or not len(impostor):
            return  # nobody has two pictures, or there is one person only
        rate, threshold = tar_at_far(genuine, impostor, FAR)
        accepted.append((genuine >= threshold).astype(np.float64))
        figures[key] |= {"tar": rate, "tar_interval": wilson(round(rate * len(genuine)), len(genuine))}
        figures[key] |= {"threshold_at_far": threshold}
        figures |= {"genuine_pairs": len(genuine), "impostor_pairs": len(impostor), "far": FAR}
    gained = accepted[1] - accepted[0]
    figures["difference"] |= {
        "tar": float(gained.mean()),
        "tar_interval": _by_person(gained, _people_of_pairs(reference)),
    }


def _add_accuracy(figures: dict[str, Any], reference: FaceSet, quantized: FaceSet, pairs: list[Pair]) -> None:
    same = np.array([pair.same for pair in pairs])
    folds = np.array([pair.fold for pair in pairs])
    right = []
    for key, faces in (("float", reference), ("quantized", quantized)):
        similarity = np.array([faces.similarity(pair.a, pair.b) for pair in pairs])
        decided, _ = fold_accuracy(similarity, same, folds)
        right.append(decided.astype(np.float64))
        figures[key] |= {"accuracy": float(decided.mean())}
        figures[key] |= {"accuracy_interval": wilson(int(decided.sum()), len(decided))}
    gained = right[1] - right[0]
    figures |= {"pairs": len(pairs)}
    figures["difference"] |= {
        "accuracy": float(gained.mean()),
        "accuracy_interval": bootstrap(lambda chosen: float(gained[chosen].mean()), len(gained)),
    }


def _people_of_pairs(faces: FaceSet) -> NDArray[np.int64]:
    """The person of each genuine pair with both faces found, in the order of `cross_scores`."""
    people = np.array([name.split("/")[0] for name in sorted(faces.embeddings)])
    _, person = np.unique(people, return_inverse=True)
    rows, columns = np.triu_indices(len(people), k=1)
    genuine = person[rows] == person[columns]
    found: NDArray[np.int64] = person[rows[genuine]].astype(np.int64)
    return found


def _by_person(gained: NDArray[np.float64], person: NDArray[np.int64]) -> tuple[float, float]:
    """The interval of the mean of gained over resampled people: pairs of one person are not independent.

    Pairs beyond those of person are of faces that were not found; they never change.
    """
    sums = np.bincount(person, weights=gained[: len(person)])
    counts = np.bincount(person)
    sums, counts = sums[counts > 0], counts[counts > 0]
    lost = len(gained) - len(person)
    return bootstrap(lambda chosen: float(sums[chosen].sum() / (counts[chosen].sum() + lost)), len(sums))


def _nearest(embeddings: NDArray[np.float32]) -> NDArray[np.int64]:
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -np.inf)
    nearest: NDArray[np.int64] = similarity.argmax(axis=1)
    return nearest


def _cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Row by row; 0 where a row is zero."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines: NDArray[np.float32] = (a * b).sum(axis=1) / np.maximum(norms, np.float32(1e-12))
    return cosines
