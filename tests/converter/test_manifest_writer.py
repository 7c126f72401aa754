"""What the writer writes, the edge reads back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, subtract=(93.594, 104.7624, 129.1863), divide=(1.0, 2.0, 1.0), crop="box", mirror=False),
        ModelEntry(
            name="faces", role="identify", file="faces.tflite", sha256="0" * 64, input=(2622,), recipe="dynamic_wi8",
            licence="none", source="train faces", labels=("s-001", "(unknown)"), embedder="vggface", norm="none",
            threshold=0.61, scores="probabilities",
        ),
    ],
    ids=["a number per channel", "a classifier of embeddings"],
)  # fmt: skip
def test_every_kind_of_entry_comes_back_as_it_was(tmp_path: Path, entry: ModelEntry) -> None:
    (tmp_path / "manifest.toml").write_text(manifest_text([entry]), encoding="utf-8")
    assert Manifest(tmp_path).entries == {entry.name: entry}


def test_defaults_are_not_written() -> None:
    text = manifest_text([replace(ENTRY, embedding=0, threshold=0.0, figures={})])
    assert not any(word in text for word in ("labels", "embedding", "threshold", "temperature", "figures"))
