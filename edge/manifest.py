"""The list of models: what each file is, and the proof that it is the file that was measured.

`manifest.toml` sits beside the `.tflite` files. A model's bytes are read once, their sha256 is
compared with the manifest, and these same bytes are what the interpreter gets, so that no file
can be exchanged between the check and the use.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import ModelError
from edge.records import LABELS

ROLES = ("detect", "embed", "identify", "emotion")
COLOURS = ("RGB", "BGR", "GREY")
CROPS = ("arcface", "box")
NORMS = ("unit", "none")
SCORES = ("logits", "probabilities")


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One `[[model]]` table of the manifest."""

    name: str
    """What a config calls it, such as "mobilefacenet"."""
    role: str
    """One of `ROLES`."""
    file: str
    """File name beside the manifest."""
    sha256: str
    """Of the file, lower-case hex."""
    input: tuple[int, ...]
    """Height, width, channels of one picture; 0 where the model takes any size. For role "identify": the length of
    the embedding that it takes."""
    colour: str = ""
    """One of `COLOURS`: what the channels are. This and the next two are of every role but "identify"."""
    subtract: float | tuple[float, ...] = 0.0
    divide: float | tuple[float, ...] = 1.0
    """Normalization: (pixel - subtract) / divide; each one number, or one per channel in the order of `colour`."""
    recipe: str
    """How it was quantized: float32, float16, dynamic_wi8, static_wi8_ai8, static_wi8_ai8_io8."""
    licence: str
    source: str
    """Where the float weights come from: registry, package, version, file."""
    labels: tuple[str, ...] = ()
    """Of a classifier, in output order. For role "identify": student IDs; what is no ID of an enrolled student, such
    as "(unknown)", is a class that is never reported."""
    embedding: int = 0
    """Length of the embedding, for role "embed"."""
    crop: str = "arcface"
    """One of `CROPS`, for role "embed": the face turned onto the five-point template, or a square around its box."""
    mirror: bool = True
    """For role "embed": whether the mean of a face and its mirror image is taken, at twice the time."""
    embedder: str = ""
    """For role "identify": name of the model whose embeddings it was trained on."""
    norm: str = "unit"
    """One of `NORMS`, for role "identify": embeddings of length 1, or as the embedder gives them."""
    threshold: float = 0.0
    """Below it a probe is unknown: similarity for role "embed", confidence for role "identify"; without one every
    stranger would be a student."""
    scores: str = "logits"
    """One of `SCORES`: what a classifier gives. A model that ends in a softmax gives probabilities."""
    temperature: float = 1.0
    """Divides the logits of a classifier before softmax, so that confidence means accuracy."""
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured of this very file."""

    @property
    def batch(self) -> int:
        """How many inputs the edge gives it in one run."""
        return 2 if self.role == "embed" and self.mirror else 1


_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "role": str, "file": str, "sha256": str, "input": list, "colour": str,
    "subtract": (int, float, list), "divide": (int, float, list), "recipe": str, "licence": str, "source": str,
    "labels": list, "embedding": int, "crop": str, "mirror": bool, "embedder": str, "norm": str,
    "threshold": (int, float), "scores": str, "temperature": (int, float), "figures": dict,
}  # fmt: skip
_REQUIRED = ("name", "role", "file", "sha256", "input", "recipe", "licence", "source")
_REQUIRED_OF_PICTURES = ("colour", "subtract", "divide")


class Manifest:
    """The models of one directory, by name."""

    def __init__(self, directory: Path | None = None) -> None:
        """Read `manifest.toml` of `directory` (default: the shipped models).

        Raises ModelError when it is missing, unreadable or an entry is wrong.
        """
        self.directory = directory or shipped_models()
        path = self.directory / "manifest.toml"
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ModelError(f"{path}: no manifest there; run `classpulse-converter build`") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ModelError(f"{path}: cannot be read: {error}") from error
        tables = document.get("model", [])
        if not isinstance(tables, list):
            raise ModelError(f"{path}: write each model as a [[model]] table")
        self._contents: dict[str, bytes] = {}
        self.entries: dict[str, ModelEntry] = {}
        for table in tables:
            entry = _entry(table, path)
            if entry.name in self.entries:
                raise ModelError(f"{path}: two models are called {entry.name!r}; rename one")
            self.entries[entry.name] = entry

    def entry(self, name: str, role: str) -> ModelEntry:
        """The model called `name`. Raises ModelError when there is none, or it has another role."""
        found = self.entries.get(name)
        if found is None or found.role != role:
            offered = ", ".join(sorted(e.name for e in self.entries.values() if e.role == role)) or "none"
            reason = "is not listed" if found is None else f"has the role {found.role!r}"
            raise ModelError(
                f"{self.directory / 'manifest.toml'}: {name!r} {reason}; models for {role!r} here: {offered}"
            )
        return found

    def read(self, entry: ModelEntry) -> bytes:
        """The model's bytes, read once. Raises ModelError when the file is missing or is not the one listed."""
        if entry.name in self._contents:
            return self._contents[entry.name]
        path = self.directory / entry.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{path}: cannot be read ({error.strerror}); reinstall ClassPulse or convert it again"
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != entry.sha256:
            raise ModelError(
                f"{path}: sha256 is {found[:12]}…, the manifest says {entry.sha256[:12]}…: "
                "the file is damaged or was replaced; reinstall ClassPulse or convert it again"
            )
        self._contents[entry.name] = content
        return content


