"""The list of models: what each file is, and the proof that it is the file that was measured.

`manifest.toml` sits beside the `.tflite` files. A model's bytes are read once, their sha256 is
compared with the manifest, and these same bytes are what the interpreter gets, so that no file
can be exchanged between the check and the use.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import ModelError
from edge.records import LABELS

ROLES = ("detect", "embed", "identify", "emotion")
COLOURS = ("RGB", "BGR", "GREY")


@dataclass(frozen=True)
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
    """Height, width, channels of one picture; 0 where the model takes any size."""
    colour: str
    """One of `COLOURS`: what the channels are."""
    subtract: float
    divide: float
    """Normalization: (pixel - subtract) / divide."""
    recipe: str
    """How it was quantized: float32, float16, dynamic_wi8, static_wi8_ai8, static_wi8_ai8_io8."""
    licence: str
    source: str
    """Where the float weights come from: registry, package, version, file."""
    labels: tuple[str, ...] = ()
    """Of a classifier, in output order."""
    embedding: int = 0
    """Length of the embedding, for role "embed"."""
    threshold: float = 0.0
    """Similarity below which a probe is unknown, for role "embed"; without one every stranger would be a student."""
    temperature: float = 1.0
    """Divides the logits of a classifier before softmax, so that confidence means accuracy."""
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured of this very file."""


_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "role": str, "file": str, "sha256": str, "input": list, "colour": str,
    "subtract": (int, float), "divide": (int, float), "recipe": str, "licence": str, "source": str,
    "labels": list, "embedding": int, "threshold": (int, float), "temperature": (int, float),
    "figures": dict,
}  # fmt: skip
_REQUIRED = ("name", "role", "file", "sha256", "input", "colour", "subtract", "divide", "recipe", "licence", "source")


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
        """The model's bytes. Raises ModelError when the file is missing or is not the one listed."""
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
        if not isinstance(value, _TYPES[key]) or isinstance(value, bool):
            raise ModelError(f"{where}: {key} has the wrong type")
    missing = [key for key in _REQUIRED if key not in table]
    if missing:
        raise ModelError(f"{where}: {', '.join(missing)} missing")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    entry = ModelEntry(**values)
    if entry.role not in ROLES:
        raise ModelError(f"{where}: role {entry.role!r} is none of {', '.join(ROLES)}")
    if entry.colour not in COLOURS:
        raise ModelError(f"{where}: colour {entry.colour!r} is none of {', '.join(COLOURS)}")
    if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
        raise ModelError(f"{where}: sha256 must be 64 lower-case hex digits")
    if Path(entry.file).name != entry.file:
        raise ModelError(f"{where}: file must be a name beside the manifest, not a path")
    if len(entry.input) != 3 or not all(isinstance(side, int) and side >= 0 for side in entry.input):
        raise ModelError(f"{where}: input must be [height, width, channels]")
    if entry.divide == 0 or entry.temperature <= 0:
        raise ModelError(f"{where}: divide must not be 0, temperature must be above 0")
    if entry.role == "embed" and not (0 < entry.threshold < 1 and entry.embedding > 0):
        raise ModelError(f"{where}: an embedder needs `embedding`, its length, and a measured `threshold` in 0..1")
    if entry.role == "emotion" and sorted(entry.labels) != sorted(LABELS):
        raise ModelError(f"{where}: labels must be {', '.join(LABELS)}, in the order of the model's outputs")
    return entry
