"""The layers that stay float32 unless asked otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from converter.card import layer_text
from converter.mixed import FIRST_WEIGHTS, usual_kept_float
from converter.quantization import operation_names, quantize
from converter.role_defaults import Said, describe_model
from converter.source import read_source
from edge.manifest import ModelEntry
from tests.converter.legacy_models import FACE_RECOGNITION, write_legacy_models

pytestmark = pytest.mark.converter


@pytest.fixture(scope="module")
def vgg_face(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ModelEntry]:
    """The float32 file of a narrow VGG-Face, and its entry."""
    folder = tmp_path_factory.mktemp("legacy")
    write_legacy_models(folder, FACE_RECOGNITION)
    source = read_source(folder / FACE_RECOGNITION)
    return source.tflite, describe_model(source, "vggface", Said(), "vggface.tflite", "")[0]


def with_recipe(entry: ModelEntry, recipe: str) -> ModelEntry:
    return replace(entry, recipe=recipe)


def test_the_first_layers_of_vggface_stay_float_and_cost_hardly_any_size(vgg_face: tuple[bytes, ModelEntry]) -> None:
    content, entry = vgg_face
    kept = usual_kept_float(content, with_recipe(entry, "dynamic_wi8"))
    assert [layer_text(expression).split("/")[1] for expression in kept][:3] == [
        "conv2d_1",
        "conv2d_2",
        "max_pooling2d",
    ]
    assert len(kept) < len(operation_names(content))
    added = len(quantize(content, "dynamic_wi8", None, kept)) - len(quantize(content, "dynamic_wi8"))
    assert 0 < added < FIRST_WEIGHTS * len(content)


@pytest.mark.parametrize("recipe", ["float32", "float16"])
def test_recipes_without_8_bits_keep_no_layer(vgg_face: tuple[bytes, ModelEntry], recipe: str) -> None:
    assert usual_kept_float(vgg_face[0], with_recipe(vgg_face[1], recipe)) == ()


def test_an_expression_of_a_user_is_shown_as_it_was_given() -> None:
    assert layer_text("conv2d_[12]$") == "conv2d_[12]$"
    assert layer_text(r"^model/conv_1/Relu;model/conv_1/Conv2D$") == "model/conv_1/Relu"
