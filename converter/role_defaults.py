"""From a Keras model and what its owner says of it to the manifest entry that the edge needs.

A Keras file does not say what its pixels mean. What is not said is taken from the file that training wrote
beside it, else from what is usual for a model of its shape; each such guess is a note for the user to check.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from converter.manifest_writer import manifest_text
from converter.quantization import operation_names
from converter.source import Source
from edge.errors import ModelError
from edge.manifest import Manifest, ModelEntry
from edge.records import LABELS

VGGFACE_MEAN = (93.5940, 104.7624, 129.1863)
"""Blue, green, red: the mean of the training pictures of VGG-Face (Parkhi et al., "Deep Face Recognition",
BMVC 2015; its published MatConvNet file gives 129.1863, 104.7624, 93.5940 as `averageImage` in RGB)."""
NOBODY = 0.99
"""Threshold of an embedder for which none was measured: hardly anybody passes it, a stranger least of all."""


@dataclass(frozen=True)
class Said:
    """What the owner, or the file that training wrote, says of a model; None: nothing."""

    role: str | None = None
    labels: tuple[str, ...] | None = None
    colour: str | None = None
    subtract: float | tuple[float, ...] | None = None
    divide: float | tuple[float, ...] | None = None
    crop: str | None = None
    mirror: bool | None = None
    embedder: str | None = None
    norm: str | None = None
    threshold: float | None = None
    temperature: float | None = None
    licence: str | None = None

    def over(self, other: Said) -> Said:
        """This, and what the other says where this says nothing."""
        return replace(other, **{f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None})


def read_said(model: Path) -> Said:
    """What training wrote beside model, as `<stem>.json`; nothing where there is no such file.

    Raises ModelError when the file is damaged.
    """
    path = model.with_suffix(".json")
    if path == model or not path.is_file():
        return Said()
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}; move it away, or train the model again") from error
    if not isinstance(facts, dict) or "labels" not in facts:
        return Said()  # such as an architecture
    known = {f.name: facts[f.name] for f in fields(Said) if facts.get(f.name) is not None}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in known.items()}
    return Said(**values)


def describe_model(source: Source, name: str, said: Said, file: str, origin: str) -> tuple[ModelEntry, list[str]]:
    """The manifest entry, without recipe and sha256, and what was assumed in it.

    name: in the manifest; file: beside it; origin: where the float weights come from.
    Raises ModelError when the model does not fit its role, or something is missing that cannot be guessed.
    """
    notes: list[str] = []
    role = said.role or _role(source, notes)
    if (role == "identify") != (len(source.input) == 1):
        raise ModelError(f"{source.path}: takes {list(source.input)}, which is not what a model for {role!r} takes")
    usual = {"identify": _identify, "embed": _embed, "emotion": _emotion}[role](source, said, notes)
    said = said.over(usual)
    entry = ModelEntry(
        name=name, role=role, file=file, sha256="0" * 64, input=source.input, recipe="",
        licence=said.licence or "not stated", source=origin,
        embedding=source.outputs if role == "embed" else 0,
        scores="probabilities" if source.softmax and role != "embed" else "logits",
    )  # fmt: skip
    chosen = {f.name: getattr(said, f.name) for f in fields(Said) if f.name not in ("role", "licence")}
    return replace(entry, **{key: value for key, value in chosen.items() if value is not None}), notes


def check_entry(entry: ModelEntry, others: Iterable[ModelEntry] = ()) -> None:
    """Raises ModelError when the edge would refuse the entry, or the manifest with it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "manifest.toml").write_text(manifest_text([*others, entry]), encoding="utf-8")
        try:
            Manifest(Path(folder))
        except ModelError as error:
            raise ModelError(str(error).removeprefix(f"{folder}/manifest.toml: ")) from error


def _role(source: Source, notes: list[str]) -> str:
    role = "identify" if len(source.input) == 1 else "emotion" if source.input[2] == 1 else "embed"
    notes.append(f"role {role!r}, since it takes {'x'.join(map(str, source.input))} (--role)")
    return role


