"""Training that does not begin at nothing: the weights of another network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from edge.errors import ModelError


def load_network(path: Path) -> keras.Model:
    """The model in a `.keras` file, on whatever backend Keras trains with. Raises ModelError when it cannot be read."""
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: cannot be read as a Keras model: {error}") from error


def load_mean(paths: Sequence[Path]) -> keras.Model:
    """The network whose weights are the mean of those in the files, one at least.

    Networks that were trained from the same weights lie in one valley, and their mean lies lower in it than any of
    them (Wortsman et al., "Model soups", 2022). Raises ModelError when one cannot be read or is of another kind.
    """
    models = [load_network(path) for path in paths]
    first, *others = models
    shapes = [weights.shape for weights in first.get_weights()]
    for path, other in zip(paths[1:], others, strict=True):
        if [weights.shape for weights in other.get_weights()] != shapes:
            raise ModelError(f"{path}: is of another kind or size than {paths[0]}, so that they have no mean")
    if others:
        first.set_weights([np.mean(parts, axis=0) for parts in zip(*(m.get_weights() for m in models), strict=True)])
    return first


def take_weights(model: keras.Model, start: keras.Model) -> list[str]:
    """Give model the weights of start: all of them where both are alike, else those of layers of one name.

    Kernels for three colours are summed where model takes grey, which is three equal colours. Returns the layers
    that got weights. Raises ModelError when there are none, or layers of one name differ otherwise.
    """
    weights = start.get_weights()
    if [w.shape for w in weights] == [w.shape for w in model.get_weights()]:
        model.set_weights(weights)
        return [layer.name for layer in model.layers if layer.weights]
    taken = []
    given = {layer.name: layer for layer in start.layers}
    for layer in model.layers:
        if not layer.weights or layer.name not in given:
            continue
        values = given[layer.name].get_weights()
        shapes = [tuple(variable.shape) for variable in layer.weights]
        if values and values[0].ndim == 4 and values[0].shape[2] == 3 and shapes[0][2] == 1:
            values[0] = np.sum(values[0], axis=2, keepdims=True)
        if [value.shape for value in values] != shapes:
            raise ModelError(
                f"the model to start from: its layer {layer.name!r} has other sizes than {shapes}: "
                "name one of the same architecture"
            )
        layer.set_weights(values)
        taken.append(layer.name)
    if not taken:
        raise ModelError("the model to start from has no layer in common: name one of the same architecture")
    return taken
