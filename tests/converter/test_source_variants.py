"""Files that were saved in other ways than most: half precision, compiled with objects of one's own, Keras 1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.float_tflite import describe
from converter.keras_config import read_architecture, refuse_foreign_layers
from converter.keras_models import tensorflow
from converter.keras_reading import Request, read
from converter.source import read_source
from edge.errors import ModelError
from edge.manifest import shipped_models
from tests.converter.legacy_models import probe, run_keras_2
from tests.converter.test_source import answer

pytestmark = pytest.mark.converter


@pytest.fixture(scope="module")
def keras() -> Any:
    tensorflow()
    import keras

    return keras


def small(keras: Any, **dense: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="first"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(5, name="labels", **dense),
        ]
    )


@pytest.mark.parametrize(
    ("policy", "suffix"),
    [
        ("mixed_float16", "keras"),
        ("mixed_float16", "h5"),
        ("mixed_bfloat16", "keras"),
        ("float16", "keras"),  # the weights too
    ],
)
def test_a_model_of_half_precision_becomes_one_of_float32(policy: str, suffix: str, keras: Any, tmp_path: Path) -> None:
    path = tmp_path / f"half.{suffix}"
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = small(keras)
    finally:
        keras.config.set_dtype_policy(before)
    model.save(path)
    expected = np.asarray(model(probe((8, 8, 1))), np.float32)
    found = answer(read(keras, Request(path)).tflite, (8, 8, 1))
    assert found.dtype == np.float32
    # The 16 bits that it was computed with here, not those that it was converted with, make the difference.
    assert np.allclose(found, expected, atol=0.02)


def test_files_of_keras_2_in_half_precision_or_with_code_for_training_are_read(tmp_path: Path) -> None:
    mixed, compiled = tmp_path / "mixed.h5", tmp_path / "compiled.h5"
    run_keras_2(
        f"""
import numpy as np, tf_keras as keras, tensorflow as tf
layers = keras.layers
def focal(wanted, given): return tf.reduce_mean((wanted - given) ** 2)
class Own(keras.metrics.MeanSquaredError): pass
def small():
    return keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(4, 3, name="first"), layers.Flatten(),
                             layers.Dense(5, activation="softmax", dtype="float32")])
model = small()
model.compile("adam", loss=focal, metrics=[Own(name="own")])
model.fit(np.ones((2, 8, 8, 1)), np.eye(5)[:2], verbose=0)
model.save({str(compiled)!r})
keras.mixed_precision.set_global_policy("mixed_float16")
again = small()
again.set_weights(model.get_weights())
again.save({str(mixed)!r})
"""
    )
    whole, half = read_source(compiled), read_source(mixed)
    assert (whole.outputs, whole.keras, half.keras) == (5, "2", "2")
    assert np.allclose(answer(whole.tflite, (8, 8, 1)), answer(half.tflite, (8, 8, 1)), atol=1e-6)


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_a_file_of_keras_3_compiled_with_objects_of_ones_own_is_read(keras: Any, tmp_path: Path) -> None:
    class Own(keras.metrics.MeanSquaredError):  # type: ignore[misc, name-defined]
        pass

    model = small(keras)
    model.compile("adam", loss=lambda wanted, given: keras.ops.mean((wanted - given) ** 2), metrics=[Own()])
    model.fit(probe((8, 8, 1)), np.eye(5)[:1], verbose=0)
    for name in ("compiled.keras", "compiled.h5"):
        model.save(tmp_path / name)
        found = answer(read(keras, Request(tmp_path / name)).tflite, (8, 8, 1))
        assert np.allclose(found, model(probe((8, 8, 1))), atol=1e-5)


def test_an_activation_of_ones_own_is_named(keras: Any, tmp_path: Path) -> None:
    model = small(keras, activation=lambda x: x)
    model.layers[-1].activation.__name__ = "swishy"
    model.save(tmp_path / "own.h5")
    with pytest.raises(ModelError, match=r"layer 'labels' has an activation.*'swishy'.*set_weights"):
        read(keras, Request(tmp_path / "own.h5"))


def test_an_architecture_of_keras_1_says_what_still_reads_it(keras: Any, tmp_path: Path) -> None:
    path = tmp_path / "emotion_arch.json"
    arguments = {"name": "convolution2d_1", "nb_filter": 8, "nb_row": 3, "nb_col": 3, "border_mode": "same"}
    layer = {"class_name": "Convolution2D", "config": arguments}
    path.write_text(json.dumps({"class_name": "Sequential", "keras_version": "1.2.2", "config": [layer]}))
    architecture = read_architecture(path, "json")
    assert architecture is not None
    with pytest.raises(ModelError, match=r"'convolution2d_1' was written by Keras 1.*Keras 2\.3\.1.*save it again"):
        refuse_foreign_layers(path, architecture, keras)


def test_a_saved_model_folder_says_how_to_save_one_file(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ModelError, match=r"is a SavedModel; .*model\.save\('model\.keras'\)"):
        read_source(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(keras: Any, tmp_path: Path, value: float) -> None:
    model = small(keras)
    kernel, *others = model.layers[-1].get_weights()
    kernel[0, 0] = value
    model.layers[-1].set_weights([kernel, *others])
    path = tmp_path / "nan.keras"
    model.save(path)
    tflite = read(keras, Request(path)).tflite
    with pytest.raises(ModelError, match=r"nan\.keras: weights of '.*labels.*' are no numbers"):
        describe(path, tflite)


def test_nothing_is_said_that_is_no_news() -> None:
    model = shipped_models() / "emotion.tflite"
    program = f"""
from converter.keras_models import tensorflow
from converter.runtime_notice import take_notice
from edge.interpreter import load_runtime
take_notice()
load_runtime("litert")(model_path={str(model)!r}).allocate_tensors()
tensorflow().constant(1) + 1
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
