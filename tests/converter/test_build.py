"""`build` makes the shipped files from the committed Keras files, the same ones every time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from converter.build import SHIPPED, build, ranges_path, source_path
from converter.keras_models import load_keras
from edge.errors import ModelError
from edge.manifest import Manifest, shipped_models

KERAS = shipped_models() / "keras"


@pytest.fixture
def small_sources(tmp_path: Path) -> Path:
    """A folder with the sources of the two smallest models."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("mtcnn-pnet", "mtcnn-rnet"):
        shutil.copy(source_path(KERAS, name), folder)
    shutil.copy(ranges_path(source_path(KERAS, "mtcnn-pnet")), folder)
    return folder


def test_every_shipped_file_is_the_one_its_manifest_lists(manifest: Manifest) -> None:
    for entry in manifest.entries.values():
        assert len(manifest.read(entry)) > 0


def test_no_model_is_shipped_without_its_source_and_its_licence(manifest: Manifest) -> None:
    notice = (shipped_models() / "LICENSE.md").read_text(encoding="utf-8")
    for entry in manifest.entries.values():
        assert source_path(KERAS, entry.name).exists()
        assert entry.file in notice


@pytest.mark.converter
def test_building_twice_gives_the_same_bytes(small_sources: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    build(small_sources, first)
    build(small_sources, second)
    assert sorted(path.name for path in first.iterdir()) == ["manifest.toml", "mtcnn_pnet.tflite", "mtcnn_rnet.tflite"]
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


@pytest.mark.converter
def test_what_is_built_here_is_what_is_shipped(small_sources: Path, tmp_path: Path, manifest: Manifest) -> None:
    for model in build(small_sources, tmp_path / "out"):
        assert model.entry.sha256 == manifest.entries[model.entry.name].sha256


@pytest.mark.converter
def test_a_built_folder_reads_as_a_manifest(small_sources: Path, tmp_path: Path) -> None:
    build(small_sources, tmp_path)
    built = Manifest(tmp_path)
    assert built.entry("mtcnn-rnet", "detect").input == (24, 24, 3)
    assert built.read(built.entry("mtcnn-pnet", "detect"))[4:8] == b"TFL3"


@pytest.mark.converter
def test_building_one_model_keeps_the_others_listed(small_sources: Path, tmp_path: Path) -> None:
    build(small_sources, tmp_path)
    build(small_sources, tmp_path, only="mtcnn-pnet")
    assert list(Manifest(tmp_path).entries) == ["mtcnn-pnet", "mtcnn-rnet"]


@pytest.mark.converter
def test_figures_of_another_file_are_left_out(small_sources: Path, tmp_path: Path) -> None:
    (small_sources / "measured.json").write_text(
        '{"mtcnn-pnet": {"sha256": "another", "threshold": 0.4, "figures": {"recall": 1.0}}}', encoding="utf-8"
    )
    build(small_sources, tmp_path, only="mtcnn-pnet")
    entry = Manifest(tmp_path).entry("mtcnn-pnet", "detect")
    assert entry.figures == {}
    assert entry.threshold == 0.4


@pytest.mark.converter
def test_progress_names_each_model_in_order(small_sources: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    build(small_sources, tmp_path, progress=seen.append)
    assert seen == ["mtcnn-pnet", "mtcnn-rnet"]


def test_a_folder_without_sources_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"{tmp_path}: no source of any model there; .*{SHIPPED[0].name}"):
        build(tmp_path, tmp_path)


@pytest.mark.converter
def test_a_source_that_is_no_keras_model_changes_nothing(small_sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(small_sources, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    source_path(small_sources, "mtcnn-rnet").write_bytes(b"not a zip file")
    with pytest.raises(ModelError, match=r"mtcnn_rnet\.keras: cannot be read as a Keras model"):
        build(small_sources, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.converter
def test_missing_activation_ranges_are_named(small_sources: Path, tmp_path: Path) -> None:
    path = ranges_path(source_path(small_sources, "mtcnn-pnet"))
    path.unlink()
    with pytest.raises(ModelError, match=rf"{path}: missing; .*`classpulse-converter import` writes it"):
        build(small_sources, tmp_path / "out")


@pytest.mark.converter
def test_loading_starts_the_numbering_of_layers_anew() -> None:
    first, second = (load_keras(source_path(KERAS, "mtcnn-pnet")) for _ in range(2))
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
