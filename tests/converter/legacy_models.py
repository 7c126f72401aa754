"""The files of the original system, written by the Keras of its day: Keras 2, in a process of its own.

Layer kinds and sizes are the published ones. The weights are random, of the scale that keeps activations alike
from layer to layer (He et al., 2015); filters differ in strength, and single weights reach far out (Laplace).
VGG-Face's filters are not made to sum to zero: without the mean of what a ReLU gives, each layer would widen small
differences by 1/(1 - 1/pi) in power (slope of the arc-cosine kernel, Cho & Saul, 2009), fifteen layers 300-fold. That
is chaos (Poole et al., 2016); trained networks dampen noise instead (Arora et al., 2018). The other networks' filters
do sum to zero: batch normalization takes the mean away. The same arguments give the same weights.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FACE_RECOGNITION = "face_recognition.h5"
"""VGG-Face, 224x224x3, a softmax over 2622 people on top; its architecture included."""
VGG_FACE_WEIGHTS = "vgg_face_weights.h5"
"""Weights alone, layers called conv2d_1 to conv2d_16."""
VGG_FACE_DENSE_WEIGHTS = "rcmalli_vggface_tf_vgg16.h5"
"""Weights alone, layers called conv1_1 to fc8, the last three dense."""
VGG_FACE_NO_TOP_WEIGHTS = "rcmalli_vggface_tf_notop_vgg16.h5"
"""Weights of the thirteen convolutions alone, called conv1_1 to conv5_3."""
CLASSIFIER = ("classifier_face.json", "classifier_face.h5")
"""Architecture and weights: a dense softmax over an embedding."""
FACE_CLASSIFIER = "face_classifier.h5"
"""The same in one file."""
EMOTION = ("emotion_arch.json", "emotion_weights.h5")
"""Architecture and weights: separable convolutions with shortcuts, 224x224x1, five labels."""
EMOTION_ARCH = "emotion_arch.h5"
"""Plain convolutions in one file, 224x224x1, five labels."""

ORIGINAL_SET = (FACE_RECOGNITION, CLASSIFIER[0], FACE_CLASSIFIER, EMOTION[0], EMOTION_ARCH)
"""The original system's files; of a pair, the architecture stands for both."""


def write_legacy_models(
    folder: Path, *names: str, width: int = 4, embedding: int = 2622, students: int = 4, seed: int = 1
) -> None:
    """Write the files called `names` (default: the original system's set) into `folder`.

    Beside each lies `<name>.npy`: what the model answers to `probe`.

    width: filters of VGG-Face's first block; 64 is the published network with 145 M parameters.
    embedding, students: input and output length of the face classifiers.
    """
    options = {
        "names": names or ORIGINAL_SET,
        "width": width,
        "embedding": embedding,
        "students": students,
        "seed": seed,
    }
    run_keras_2(f"from tests.converter import legacy_models; legacy_models.write({str(folder)!r}, **{options!r})")


def run_keras_2(program: str) -> None:
    """Run a Python program in a process where Keras is Keras 2; `tf_keras` is its name."""
    quiet = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}
    path = os.pathsep.join(part for part in sys.path if part)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | quiet | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Keras 2 failed: {done.stderr[-2000:]}")


def write(folder: str, *, names: tuple[str, ...], width: int, embedding: int, students: int, seed: int) -> None:
    """What the process of its own does."""
    import tf_keras

    tf_keras.utils.set_random_seed(seed)
    target = Path(folder)
    for name in names:
        tf_keras.backend.clear_session()
        if name in (FACE_RECOGNITION, VGG_FACE_WEIGHTS):
            model = _vgg_face(tf_keras, width)
        elif name in (VGG_FACE_DENSE_WEIGHTS, VGG_FACE_NO_TOP_WEIGHTS):
            model = _vgg_face_dense(tf_keras, width, top=name == VGG_FACE_DENSE_WEIGHTS)
        elif name in (CLASSIFIER[0], FACE_CLASSIFIER):
            model = _classifier(tf_keras, embedding, students)
        else:
            model = _separable(tf_keras) if name == EMOTION[0] else _plain(tf_keras)
        _train(model, seed, vgg_face=name.startswith(("vgg", "rcmalli")) or name == FACE_RECOGNITION)
        np.save(target / f"{name}.npy", model(probe(model.input_shape[1:])).numpy())
        if name in (CLASSIFIER[0], EMOTION[0]):
            (target / name).write_text(model.to_json(), encoding="utf-8")
            model.save_weights(target / dict((CLASSIFIER, EMOTION))[name])
        elif name.startswith(("vgg", "rcmalli")):
            model.save_weights(target / name)
        else:
            model.save(target / name)


