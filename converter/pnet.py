"""MTCNN's P-Net, written so that a runtime is fast at it; it answers as the original does.

Most of P-Net's time goes into its first block, at full resolution: a convolution, a PReLU with a slope per
channel and max-pooling. Over ten channels the PReLU takes as long as the convolution, in 8 bits twice as long,
since vector units want sixteen. But with y = PReLU(x) and slope a

    y = max(x, a x)     for a <= 1
    y = -max(-x, -a x)  for a > 1

and pooling takes the greatest as well. So the largest y of a pool is had from the largest x of the pool,
and where a is negative from the largest a x too: the convolution gets one more channel for each negative
slope, of which there are six, sixteen channels in all; the PReLU comes after the pooling, a quarter of the work, as
the maximum of two selections. The normalization (pixel - 127.5) / 128 is folded into the convolution, so
that 8-bit pixels are the input as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

SIDE = 96
"""Height and width that the model says it takes. Any will do, but the quantizer cannot run an open one."""


def pnet(weights: list[NDArray[np.float32]]) -> keras.Model:
    """P-Net, (1, H, W, 3) pixels 0..255 to probability and box, from the package's list of its weights.

    weights: kernel, bias and slope of each of the three blocks; kernel and bias of the boxes, then of the softmax.
    """
    import keras

    kernel, bias, slope, *blocks = weights
    picture = keras.Input((SIDE, SIDE, 3), name="picture")
    x, sign = _first_block(picture, kernel / 128, bias - kernel.sum(axis=(0, 1, 2)) * (127.5 / 128), slope.ravel())
    kernel2, bias2, slope2, kernel3, bias3, slope3, box_kernel, box_bias, softmax, softmax_bias = blocks
    x = _prelu(_convolution(x, "conv2", kernel2 * sign[:, None], bias2), "prelu2", slope2)
    x = _prelu(_convolution(x, "conv3", kernel3, bias3), "prelu3", slope3)
    difference, difference_bias = softmax[..., 1:] - softmax[..., :1], softmax_bias[1:] - softmax_bias[:1]
    probability = _convolution(x, "probability", difference, difference_bias, activation="sigmoid")
    box = _convolution(x, "box", box_kernel, box_bias)
    return keras.Model(picture, [probability, box], name="mtcnn_pnet")


def _first_block(
    picture: Any, kernel: NDArray[np.float32], bias: NDArray[np.float32], slope: NDArray[np.float32]
) -> tuple[Any, NDArray[np.float32]]:
    """Convolution, pooling and PReLU; the sign, (channels,), by which each channel of the result is to be taken."""
    import keras

    count = len(slope)
    negative = np.flatnonzero(slope < 0)
    sign = np.where(slope > 1, -1, 1).astype(np.float32)
    x = _convolution(
        picture,
        "conv1",
        np.concatenate([kernel, kernel[..., negative] * slope[negative]], axis=-1),
        np.concatenate([bias, bias[negative] * slope[negative]]),
    )
    x = keras.layers.MaxPooling2D(2, 2, padding="same", name="pool1")(x)
    above = np.zeros((1, 1, count + len(negative), count), dtype=np.float32)
    below = np.zeros_like(above)
    channels = np.arange(count)
    above[0, 0, channels, channels] = sign
    below[0, 0, channels, channels] = sign * slope
    below[0, 0, negative, negative] = 0
    below[0, 0, count + np.arange(len(negative)), negative] = 1
    none = np.zeros(count, dtype=np.float32)
    selections = [_convolution(x, "above", above, none), _convolution(x, "below", below, none)]
    return keras.layers.Maximum(name="prelu1")(selections), sign


def _convolution(
    x: Any, name: str, kernel: NDArray[np.float32], bias: NDArray[np.float32], activation: str | None = None
) -> Any:
    """Kernel: (height, width, inputs, outputs), or (inputs, outputs) for one of 1x1."""
    import keras

    kernel = kernel.reshape(*(1,) * (4 - kernel.ndim), *kernel.shape)
    layer = keras.layers.Conv2D(kernel.shape[3], kernel.shape[:2], padding="valid", activation=activation, name=name)
    answer = layer(x)
    layer.set_weights([kernel, bias])
    return answer


def _prelu(x: Any, name: str, slope: NDArray[np.float32]) -> Any:
    import keras

    layer = keras.layers.PReLU(shared_axes=(1, 2), name=name)
    answer = layer(x)
    layer.set_weights([slope.reshape(1, 1, -1)])
    return answer
