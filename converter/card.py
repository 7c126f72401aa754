"""The card that lies beside a converted model: what it is, how it was made, what was checked and what was not.

It says nothing that changes from one run to the next, so that the same inputs give the same card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converter.quantization import RECIPES
from converter.representative import Representative
from converter.runtime_check import Run, RuntimeCheck, relative_difference
from converter.source import Source
from edge.manifest import ModelEntry

_NAMED = 20
_TAKES = {
    "emotion": "a grey square around the face (`edge.alignment.expression_crop`)",
    "embed": "the face in colour",
    "identify": "the embedding of a face",
}


@dataclass(frozen=True, eq=False)
class Conversion:
    """All that is known once a model is converted and checked."""

    source: Source
    entry: ModelEntry
    content: bytes
    notes: Sequence[str]
    """What was assumed for want of being told."""
    keep_float: Sequence[str]
    """Layers that stayed float32, as regular expressions."""
    representative: Representative | None
    """None: no pictures were given."""
    reference: Run
    """The float32 model on LiteRT."""
    check: RuntimeCheck

    @property
    def ratio(self) -> float:
        """Size of the converted file to that of the float32 file."""
        return len(self.content) / len(self.source.tflite)


def card_text(made: Conversion) -> str:
    """Markdown."""
    source, entry = made.source, made.entry
    rows = [
        ("role", entry.role),
        ("from", f"{entry.source}; {f'Keras {source.keras}' if source.keras else 'TFLite'}"),
        ("layers, parameters", f"{source.layers}, {source.parameters:,}"),
        ("takes", _input(entry)),
        ("gives", _output(source, entry)),
        ("recipe", f"`{entry.recipe}`: {RECIPES[entry.recipe]}"),
        ("kept in float32", ", ".join(f"`{layer_text(kept)}`" for kept in made.keep_float) or "none"),
        ("size", f"{len(made.content) / 1e6:.2f} MB, {made.ratio:.1%} of float32 ({len(source.tflite) / 1e6:.2f} MB)"),
        ("sha256", f"`{entry.sha256}`"),
        ("licence", entry.licence),
    ]
    if entry.threshold:
        rows.append(("threshold", f"{entry.threshold:g}"))
    parts = [
        f"# {entry.name}\n\nWritten by `classpulse-converter convert`.\n\n| | |\n|---|---|\n"
        + "".join(f"| {key} | {value} |\n" for key, value in rows)
    ]
    if made.notes:
        parts.append(
            "## Assumed\n\nNobody said otherwise; check it, or convert again with the option in brackets.\n\n"
            + "".join(f"- {note}\n" for note in made.notes)
        )
    parts.append(f"## Pictures\n\n{_pictures(made.representative)}")
    parts.append(f"## Checked\n\n{_checked(made)}")
    parts.append(
        "## Not measured\n\n"
        "How often it is right. Measure that on labelled pictures with `classpulse-converter evaluate`.\n"
    )
    return "\n".join(parts)


def layer_text(expression: str) -> str:
    """The layer that an expression of `converter.mixed` names, shorter than TFLite says it; others as they are."""
    # An operation is called by all it was made of, as "model/conv1/Relu;model/conv1/Conv2D".
    escaped = expression.split(";")[0]
    if not escaped.startswith("^") or not (escaped != expression or escaped.endswith("$")):
        return expression
    return re.sub(r"\\(.)", r"\1", escaped.removeprefix("^").removesuffix("$"))


def agreement(made: Conversion, run: Run) -> str:
    """How near the answers of a run come to those of the float32 model, in words; empty where there are none."""
    if run.answers is None or made.reference.answers is None:
        return ""
    difference = relative_difference(run.answers, made.reference.answers)
    text = f"differs from float32 by at most {difference:.2g} of the answers' range"
    if made.representative is None:
        return f"{text}, on noise"
    if made.entry.role == "embed":
        return f"{text}, mean-centred cosine {centred_cosine(run.answers, made.reference.answers):.4f}"
    same = float((run.answers.argmax(axis=1) == made.reference.answers.argmax(axis=1)).mean())
    return f"{text}, the same label on {same:.1%}"


def centred_cosine(answers: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Mean cosine of embeddings to the expected ones, (N, length) each, after taking off the mean of the expected.

    Without that, embeddings that all point one way would look alike whatever they say.
    """
    centre = expected.mean(axis=0)
    a, b = answers - centre, expected - centre
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / np.where(norms > 0, norms, 1)).mean())


def _input(entry: ModelEntry) -> str:
    sides = "x".join(map(str, entry.input))
    takes = f"{sides} {entry.colour}".strip() + f": {_TAKES[entry.role]}"
    if entry.role == "identify":
        return f"{takes}, from `{entry.embedder}`, norm {entry.norm!r}"
    crop = f", crop {entry.crop!r}{' and its mirror image' * entry.mirror}" if entry.role == "embed" else ""
    return f"{takes}{crop}, (pixel - {_numbers(entry.subtract)}) / {_numbers(entry.divide)}"


def _output(source: Source, entry: ModelEntry) -> str:
    layer = f" of layer `{source.output_layer}`" if source.output_layer else ""
    if entry.role == "embed":
        return f"an embedding of {source.outputs} numbers{layer}"
    return f"{entry.scores}{layer}: {', '.join(entry.labels)}"


def _pictures(pictures: Representative | None) -> str:
    if pictures is None:
        return "None were given: the checks below ran on noise.\n"
    text = f"{len(pictures.inputs)} inputs from `{pictures.folder.name}`, through the edge's own preprocessing.\n"
    for paths, what in ((pictures.unreadable, "could not be read"), (pictures.faceless, "show no face that was found")):
        if paths:
            text += f"\n{len(paths)} pictures {what} and were left out: {_names(paths, pictures.folder)}.\n"
    return f"{text}\nWarning: {pictures.warning}.\n" if pictures.warning else text


def _names(paths: Sequence[Path], folder: Path) -> str:
    names = ", ".join(f"`{path.relative_to(folder).as_posix()}`" for path in paths[:_NAMED])
    return names if len(paths) <= _NAMED else f"{names} and {len(paths) - _NAMED} more"


def _checked(made: Conversion) -> str:
    check = made.check
    lines = [f"- {check.default.runtime}: runs; {agreement(made, check.default)}."]
    if not check.older.installed:
        lines.append(f"- {check.older.runtime}: not tried, it is not installed.")
    elif check.problem:
        lines.append(f"- {check.older.runtime} 2.14: **do not use it there**: {check.problem}.")
    else:
        lines.append(
            f"- {check.older.runtime} 2.14: runs; {agreement(made, check.older)}; "
            f"from {check.default.runtime} by {check.difference:.2g}."
        )
    return "\n".join(lines) + "\n"


def _numbers(value: float | tuple[float, ...]) -> str:
    return f"[{', '.join(f'{part:g}' for part in value)}]" if isinstance(value, tuple) else f"{value:g}"
