"""Multiply-accumulates that can be worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from converter.macs import count_macs, operation_macs
from converter.tflite_graph import Operation, Tensor
from edge.errors import ModelError
from edge.manifest import Manifest, shipped_models
from tests.edge.toy_models import dense


def tensor(*shape: int) -> Tensor:
    return Tensor(0, "", shape, "float32", 0.0, 0)


@pytest.mark.parametrize(
    ("kind", "inputs", "output", "expected"),
    [
        # 10x10 places, 8 filters, each over 3x3 pixels of 4 channels
        ("CONV_2D", [(1, 10, 10, 4), (8, 3, 3, 4), (8,)], (1, 10, 10, 8), 100 * 8 * 36),
        # in two groups each filter sees only half of the channels
        ("CONV_2D", [(1, 10, 10, 4), (8, 3, 3, 2), (8,)], (1, 10, 10, 8), 100 * 8 * 18),
        ("DEPTHWISE_CONV_2D", [(1, 10, 10, 4), (1, 3, 3, 4), (4,)], (1, 10, 10, 4), 100 * 4 * 9),
        ("FULLY_CONNECTED", [(1, 64), (10, 64), (10,)], (1, 10), 640),
        # every pixel of the small picture is spread over 2x2 places of 5 channels
        ("TRANSPOSE_CONV", [(4,), (5, 2, 2, 3), (1, 6, 6, 3)], (1, 12, 12, 5), 36 * 3 * 2 * 2 * 5),
        ("BATCH_MATMUL", [(1, 7, 16), (1, 16, 9)], (1, 7, 9), 7 * 9 * 16),
        # not counted, as is the custom
        ("ADD", [(1, 10, 10, 4), (1, 10, 10, 4)], (1, 10, 10, 4), 0),
    ],
)
def test_an_operation_counts_what_it_multiplies(
    kind: str, inputs: list[tuple[int, ...]], output: tuple[int, ...], expected: int
) -> None:
    operation = Operation(kind, tuple(tensor(*shape) for shape in inputs), (tensor(*output),))
    assert operation_macs(operation) == expected


def test_a_dense_layer_multiplies_each_input_for_each_output() -> None:
    assert count_macs(dense(np.ones((12, 4)), np.zeros(4), softmax=True)) == 48


def test_the_shipped_expression_model_counts_as_its_training_said(manifest: Manifest) -> None:
    said = json.loads((shipped_models() / "keras" / "emotion.json").read_text(encoding="utf-8"))
    assert count_macs(manifest.read(manifest.entry("emotion", "emotion"))) == said["macs"]


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError, match="LiteRT cannot load the model"):
        count_macs(b"\x1c\x00\x00\x00TFL3" + bytes(64))