def shipped_models() -> Path:
    """The directory of the models that came with the program: in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def _entry(table: Any, path: Path) -> ModelEntry:
    if not isinstance(table, dict):
        raise ModelError(f"{path}: write each model as a [[model]] table")
    where = f"{path}: model {table.get('name', '(no name)')!r}"
    for key, value in table.items():
        if key not in _TYPES:
            raise ModelError(f"{where}: unknown key {key!r}")
        if not isinstance(value, _TYPES[key]) or isinstance(value, bool) is not (_TYPES[key] is bool):
            raise ModelError(f"{where}: {key} has the wrong type")
    required = _REQUIRED if table.get("role") == "identify" else (*_REQUIRED, *_REQUIRED_OF_PICTURES)
    missing = [key for key in required if key not in table]
    if missing:
        raise ModelError(f"{where}: {', '.join(missing)} missing")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    entry = ModelEntry(**values)
    if mistake := _mistake(entry):
        raise ModelError(f"{where}: {mistake}")
    return entry


def _mistake(entry: ModelEntry) -> str | None:
    """What is wrong with an entry whose keys and types are right."""
    for key, value, allowed in (
        ("role", entry.role, ROLES),
        ("colour", entry.colour, ("",) if entry.role == "identify" else COLOURS),
        ("crop", entry.crop, CROPS),
        ("norm", entry.norm, NORMS),
        ("scores", entry.scores, SCORES),
    ):
        if value not in allowed:
            return f"{key} {value!r} is none of {', '.join(allowed)}"
    if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
        return "sha256 must be 64 lower-case hex digits"
    if Path(entry.file).name != entry.file:
        return "file must be a name beside the manifest, not a path"
    if not all(type(side) is int and side >= 0 for side in entry.input):
        return "input must be whole numbers"
    if not all(isinstance(label, str) for label in entry.labels):
        return "labels must be text"
    if not _is_number(entry.temperature) or entry.temperature <= 0:
        return "temperature must be above 0"
    if entry.role == "identify":
        return _mistake_of_classifier(entry)
    if len(entry.input) != 3:
        return "input must be [height, width, channels]"
    for key, values in (("subtract", entry.subtract), ("divide", entry.divide)):
        numbers = values if isinstance(values, tuple) else (values,)
        if not all(map(_is_number, numbers)) or (isinstance(values, tuple) and len(values) != entry.input[2]):
            return f"{key} must be one number, or one for each of {entry.input[2]} channels"
    if 0 in (entry.divide if isinstance(entry.divide, tuple) else (entry.divide,)):
        return "divide must not be 0"
    if entry.role == "embed" and not (0 < entry.threshold < 1 and entry.embedding > 0):
        return "an embedder needs `embedding`, its length, and a measured `threshold` in 0..1"
    if entry.role == "emotion" and sorted(entry.labels) != sorted(LABELS):
        return f"labels must be {', '.join(LABELS)}, in the order of the model's outputs"
    return None


def _mistake_of_classifier(entry: ModelEntry) -> str | None:
    if len(entry.input) != 1 or entry.input[0] == 0:
        return "input must be [length] of the embedding that it takes"
    if not entry.embedder:
        return "a classifier needs `embedder`, the model whose embeddings it was trained on"
    if not 0 < entry.threshold < 1:
        return "a classifier needs a measured `threshold` in 0..1, or every stranger would be a student"
    if len(set(entry.labels)) != len(entry.labels) or not entry.labels:
        return "labels must name each class once, in the order of the model's outputs"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
