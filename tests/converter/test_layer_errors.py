"""The layer that quantization hurts is found and named."""

from __future__ import annotations

import numpy as np
import pytest

from converter.layer_errors import layer_errors, matched
from converter.tflite_graph import Operation, Tensor
from edge.errors import ModelError
from tests.edge.toy_models import dense

KERNEL = np.random.default_rng(0).normal(size=(8, 3))
INPUTS = list(np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32))


def operation(kind: str, name: str, shape: tuple[int, ...] = (1, 4)) -> Operation:
    return Operation(kind, (), (Tensor(0, name, shape, "float32", 0.0, 0),))


def test_the_same_model_has_no_error() -> None:
    model = dense(KERNEL, np.zeros(3), softmax=True)
    errors = layer_errors(model, model, INPUTS)
    assert [(layer.error, layer.added) for layer in errors] == [(0, 0), (0, 0)]


def test_an_error_is_told_in_deviations_of_the_float_values() -> None:
    model = dense(KERNEL, np.zeros(3), softmax=False)
    shifted = dense(KERNEL, np.full(3, 0.5), softmax=False)
    (layer,) = layer_errors(model, shifted, INPUTS)
    spread = (np.stack(INPUTS) @ KERNEL).std()
    assert layer.error == pytest.approx(0.5 / spread, rel=0.05)  # a little of a shift looks like a scale
    assert (layer.name, layer.operation, layer.macs) == ("logits", "FULLY_CONNECTED", 24)


def test_channels_that_were_only_scaled_have_no_error() -> None:
    model = dense(KERNEL, np.zeros(3), softmax=False)
    scaled = dense(KERNEL * [0.1, 1.0, 30.0], np.zeros(3), softmax=False)
    (layer,) = layer_errors(model, scaled, INPUTS)
    assert layer.error == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("channel", [0.0, -1.0])
def test_a_channel_that_was_lost_or_turned_round_is_an_error(channel: float) -> None:
    model = dense(KERNEL, np.zeros(3), softmax=False)
    (layer,) = layer_errors(model, dense(KERNEL * [channel, 1.0, 1.0], np.zeros(3), softmax=False), INPUTS)
    expected = np.stack(INPUTS) @ KERNEL
    assert layer.error == pytest.approx(np.sqrt((expected[:, 0] ** 2).mean() / 3) / expected.std(), rel=0.05)


def test_what_a_layer_inherits_is_not_blamed_on_it() -> None:
    model = dense(KERNEL, np.zeros(3), softmax=True)
    noisy = dense(KERNEL + 0.3 * np.random.default_rng(2).normal(size=KERNEL.shape), np.zeros(3), softmax=True)
    layers = {layer.operation: layer for layer in layer_errors(model, noisy, INPUTS)}
    assert layers["FULLY_CONNECTED"].added == layers["FULLY_CONNECTED"].error > 0
    assert layers["SOFTMAX"].added < layers["SOFTMAX"].error


def test_conversions_between_number_formats_do_not_disturb_the_match() -> None:
    float_model = [operation("CONV_2D", "a"), operation("ADD", "b")]
    quantized = [
        operation("QUANTIZE", "a"),  # its name is that of another layer
        operation("CONV_2D", "a2"),
        operation("ADD", "b2"),
        operation("DEQUANTIZE", "b"),
    ]
    assert [tensor.name for _, tensor in matched(float_model, quantized)] == ["a2", "b2"]


def test_layers_that_were_fused_differently_are_matched_by_name() -> None:
    float_model = [operation("CONV_2D", "a"), operation("RELU", "b"), operation("ADD", "c")]
    quantized = [operation("CONV_2D", "b"), operation("ADD", "c", shape=(1, 9))]
    assert [(ours.kind, tensor.name) for ours, tensor in matched(float_model, quantized)] == [("RELU", "b")]


def test_two_models_without_a_common_layer_are_refused() -> None:
    other = dense(np.ones((8, 5)), np.zeros(5), softmax=True)
    with pytest.raises(ModelError, match="has no layer of the float model; convert it from this very source"):
        layer_errors(dense(KERNEL, np.zeros(3), softmax=False), other, INPUTS)


def test_no_inputs_are_refused() -> None:
    model = dense(KERNEL, np.zeros(3), softmax=False)
    with pytest.raises(ModelError, match="no pictures"):
        layer_errors(model, model, [])
