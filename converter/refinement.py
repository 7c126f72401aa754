"""VGG-Face made ready for 8 bits: the same function in float32, with weights that lose less when they are rounded.

Its activations have one range for all channels, and a channel that stays far below the strongest is left with few
of the 256 levels. A ReLU lets every channel be scaled, and the next layer's weights the other way round (Nagel et al.,
"Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019); how far to go, so that neither
side loses, is after Xiao et al., "SmoothQuant", ICML 2023. Then the weights are rounded by their effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.layer_line import Layer, LayerLine
from converter.quantization import Ranges
from converter.tflite_graph import Graph
from converter.weight_rounding import rounded_by_effect
from edge.errors import ModelError

Floats = NDArray[np.float32]

Bar = Callable[[str], Callable[[Iterable[Any]], Iterable[Any]]]
"""Makes a progress bar of a title."""

_PLACES = 8
"""Of each picture, at which a convolution's inputs are taken for the rounding of its weights."""
_SAMPLES = 1600
"""Of them in all, at most, unless there are more pictures: the work grows with their square."""
_SHARE = 0.75
"""How far channels are made alike: 1 gives each the whole range and leaves its weights what they become, 0.5 lets both
sides lose alike. Between, since rounding by effect helps the weights alone. Measured at full size (`dynamic_wi8`, faces
of LFW): the noise of the activations was 22% less than at 0.5 (24 faces, before there was `_UNSEEN`), all noise
together 5% less than at 1 (100 faces)."""
_UNSEEN = 0.5
"""Of the channels' usual strength, what each is credited with beside its own: one hardly seen in the pictures may be
strong in another face."""


@dataclass(frozen=True, eq=False)
class Refined:
    """A float32 TFLite file ready for 8 bits."""

    content: bytes
    ranges: Ranges


@dataclass(eq=False)
class _Seen:
    """What a tensor held over all pictures, by channel."""

    low: Floats
    high: Floats


def refine(content: bytes, pictures: Sequence[Floats] | Floats, bar: Bar = lambda title: iter) -> Refined | None:
    """The model scaled and with rounded weights, and the ranges of its activations; the same for the same arguments.

    content: a float32 TFLite file; pictures: (H, W, C) float32 each, normalized as the model takes them. None when the
    model's layers do not follow one another in a single line. Raises ModelError when there is no picture.
    """
    line = LayerLine(content)
    if not line.layers:
        return None
    places = max(1, min(_PLACES, _SAMPLES // max(1, len(pictures))))
    seen, samples = _observe(content, line.layers, bar("calibrating")(pictures), places)
    scales = equalize(line.layers, {name: each.high for name, each in seen.items()})
    for layer, inputs in bar("rounding weights")(list(zip(line.layers, samples, strict=True))):
        weights = layer.weights.reshape(len(layer.weights), -1)
        weights[:] = rounded_by_effect(weights, _per_channel(inputs, scales.get(layer.given)))
    return Refined(line.content, {name: _range(each, scales.get(name)) for name, each in seen.items()})


def equalize(layers: Sequence[Layer], highest: Mapping[str, Floats]) -> dict[str, Floats]:
    """Scale the channels between each two layers so that both sides lose alike; the function stays the same.

    highest: largest value of each channel, by output tensor. Returns what the values of each tensor between layers were
    divided by, by channel.
    """
    scales: dict[str, Floats] = {}
    for layer, following in pairwise(layers):
        if not layer.rectified or layer.bias is None:
            continue
        channels = len(layer.weights)
        taken = following.weights.reshape(len(following.weights), -1, channels)
        scale = _balance(highest[layer.output], np.abs(taken).max(axis=(0, 1)))
        layer.weights[:] /= scale.reshape(-1, *[1] * (layer.weights.ndim - 1))
        layer.bias[:] /= scale
        taken *= scale
        scales |= dict.fromkeys((layer.output, *layer.passed_on), scale)
    return scales


def _balance(highest: Floats, weights: Floats) -> Floats:
    """By what to divide channels: to `_SHARE` by what they reach, for the rest so that their weights are alike."""
    usual = np.sqrt(np.square(highest).mean())
    alive = weights > 0
    scale = np.ones_like(highest)
    if usual == 0 or not alive.any():
        return scale
    scale[alive] = np.hypot(highest[alive], _UNSEEN * usual) ** _SHARE / weights[alive] ** (1 - _SHARE)
    scale[alive] /= np.exp(np.log(scale[alive]).mean())
    return scale


def _observe(
    content: bytes, layers: Sequence[Layer], pictures: Iterable[Floats], places: int
) -> tuple[dict[str, _Seen], list[Floats]]:
    """What every tensor held, by name, and samples of what each layer was given, (samples, N): places of a picture."""
    graph = Graph(content)
    computed = [tensor for operation in graph.operations for tensor in operation.outputs if tensor.dtype == "float32"]
    tensors = {tensor.name: tensor for tensor in [graph.entry, *computed]}
    random = np.random.default_rng(0)
    seen: dict[str, _Seen] = {}
    samples: list[list[Floats]] = [[] for _ in layers]
    for picture in pictures:
        graph.run(picture)
        for name, tensor in tensors.items():
            values = graph.value(tensor)
            values = values.reshape(-1, values.shape[-1])
            low, high = values.min(axis=0), values.max(axis=0)
            if name in seen:
                low, high = np.minimum(low, seen[name].low), np.maximum(high, seen[name].high)
            seen[name] = _Seen(low, high)
        for layer, found in zip(layers, samples, strict=True):
            found.append(_patches(graph.value(tensors[layer.given])[0], layer, places, random))
    if not seen:
        raise ModelError("no pictures to measure activation ranges on")
    return seen, [np.concatenate(found) for found in samples]


def _patches(values: Floats, layer: Layer, places: int, random: np.random.Generator) -> Floats:
    """(samples, N) of what the layer multiplies its weights with, from the (H, W, C) that it is given."""
    if layer.weights.ndim == 2:
        return values.reshape(1, -1)
    height, width = layer.weights.shape[1:3]
    if layer.padded:
        values = np.pad(values, [((side - 1) // 2, side // 2) for side in (height, width)] + [(0, 0)])
    rows, columns = values.shape[0] - height + 1, values.shape[1] - width + 1
    count = min(places, rows * columns)
    corners = zip(random.integers(0, rows, count), random.integers(0, columns, count), strict=True)
    return np.stack([values[y : y + height, x : x + width].ravel() for y, x in corners])


def _per_channel(values: Floats, scale: Floats | None) -> Floats:
    """(..., N) values divided by the scale of their channels, which repeat where several places were made one row."""
    if scale is None:
        return values
    return values / np.tile(scale, values.shape[-1] // len(scale))


def _range(seen: _Seen, scale: Floats | None) -> tuple[float, float]:
    """Of all channels together, zero included."""
    low, high = _per_channel(seen.low, scale), _per_channel(seen.high, scale)
    return min(0.0, float(low.min())), max(0.0, float(high.max()))
