"""Bounds that a quantized model must keep, as written on the command line: `agreement=0.98,accuracy=-0.5pt`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.errors import ModelError

FIGURES = {
    "agreement": "share of pictures that float and quantized model call alike",
    "accuracy": "of the quantized model; with pt, less the float model's",
    "macro_f1": "of the quantized model; with pt, less the float model's",
    "cosine": "of embeddings, mean-centred",
    "neighbours": "share of pictures whose nearest other picture stays the same",
    "tar": "true accept rate at FAR 0.1%; with pt, less the float model's",
    "size": "of the file, as a share of the float file: at most",
    "latency": "on LiteRT with one thread, as a share of the float model's: at most",
}
"""Figure -> what it is. A bound is the least that it may be, or the most where that is said."""
_AT_MOST = ("size", "latency")
_COMPARED = ("accuracy", "macro_f1", "tar")


@dataclass(frozen=True)
class Bound:
    """One figure and how far it may go."""

    figure: str
    limit: float
    points: bool = False
    """Of the difference quantized less float, in percentage points; else of the quantized model's own figure."""

    def __str__(self) -> str:
        return f"{self.figure}={self.limit:g}{'pt' if self.points else ''}"

    def value(self, comparison: Mapping[str, Any]) -> float:
        """The figure in what `evaluate_model.compare_model` returns. Raises ModelError when it was not measured."""
        figures = comparison["figures"]
        try:
            if self.figure == "size":
                return float(comparison["size"]["ratio"])
            if self.figure == "latency":
                return float(comparison["latency_ratio"])
            if self.points:
                return 100 * float(figures["difference"][self.figure])
            return float((figures["quantized"] if self.figure in _COMPARED else figures)[self.figure])
        except KeyError as error:
            raise ModelError(
                f"--gate {self}: {self.figure} is not measured for this role with these pictures"
            ) from error

    def value_text(self, comparison: Mapping[str, Any]) -> str:
        """The figure as the bound is written, such as "-0.27pt"."""
        value = self.value(comparison)
        return f"{value:+.2f}pt" if self.points else f"{value:.4f}"

    def is_measured(self, comparison: Mapping[str, Any]) -> bool:
        """Whether `value` has one to give."""
        try:
            self.value(comparison)
        except ModelError:
            return False
        return True

    def holds(self, comparison: Mapping[str, Any]) -> bool:
        """Whether the figure keeps the bound; one that is no number does not."""
        value = self.value(comparison)
        # 0.995 - 1 is not exactly -0.5 points.
        return value <= self.limit + 1e-9 if self.figure in _AT_MOST else value >= self.limit - 1e-9


def parse_bounds(text: str) -> tuple[Bound, ...]:
    """The bounds in text, separated by commas. Raises ModelError for one that is malformed."""
    return tuple(_bound(part.strip()) for part in text.split(",") if part.strip())


def _bound(text: str) -> Bound:
    figure, _, limit = text.partition("=")
    if figure not in FIGURES:
        raise ModelError(f"--gate {text}: {figure!r} is none of {', '.join(FIGURES)}")
    points = limit.endswith("pt")
    try:
        number = float(limit.removesuffix("pt"))
    except ValueError as error:
        raise ModelError(f"--gate {text}: write a number after =, such as {figure}=0.95") from error
    if points and figure not in _COMPARED:
        raise ModelError(f"--gate {text}: points (pt) are for {', '.join(_COMPARED)}")
    return Bound(figure, number, points)
