"""What the writer writes, the edge reads back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from converter.manifest_writer import manifest_text
from edge.manifest import Manifest, ModelEntry

ENTRY = ModelEntry(
    name="vggface", role="embed", file="vggface.tflite", sha256="0" * 64, input=(224, 224, 3), colour="BGR",
    subtract=104.0, divide=1.0, recipe="static_wi8_ai8", licence='MIT, "as is"', source="a\\b\tümlaut",
    embedding=2622, threshold=0.6, figures={"tar_at_far_1e-3": 0.99},
)  # fmt: skip


def test_an_entry_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text(manifest_text([ENTRY]), encoding="utf-8")
    assert Manifest(tmp_path).entries == {"vggface": ENTRY}


def test_defaults_are_not_written() -> None:
    text = manifest_text([replace(ENTRY, embedding=0, threshold=0.0, figures={})])
    assert not any(word in text for word in ("labels", "embedding", "threshold", "temperature", "figures"))
