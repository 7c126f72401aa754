"""What an embedding model sees of a face, and in which length its answer comes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from converter.manifest_writer import manifest_text
from edge.alignment import align, box_crop
from edge.embedder import Embedder, face_crop
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.records import Face


@pytest.fixture
def portrait(portraits: Path) -> np.ndarray:
    return read_picture(portraits / "obama.jpg")


@pytest.fixture
def face(portrait: np.ndarray, detector: MtcnnDetector) -> Face:
    return detector.detect(portrait)[0]


def test_the_manifest_decides_how_a_face_is_cut(manifest: Manifest, portrait: np.ndarray, face: Face) -> None:
    entry = manifest.entry("mobilefacenet", "embed")
    np.testing.assert_array_equal(face_crop(portrait, face, entry), align(portrait, face.landmarks, 112))
    boxed = replace(entry, crop="box", input=(224, 224, 3))
    np.testing.assert_array_equal(face_crop(portrait, face, boxed), box_crop(portrait, face.box, 224))


def test_a_bgr_model_gets_blue_first(manifest: Manifest, portrait: np.ndarray, face: Face) -> None:
    entry = replace(manifest.entry("mobilefacenet", "embed"), crop="box")
    blue_first = face_crop(portrait, face, replace(entry, colour="BGR"))
    np.testing.assert_array_equal(blue_first[:, :, ::-1], face_crop(portrait, face, entry))


def test_raw_and_unit_embeddings_point_the_same_way(manifest: Manifest, portrait: np.ndarray, face: Face) -> None:
    unit = Embedder(manifest, "mobilefacenet").embed(portrait, face)
    raw = Embedder(manifest, "mobilefacenet", norm="none").embed(portrait, face)
    assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(raw) != pytest.approx(1, abs=0.1)
    assert unit @ raw / np.linalg.norm(raw) > 0.999


def test_the_manifest_decides_whether_the_mirror_image_counts(
    manifest: Manifest, portrait: np.ndarray, face: Face, tmp_path: Path
) -> None:
    entry = manifest.entry("mobilefacenet", "embed")
    (tmp_path / entry.file).write_bytes(manifest.read(entry))
    (tmp_path / "manifest.toml").write_text(manifest_text([replace(entry, mirror=False)]))
    alone = Embedder(Manifest(tmp_path), "mobilefacenet")
    # The portrait mirrored, and its landmarks with it: right eye and mouth corner become the left ones.
    width = portrait.shape[1]
    landmarks = face.landmarks[[1, 0, 2, 4, 3]] * np.float32([-1, 1]) + np.float32([width - 1, 0])
    seen, mirrored = alone.embed(portrait, face), alone.embed(portrait[:, ::-1], replace(face, landmarks=landmarks))
    assert np.linalg.norm(seen) == pytest.approx(1, abs=1e-5)
    assert seen @ mirrored < 0.99
    both = Embedder(manifest, "mobilefacenet").embed(portrait, face)
    assert both @ (seen + mirrored) / np.linalg.norm(seen + mirrored) > 0.98
