"""The three networks of MTCNN as Keras models, with the weights that PyPI `mtcnn` 1.0.0 carries.

Zhang et al., "Joint Face Detection and Alignment using Multitask Cascaded Convolutional Networks",
IEEE SPL 2016. R-Net and O-Net take (batch, H, W, 3) float32 RGB as (pixel - 127.5) / 128, P-Net the pixels
as they are, rows first. All three answer, in this order:

    probability  (..., 1) that there is a face, 0..1
    box          (..., 4) x1, y1, x2, y2: how far each edge moves, as a share of the side of the box
                 that was looked at
    landmarks    (..., 10), O-Net only: x, y of the five points, as shares of that box: the subject's
                 right eye (left in the picture), left eye, nose, right mouth corner, left mouth corner

P-Net answers for every cell of a map, (batch, rows, columns, ...); a cell stands for 12 pixels and the
next one for those 2 pixels on. R-Net and O-Net answer once per picture of 24 or 48 pixels.

Three things are written differently than in the package and change no answer: the softmax over "no
face" and "face" is the sigmoid of the difference of the two logits; the dense layer behind the
convolutions is a convolution over the whole map, so that the swap of rows and columns that the
package does there (its weights come from MATLAB, columns first) is folded into the weights; the
landmarks come as five x, y pairs where the package gives five x and then five y. P-Net, which does most
of the work, is written for speed: see `converter.pnet`.
"""

from __future__ import annotations

import hashlib
import io
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from converter.pnet import pnet
from edge.errors import ModelError

if TYPE_CHECKING:
    import keras

SOURCES = {
    "mtcnn-pnet": ("pnet.lz4", "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5"),
    "mtcnn-rnet": ("rnet.lz4", "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee"),
    "mtcnn-onet": ("onet.lz4", "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3"),
}
"""Name of the model -> its file in the package, and that file's sha256."""


def mtcnn_model(name: str) -> keras.Model:
    """One of `SOURCES` as a float Keras model with its weights, from the installed package `mtcnn`.

    Raises ModelError when the package is missing or carries other weights than those that were measured.
    """
    weights = _package_weights(name)
    if name == "mtcnn-pnet":
        return pnet(weights)
    model = {"mtcnn-rnet": _rnet, "mtcnn-onet": _onet}[name]()
    heads = {"mtcnn-rnet": 1, "mtcnn-onet": 2}[name]
    _fill(model, weights, heads)
    return model


def _package_weights(name: str) -> list[NDArray[np.float32]]:
    file, sha256 = SOURCES[name]
    try:
        import joblib

        content = (files("mtcnn") / "assets" / "weights" / file).read_bytes()
    except (ImportError, OSError) as error:
        raise ModelError(
            f"{name}: the weights come with PyPI `mtcnn` 1.0.0: pip install 'classpulse[converter]'"
        ) from error
    # joblib unpickles, which runs what the file says: only the known file may get there.
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(
            f"{name}: {file} of the installed `mtcnn` is not that of version 1.0.0: pip install mtcnn==1.0.0"
        )
    weights: list[NDArray[np.float32]] = joblib.load(io.BytesIO(content))
    return weights


def _rnet() -> keras.Model:
    import keras

    picture = keras.Input((24, 24, 3), name="picture")
    x = _block(picture, 1, 28, 3)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    x = _block(x, 2, 48, 3)
    x = keras.layers.MaxPooling2D(3, 2, padding="valid", name="pool2")(x)
    x = _block(x, 3, 64, 2)
    x = _block(x, 4, 128, 3)
    return keras.Model(picture, _heads(x, ("probability", "box")), name="mtcnn_rnet")


def _onet() -> keras.Model:
    import keras

    picture = keras.Input((48, 48, 3), name="picture")
    x = _block(picture, 1, 32, 3)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    x = _block(x, 2, 64, 3)
    x = keras.layers.MaxPooling2D(3, 2, padding="valid", name="pool2")(x)
    x = _block(x, 3, 64, 3)
    x = keras.layers.MaxPooling2D(2, 2, padding="same", name="pool3")(x)
    x = _block(x, 4, 128, 2)
    x = _block(x, 5, 256, 3)
    return keras.Model(picture, _heads(x, ("probability", "box", "landmarks")), name="mtcnn_onet")


def _block(x: Any, number: int, channels: int, kernel: int) -> Any:
    import keras

    x = keras.layers.Conv2D(channels, kernel, padding="valid", name=f"conv{number}")(x)
    return keras.layers.PReLU(shared_axes=(1, 2), name=f"prelu{number}")(x)


def _heads(x: Any, names: tuple[str, ...]) -> list[Any]:
    import keras

    outputs = []
    for name in names:
        width = {"probability": 1, "box": 4, "landmarks": 10}[name]
        activation = "sigmoid" if name == "probability" else None
        head = keras.layers.Conv2D(width, 1, activation=activation, name=name)(x)
        # Not keras.layers.Flatten: it asks for the batch size at run time, in five more operations.
        outputs.append(keras.ops.reshape(head, (-1, width)))
    return outputs


def _fill(model: keras.Model, weights: list[NDArray[np.float32]], regressions: int) -> None:
    """Set the weights: kernel, bias and slope of each block; of each regression; of the softmax."""
    left = iter(weights)
    for layer in model.layers:
        if layer.name.startswith("conv"):
            kernel, bias = next(left), next(left)
            if kernel.ndim == 2:  # the dense layer: its inputs count columns first
                side = layer.kernel_size[0]
                kernel = kernel.reshape(side, side, -1, kernel.shape[-1]).transpose(1, 0, 2, 3)
            layer.set_weights([kernel, bias])
        elif layer.name.startswith("prelu"):
            layer.set_weights([next(left).reshape(1, 1, -1)])
    for name in ("box", "landmarks")[:regressions]:
        kernel, bias = next(left), next(left)
        if name == "landmarks":
            pairs = np.arange(10).reshape(2, 5).T.ravel()
            kernel, bias = kernel[:, pairs], bias[pairs]
        model.get_layer(name).set_weights([kernel.reshape(1, 1, -1, kernel.shape[-1]), bias])
    kernel, bias = next(left), next(left)
    kernel = kernel.reshape(1, 1, -1, 2)
    model.get_layer("probability").set_weights([kernel[..., 1:] - kernel[..., :1], bias[1:] - bias[:1]])
