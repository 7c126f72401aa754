"""The figures of `evaluate emotion` as lines to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from converter.evaluate_options import share_text
from edge.records import LABELS


def report_lines(figures: dict[str, Any]) -> Iterator[str]:
    """figures: as `converter.evaluate_emotion.figures_of` gives them, with or without "robustness"."""
    low, high = figures["macro_f1_interval"]
    yield (
        f"{figures['count']} pictures: macro-F1 {figures['macro_f1']:.4f} [{low:.4f}, {high:.4f}], "
        f"accuracy {share_text(figures, 'accuracy')}, ECE {figures['ece']:.4f}"
    )
    if figures["accuracy_by_source"]:
        each = ", ".join(f"{source} {share:.4f}" for source, share in figures["accuracy_by_source"].items())
        yield f"  accuracy by source: {each}"
    for label, recall in figures["recall"].items():
        by_source = ", ".join(
            f"{source} {shares[label]:.3f}" for source, shares in figures["recall_by_source"].items() if label in shares
        )
        yield f"  {label:8} recall {recall:.4f}" + (f"  ({by_source})" if by_source else "")
    yield from _confusion(figures["confusion"])
    for row in figures["coverage"]:
        if row["accuracy"] is not None:
            yield (
                f"  confidence at least {row['confidence']:.1f}: {row['share']:.1%} of the faces get a label, "
                f"{row['accuracy']:.1%} of them the right one"
            )
    for name, row in figures.get("robustness", {}).items():
        yield f"  {name:22} macro-F1 {row['macro_f1']:.4f}, lowest recall {row['lowest_recall']:.4f}"
    for name in figures["unreadable"]:
        yield f"  unreadable: {name}"


def _confusion(counts: list[list[int]]) -> Iterator[str]:
    yield "  is: called" + "".join(f"{label:>9}" for label in LABELS)
    for label, row in zip(LABELS, counts, strict=True):
        yield f"  {label:9}" + "".join(f"{count:9}" for count in row)
    tired = LABELS.index("tired")
    others = {label: row for label, row in zip(LABELS, counts, strict=True) if label != "tired" and any(row)}
    if others:
        wrongly, all_of = sum(row[tired] for row in others.values()), sum(map(sum, others.values()))
        each = ", ".join(f"{label} {row[tired]} of {sum(row)}" for label, row in others.items())
        yield f"  called tired without a yawn or closed eyes: {wrongly} of {all_of} ({wrongly / all_of:.1%}): {each}"