def _embed(source: Source, said: Said, notes: list[str]) -> Said:
    height, width, channels = source.input
    if channels != 3 or height != width:
        raise ModelError(f"{source.path}: takes {list(source.input)}; an embedder takes a square colour picture")
    if source.softmax:
        raise ModelError(
            f"{source.path}: ends in a softmax over {source.outputs} classes, which is no embedding; "
            "name the layer that is one, with --embedding-layer"
        )
    if height == 224:
        usual = Said(colour="BGR", subtract=VGGFACE_MEAN, divide=1.0, crop="box", mirror=False, threshold=NOBODY)
        kind = "VGG-Face (224x224x3)"
    else:
        usual = Said(colour="RGB", subtract=127.5, divide=128.0, crop="arcface", mirror=True, threshold=NOBODY)
        kind = "MobileFaceNet and ArcFace"
    _note_pixels(said, usual, kind, notes)
    if said.crop is None:
        notes.append(f"crop {usual.crop!r}, as usual for {kind} (--crop)")
    if said.mirror is None:
        how = "each face and its mirror image" if usual.mirror else "each face alone, without its mirror image"
        notes.append(f"embeds {how}, as usual for {kind} (--{'no-' if usual.mirror else ''}mirror)")
    if said.threshold is None:
        notes.append(
            f"threshold {NOBODY}: it recognises hardly anybody. Measure it with `classpulse-converter evaluate faces`, "
            "then give it with --threshold"
        )
    return usual


def _emotion(source: Source, said: Said, notes: list[str]) -> Said:
    height, width, channels = source.input
    if channels != 1 or height != width:
        raise ModelError(f"{source.path}: takes {list(source.input)}; an expression model takes a square grey picture")
    if source.outputs != len(LABELS):
        raise ModelError(
            f"{source.path}: gives {source.outputs} scores; an expression model gives one for each of "
            f"{', '.join(LABELS)}: train it on these labels (`train emotion`)"
        )
    if said.labels is None:
        notes.append(f"labels in alphabetical order, as Keras reads folders: {', '.join(LABELS)} (--labels)")
    rescales = "rescaling" in operation_names(source.tflite)[0].lower()
    usual = Said(colour="GREY", subtract=0.0, divide=1.0 if rescales else 255.0, labels=LABELS)
    kind = "a model that begins with a Rescaling layer" if rescales else "expression models"
    _note_pixels(replace(said, colour="GREY"), usual, kind, notes)
    return usual


def _identify(source: Source, said: Said, notes: list[str]) -> Said:
    if said.labels is None:
        raise ModelError(
            f"{source.path}: say which student each of its {source.outputs} outputs is, in their order: "
            "--labels s-001,s-002,... or --labels FILE with one a line"
        )
    if len(said.labels) != source.outputs:
        raise ModelError(f"{source.path}: gives {source.outputs} scores, but {len(said.labels)} labels were given")
    if said.threshold is None:
        raise ModelError(
            f"{source.path}: give the confidence below which a face is unknown, with --threshold; "
            "without a measured one strangers would be taken for students"
        )
    if said.embedder is None:
        raise ModelError(f"{source.path}: name the model whose embeddings it was trained on, with --embedder")
    if said.norm is None:
        notes.append("norm 'unit': trained on embeddings of length 1 (--norm)")
    return Said(norm="unit")


def _note_pixels(said: Said, usual: Said, kind: str, notes: list[str]) -> None:
    guessed = [
        f"{key} {_shown(getattr(usual, key))}" for key in ("colour", "subtract", "divide") if getattr(said, key) is None
    ]
    if guessed:
        options = "/".join(f"--{text.split()[0]}" for text in guessed)
        notes.append(f"{', '.join(guessed)}: as usual for {kind} ({options})")


def _shown(value: Any) -> str:
    return ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else f"{value}"
