"""The networks are small enough for a Pi, and see through the light."""

from __future__ import annotations

import numpy as np
import pytest

from edge.records import LABELS

pytestmark = pytest.mark.converter


@pytest.mark.parametrize("kind", ["ours", "faces"])
def test_the_network_fits_a_raspberry_pi(kind: str) -> None:
    from converter.emotion_network import ARCHITECTURES, count_macs

    architecture = ARCHITECTURES[kind]
    model = architecture.build(architecture.size, 0.2, True)
    assert count_macs(model) <= 60_000_000
    assert model.count_params() <= 1_500_000
    assert model.output_shape == (None, len(LABELS))


def test_even_light_makes_a_dim_picture_the_same_face() -> None:
    from converter.emotion_network import build_network

    size = 32
    picture = np.random.default_rng(0).normal(0, 0.4, (1, size, size, 1)).astype(np.float32)
    dim = picture * 0.5 - 0.3
    for even_light in (True, False):
        model = build_network(size, 0.0, even_light)
        one, other = (model.predict_on_batch(pixels) for pixels in (picture, dim))
        assert np.allclose(one, other, rtol=0.05, atol=0.05) == even_light
    wall = np.full_like(picture, 0.2)
    assert np.isfinite(build_network(size, 0.0, True).predict_on_batch(wall)).all()
