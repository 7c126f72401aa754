"""VGG-Face from a file with its weights alone, in the layer namings of its public ports.

    conv2d_1 .. conv2d_16           convolutions to the end (vgg_face_weights.h5)
    conv1_1 .. conv5_3, fc6 .. fc8  fc6 to fc8 convolutions, or dense (rcmalli_vggface_tf_vgg16.h5)
    conv1_1 .. conv5_3              without a top: the descriptor is their mean over the picture

Network: Parkhi, Vedaldi, Zisserman, "Deep Face Recognition", 2015: VGG-16 for 224x224 pictures. What went
into the softmax over its 2622 people is the descriptor (fc8); fc7, 4096 long, can be chosen instead.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.keras_reading import Reading, Request, convert
from converter.keras_weights import names_in
from edge.errors import ModelError

BLOCKS = (2, 2, 3, 3, 3)
"""Convolutions in each block; every block ends in a pooling that halves the picture."""
CONVOLUTIONS = tuple(f"conv{block}_{i}" for block, depth in enumerate(BLOCKS, start=1) for i in range(1, depth + 1))
BLOCK_ENDS = tuple(f"conv{block}_{depth}" for block, depth in enumerate(BLOCKS, start=1))
TOP = ("fc6", "fc7", "fc8")
SIDE = 7
"""Height and width of what the last pooling gives for 224x224."""

_NAMINGS = (
    # (layer name, 0 for the convolutions or 1 for what follows); the numbers in the name give the order,
    # where a name without one ("conv2d") is its kind's first.
    (re.compile(r"conv(\d)_(\d)"), 0),
    (re.compile(r"block(\d)_conv(\d)"), 0),
    (re.compile(r"conv(?:olution)?2d(?:_(\d+))?"), 0),
    (re.compile(r"fc(\d)"), 1),
    (re.compile(r"dense(?:_(\d+))?"), 1),
)


@dataclass(frozen=True, eq=False)
class _Layer:
    name: str
    """In the file."""
    kernel: NDArray[np.float32]
    """(height, width, inputs, filters), or (inputs, filters) of a dense layer."""
    bias: NDArray[np.float32]


def read(keras: Any, request: Request) -> Reading:
    """Build the network around the file's weights, and convert it. keras: the module of Keras 3.

    Raises ModelError when the file is damaged, its layers are not VGG-Face's (names the first), or
    `request` asks for a size that it does not take.
    """
    keras.backend.clear_session()  # layers are numbered over the life of a process
    return convert(keras, _network(keras, request, _layers(request)), request)


def _layers(request: Request) -> list[_Layer]:
    """The layers with weights, in the order of the network."""
    import h5py

    try:
        with h5py.File(request.path, "r") as file:
            groups = {name: weights for name, weights in _groups(file) if weights}
            names = sorted(groups, key=lambda name: _place(request, name))
            odd = [name for name in names if len(groups[name]) != 2]
            if odd:
                raise ModelError(
                    f"{request.path}: layer {odd[0]!r} has no bias, or more; VGG-Face's have kernel and bias"
                )
            return [_Layer(name, *(np.asarray(weight, np.float32) for weight in groups[name])) for name in names]
    except (OSError, KeyError) as error:
        raise ModelError(f"{request.path}: damaged or cut short; copy it again ({error})") from error


def _groups(file: Any) -> list[tuple[str, list[Any]]]:
    """(layer, [kernel, bias]) in either layout of weights files."""
    if "layer_names" in file.attrs:
        return [
            (name, [file[name][weight] for weight in names_in(file[name].attrs.get("weight_names", []))])
            for name in names_in(file.attrs["layer_names"])
        ]
    held = {name: group.get("vars", {}) for name, group in file.get("layers", {}).items()}
    return [(name, [weights[str(i)] for i in range(len(weights))]) for name, weights in held.items()]


def _place(request: Request, name: str) -> tuple[int, ...]:
    for naming, part in _NAMINGS:
        match = naming.fullmatch(name)
        if match:
            return (part, *(int(number or 0) for number in match.groups()))
    raise ModelError(
        f"{request.path}: holds weights alone, and layer {name!r} is none of VGG-Face's; "
        "give the architecture's .json as the model and this file as --weights"
    )


def _network(keras: Any, request: Request, layers: list[_Layer]) -> Any:
    """The network with as many filters as the file's layers have, up to fc8 or the last convolution."""
    names = CONVOLUTIONS + TOP
    if len(layers) not in (len(CONVOLUTIONS), len(names)):
        raise ModelError(
            f"{request.path}: holds weights alone, of {len(layers)} layers; VGG-Face has {len(names)}, "
            f"or {len(CONVOLUTIONS)} without its top; give the architecture's .json and this file as --weights"
        )
    picture = keras.Input((32 * SIDE, 32 * SIDE, 3), name="picture")
    x = picture
    for name, layer in zip(names, layers, strict=False):
        side = {"fc6": SIDE}.get(name, 1 if name in TOP else 3)
        kernel = _kernel(request, name, layer, (side, side, int(x.shape[-1])))
        convolution = keras.layers.Conv2D(
            kernel.shape[-1],
            side,
            padding="valid" if name in TOP else "same",
            activation="linear" if name == "fc8" else "relu",
            name=name,
        )
        x = convolution(x)
        convolution.set_weights([kernel, layer.bias])
        if name in BLOCK_ENDS:
            x = keras.layers.MaxPooling2D(2, name=f"pool{name[4]}")(x)
    if len(layers) == len(CONVOLUTIONS):
        x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(picture, x)


def _kernel(request: Request, name: str, layer: _Layer, taken: tuple[int, int, int]) -> NDArray[np.float32]:
    """The layer's kernel as (height, width, inputs, filters): a dense layer is a convolution over all it sees.

    So every port gives the same operations; and in 8 bits every output keeps a scale of its own, which
    tflite-runtime 2.14 gives to convolutions only.
    """
    kernel, filters = layer.kernel, layer.kernel.shape[-1]
    if kernel.ndim == 2 and kernel.shape[0] == math.prod(taken):
        kernel = kernel.reshape(*taken, filters)
    if kernel.shape != (*taken, filters) or layer.bias.shape != (filters,):
        raise ModelError(
            f"{request.path}: layer {layer.name!r} has weights {_said(layer.kernel)} and {_said(layer.bias)}; "
            f"as VGG-Face's {name} it would have {'x'.join(map(str, taken))}x{filters} and {filters}"
        )
    return kernel


def _said(values: NDArray[Any]) -> str:
    return "x".join(map(str, values.shape))