def probe(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One input, (1, *shape), to compare the answers of a model and its conversion on."""
    return np.random.default_rng(0).uniform(-1, 1, (1, *shape)).astype(np.float32)


def _vgg_face(keras: Any, width: int) -> Any:
    """As the ports build it: convolutions all the way, padding in layers of its own."""
    layers = keras.layers
    model = keras.Sequential([layers.Input((224, 224, 3))])
    number = 0
    for block, depth in enumerate((2, 2, 3, 3, 3)):
        for _ in range(depth):
            number += 1
            model.add(layers.ZeroPadding2D(1))
            model.add(layers.Conv2D(width * min(2**block, 8), 3, activation="relu", name=f"conv2d_{number}"))
        model.add(layers.MaxPooling2D(2, strides=2))
    for side in (7, 1):
        number += 1
        model.add(layers.Conv2D(64 * width, side, activation="relu", name=f"conv2d_{number}"))
        model.add(layers.Dropout(0.5))
    model.add(layers.Conv2D(2622, 1, name="conv2d_16"))
    model.add(layers.Flatten())
    model.add(layers.Activation("softmax"))
    return model


def _vgg_face_dense(keras: Any, width: int, *, top: bool = True) -> Any:
    """As the other ports build it: dense layers on top, their activations in layers of their own."""
    layers = keras.layers
    model = keras.Sequential([layers.Input((224, 224, 3))])
    for block, depth in enumerate((2, 2, 3, 3, 3), start=1):
        for i in range(1, depth + 1):
            filters = width * min(2 ** (block - 1), 8)
            model.add(layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"conv{block}_{i}"))
        model.add(layers.MaxPooling2D(2, strides=2, name=f"pool{block}"))
    if not top:
        return model
    model.add(layers.Flatten(name="flatten"))
    for name, units in (("fc6", 64 * width), ("fc7", 64 * width)):
        model.add(layers.Dense(units, name=name))
        model.add(layers.Activation("relu", name=f"{name}/relu"))
    model.add(layers.Dense(2622, name="fc8"))
    model.add(layers.Activation("softmax", name="fc8/softmax"))
    return model


def _classifier(keras: Any, embedding: int, students: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((embedding,)),
            layers.Dense(100, activation="tanh"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="tanh"),
            layers.Dropout(0.2),
            layers.Dense(students, activation="softmax"),
        ]
    )


def _plain(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([layers.Input((224, 224, 1))])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D(2))
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(5, activation="softmax"))
    return model


def _separable(keras: Any) -> Any:
    """After mini-Xception (Arriaga, Valdenegro-Toro, Plöger, arXiv:1710.07557)."""
    layers = keras.layers
    picture = layers.Input((224, 224, 1))
    x = layers.Conv2D(8, 3, use_bias=False)(picture)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters in (16, 32, 64, 128):
        shortcut = layers.Conv2D(filters, 1, strides=2, padding="same", use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
        x = layers.add([x, shortcut])
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 3, padding="same")(x))
    return keras.Model(picture, layers.Activation("softmax")(x))


def _train(model: Any, seed: int, *, vgg_face: bool) -> None:
    """Give the model weights of a trained network's scale."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            name, shape = weight.name.rsplit("/", 1)[-1].split(":")[0], tuple(weight.shape)
            if name == "depthwise_kernel":
                weight.assign(random.normal(0, np.sqrt(2 / 9), shape))
            elif name.endswith("kernel"):
                inputs = int(np.prod(shape[:-1]))
                # Laplace of variance 2 / inputs keeps the scale of what goes through a ReLU (He et al., 2015).
                value = random.laplace(0, np.sqrt(1 / inputs), shape).astype(np.float32)
                if not vgg_face:
                    value -= value.mean(axis=tuple(range(len(shape) - 1)))
                weight.assign(value * random.lognormal(0, 0.25, shape[-1]).astype(np.float32))
            elif name in ("gamma", "moving_variance"):
                weight.assign(random.uniform(0.5, 1.5, shape))
            else:  # bias, beta, moving_mean
                weight.assign(random.normal(0, 0.05, shape))


if __name__ == "__main__":
    # To measure with: python -m tests.converter.legacy_models FOLDER '{"width": 64}' face_recognition.h5
    write_legacy_models(Path(sys.argv[1]), *sys.argv[3:], **json.loads(sys.argv[2]))
