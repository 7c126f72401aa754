"""Training can go on from another network's weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError

pytestmark = pytest.mark.converter


def test_a_network_of_the_same_kind_is_taken_over_whole() -> None:
    from converter.emotion_network import build_network
    from converter.emotion_start import take_weights

    one, other = build_network(32), build_network(32)
    take_weights(other, one)
    face = np.random.default_rng(0).normal(size=(1, 32, 32, 1)).astype(np.float32)
    np.testing.assert_array_equal(one.predict_on_batch(face), other.predict_on_batch(face))


def test_of_a_face_recogniser_everything_before_its_embedding_is_taken_over() -> None:
    import keras

    from converter.emotion_network import build_face_network
    from converter.emotion_start import take_weights
    from converter.keras_models import load_keras
    from edge.manifest import shipped_models

    faces = load_keras(shipped_models() / "keras" / "mobilefacenet.keras")
    network = build_face_network(112)
    taken = take_weights(network, faces)
    assert "conv1" in taken
    assert "embedding" not in taken
    grey = np.random.default_rng(0).normal(size=(1, 112, 112, 1)).astype(np.float32)
    ours = keras.Model(network.input, network.get_layer("conv7_prelu").output).predict_on_batch(grey)
    theirs = keras.Model(faces.input, faces.get_layer("conv7_prelu").output).predict_on_batch(grey.repeat(3, axis=3))
    np.testing.assert_allclose(ours, theirs, atol=1e-3 * np.abs(theirs).max())


def test_several_networks_of_a_kind_begin_at_the_mean_of_their_weights(tmp_path: Path) -> None:
    from converter.emotion_network import build_network
    from converter.emotion_start import load_mean

    paths = [tmp_path / "one.keras", tmp_path / "other.keras"]
    networks = [build_network(32), build_network(32)]
    for network, path in zip(networks, paths, strict=True):
        network.save(path)
    one, other, mean = (network.get_weights() for network in (*networks, load_mean(paths)))
    for first, second, between in zip(one, other, mean, strict=True):
        np.testing.assert_allclose(between, (first + second) / 2, rtol=1e-6)


def test_networks_of_two_kinds_have_no_mean(tmp_path: Path) -> None:
    from converter.emotion_network import build_network, build_seed_network
    from converter.emotion_start import load_mean

    paths = [tmp_path / "ours.keras", tmp_path / "seed.keras"]
    build_network(32).save(paths[0])
    build_seed_network(32).save(paths[1])
    with pytest.raises(ModelError, match=r"seed.keras: is of another kind"):
        load_mean(paths)


def test_a_network_with_nothing_in_common_is_refused() -> None:
    from converter.emotion_network import build_face_network, build_seed_network
    from converter.emotion_start import take_weights

    with pytest.raises(ModelError, match="no layer in common"):
        take_weights(build_face_network(32), build_seed_network(32))


def test_a_network_whose_layers_have_other_sizes_is_refused() -> None:
    from converter.emotion_network import build_face_network, build_network
    from converter.emotion_start import take_weights

    with pytest.raises(ModelError, match="'logits' has other sizes"):
        take_weights(build_network(32), build_face_network(32))
