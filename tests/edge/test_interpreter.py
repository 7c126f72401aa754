from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError
from edge.interpreter import Network, VectorNetwork, cpu_threads
from edge.manifest import Manifest

ON_RUNTIME = """
import sys
import numpy as np
from edge.interpreter import Network
from edge.manifest import Manifest
manifest = Manifest()
pixels = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3), dtype=np.uint8)
entry = manifest.entry("mobilefacenet", "embed")
(output,) = Network(manifest, entry, runtime=sys.argv[1])(pixels)
np.save(sys.stdout.buffer, output)
"""


def embedding_by(runtime: str) -> np.ndarray:
    """Of a fixed picture, in a process of its own: two runtimes in one process disturb each other."""
    from io import BytesIO

    done = subprocess.run([sys.executable, "-c", ON_RUNTIME, runtime], capture_output=True, check=True, timeout=120)
    return np.load(BytesIO(done.stdout))


@pytest.mark.skipif(find_spec("tflite_runtime") is None, reason="the extra tflite-runtime is not installed")
def test_both_runtimes_give_the_same_embedding() -> None:
    ours, other = embedding_by("litert"), embedding_by("tflite-runtime")
    cosine = (ours * other).sum() / (np.linalg.norm(ours) * np.linalg.norm(other))
    assert cosine > 0.999


def test_a_smaller_batch_gives_the_same_rows(manifest: Manifest) -> None:
    entry = manifest.entry("mtcnn-rnet", "detect")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 24, 24, 3), dtype=np.uint8)
    network = Network(manifest, entry, batch=8)
    network(255 - np.repeat(pixels, 2, axis=0)[:8])  # what an earlier call left in the buffer must not matter
    together = network(pixels)
    for i in range(5):
        for whole, alone in zip(together, Network(manifest, entry)(pixels[i : i + 1]), strict=True):
            np.testing.assert_allclose(whole[i], alone[0], atol=1e-5)


def test_pixels_are_normalized_as_the_manifest_says(manifest: Manifest) -> None:
    entry = manifest.entry("mtcnn-onet", "detect")
    network = Network(manifest, entry)
    np.testing.assert_allclose(network._table[0], (np.arange(256) - entry.subtract) / entry.divide, atol=1e-6)


def test_a_list_of_normalizations_is_one_per_channel(manifest: Manifest) -> None:
    shipped = manifest.entry("mtcnn-onet", "detect")
    pixels = np.random.default_rng(3).integers(0, 256, (1, 48, 48, 3), dtype=np.uint8)
    entry = replace(shipped, subtract=(93.594, 104.7624, 129.1863), divide=(1.0, 2.0, 128.0))
    network = Network(manifest, entry, batch=2)
    network(pixels)
    np.testing.assert_allclose(network._buffer[0], (pixels[0] - np.array(entry.subtract)) / entry.divide, rtol=1e-6)


def test_equal_normalizations_of_all_channels_are_one(manifest: Manifest) -> None:
    shipped = manifest.entry("mtcnn-onet", "detect")
    pixels = np.random.default_rng(3).integers(0, 256, (1, 48, 48, 3), dtype=np.uint8)
    listed = replace(shipped, subtract=(127.5,) * 3, divide=(128.0,) * 3)
    for one, three in zip(Network(manifest, shipped)(pixels), Network(manifest, listed)(pixels), strict=True):
        np.testing.assert_array_equal(one, three)


def test_a_model_of_pictures_is_no_model_of_embeddings(manifest: Manifest) -> None:
    entry = replace(manifest.entry("mobilefacenet", "embed"), input=(192,))
    with pytest.raises(ModelError, match=r"takes an input of shape \[1, 112, 112, 3\], not one embedding"):
        VectorNetwork(manifest, entry)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"not a model at all" * 100])
def test_a_file_that_is_no_model_is_refused_with_its_name(manifest: Manifest, tmp_path: Path, content: bytes) -> None:
    text = (manifest.directory / "manifest.toml").read_text()
    entry = manifest.entry("mtcnn-rnet", "detect")
    (tmp_path / "manifest.toml").write_text(text.replace(entry.sha256, hashlib.sha256(content).hexdigest()))
    (tmp_path / entry.file).write_bytes(content)
    damaged = Manifest(tmp_path)
    with pytest.raises(ModelError, match=rf"{entry.file}: litert cannot load it"):
        Network(damaged, damaged.entry("mtcnn-rnet", "detect"))


def test_a_size_the_model_does_not_take_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match="cannot load it for input"):
        Network(manifest, manifest.entry("mtcnn-onet", "detect"), size=(50, 17))


def test_an_unknown_runtime_package_is_named(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", None)
    with pytest.raises(ModelError, match="tflite-runtime"):
        Network(manifest, manifest.entry("mtcnn-onet", "detect"), runtime="tflite-runtime")


def test_there_are_never_more_threads_than_cpus() -> None:
    available = len(os.sched_getaffinity(0))
    assert cpu_threads(0) == available
    assert cpu_threads(1) == 1
    assert cpu_threads(10_000) == available
