"""Every kind of file that people have becomes a float32 TFLite model that answers as its Keras did."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from converter import vggface_source
from converter.keras_models import tensorflow
from converter.keras_reading import Request, read
from converter.source import Source, read_source
from edge.errors import ModelError
from tests.converter import legacy_models as files
from tests.converter.legacy_models import probe, run_keras_2
from tests.full_disk import files_up_to

pytestmark = pytest.mark.converter


@pytest.fixture(scope="module")
def keras() -> Any:
    tensorflow()
    import keras

    return keras


@pytest.fixture(scope="module")
def plain(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small emotion model as Keras 3 saves it; read only."""
    path = tmp_path_factory.mktemp("plain") / "my_emotion.keras"
    emotion_model(keras).save(path)
    return path


@pytest.fixture(scope="module")
def plain_source(plain: Path) -> Source:
    return read_source(plain)


def emotion_model(keras: Any, units: int = 8) -> Any:
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            layers.SeparableConv2D(units, 3, activation="relu", name="first"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5, activation="softmax", name="labels"),
        ]
    )


def answer(tflite: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter: Any = Interpreter(model_content=tflite)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], probe(shape))
    interpreter.invoke()
    result: NDArray[np.float32] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return result


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


@pytest.mark.parametrize(
    ("name", "weights", "shape", "outputs"),
    [
        (files.CLASSIFIER[0], files.CLASSIFIER[1], (2622,), 4),
        (files.FACE_CLASSIFIER, None, (2622,), 4),
        (files.EMOTION[0], files.EMOTION[1], (224, 224, 1), 5),
        (files.EMOTION_ARCH, None, (224, 224, 1), 5),
    ],
)
def test_a_classifier_of_the_original_system_answers_as_in_its_own_keras(
    name: str, weights: str | None, shape: tuple[int, ...], outputs: int, legacy_folder: Path
) -> None:
    source = read_source(legacy_folder / name, legacy_folder / weights if weights else None)
    assert (source.input, source.outputs, source.softmax, source.keras) == (shape, outputs, True, "2")
    assert np.allclose(answer(source.tflite, shape), np.load(legacy_folder / f"{name}.npy"), atol=1e-5)


@pytest.mark.parametrize("name", [files.FACE_RECOGNITION, files.VGG_FACE_WEIGHTS, files.VGG_FACE_DENSE_WEIGHTS])
def test_vgg_face_gives_what_goes_into_its_softmax(name: str, legacy_folder: Path) -> None:
    source = read_source(legacy_folder / name)
    assert (source.input, source.outputs, source.softmax) == ((224, 224, 3), 2622, False)
    assert np.allclose(
        softmax(answer(source.tflite, source.input)), np.load(legacy_folder / f"{name}.npy"), rtol=1e-3, atol=1e-7
    )


def test_vgg_face_can_be_cut_at_an_earlier_layer(keras: Any, legacy_folder: Path) -> None:
    whole = read_source(legacy_folder / files.FACE_RECOGNITION, output_layer="conv2d_15")
    assert (whole.outputs, whole.output_layer) == (256, "conv2d_15")
    request = Request(legacy_folder / files.VGG_FACE_WEIGHTS, vgg_face=True, output_layer="fc7")
    bare = vggface_source.read(keras, request)
    assert np.allclose(answer(whole.tflite, whole.input), answer(bare.tflite, whole.input), rtol=1e-3, atol=1e-5)


def test_vgg_face_weights_are_read_in_the_layout_of_keras_3_too(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((224, 224, 3))])
    for depth in vggface_source.BLOCKS:
        for _ in range(depth):
            model.add(layers.Conv2D(2, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    for part in (layers.Flatten(), layers.Dense(8, "relu"), layers.Dense(8, "relu"), layers.Dense(2622)):
        model.add(part)
    model.save_weights(tmp_path / "my.weights.h5")
    found = vggface_source.read(keras, Request(tmp_path / "my.weights.h5", vgg_face=True))
    assert np.allclose(answer(found.tflite, (224, 224, 3)), model(probe((224, 224, 3))), atol=1e-6)


def test_vgg_face_without_its_top_gives_the_mean_of_its_last_block(legacy_folder: Path) -> None:
    name = files.VGG_FACE_NO_TOP_WEIGHTS
    source = read_source(legacy_folder / name)
    blocks = np.load(legacy_folder / f"{name}.npy")
    assert np.allclose(answer(source.tflite, source.input), blocks.mean(axis=(1, 2)), rtol=1e-3, atol=1e-5)


def test_a_file_of_keras_3_is_read_and_named_after_itself(plain: Path, plain_source: Source, keras: Any) -> None:
    facts = (plain_source.name, plain_source.keras, plain_source.input, plain_source.outputs)
    assert facts == ("my-emotion", "3", (24, 24, 1), 5)
    expected = keras.models.load_model(plain)(probe((24, 24, 1)))
    assert np.allclose(answer(plain_source.tflite, (24, 24, 1)), expected, atol=1e-5)


def test_every_way_to_save_a_model_of_keras_3_gives_the_same_bytes(
    plain: Path, plain_source: Source, keras: Any, tmp_path: Path
) -> None:
    model = keras.models.load_model(plain)
    (tmp_path / "arch.json").write_text(model.to_json(), encoding="utf-8")
    model.save_weights(tmp_path / "all.weights.h5")
    model.save(tmp_path / "whole.h5")
    shutil.copy(plain, tmp_path / "without_suffix")
    split = read(keras, Request(tmp_path / "arch.json", weights=tmp_path / "all.weights.h5"))
    whole = read(keras, Request(tmp_path / "whole.h5"))
    renamed = read(keras, Request(tmp_path / "without_suffix"))
    assert split.tflite == whole.tflite == renamed.tflite == plain_source.tflite


def test_reading_a_file_of_keras_2_twice_gives_the_same_bytes(legacy_folder: Path) -> None:
    path = legacy_folder / files.FACE_CLASSIFIER
    assert read_source(path).tflite == read_source(path).tflite


def test_a_float_tflite_model_is_taken_as_it_is(plain_source: Source, tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(plain_source.tflite)
    after = read_source(tmp_path / "model.tflite")
    assert (after.input, after.outputs, after.softmax) == ((24, 24, 1), 5, True)
    assert after.tflite == plain_source.tflite


def test_newer_files_of_keras_2_are_read_and_code_in_them_is_refused(tmp_path: Path) -> None:
    plain, code = tmp_path / "plain.keras", tmp_path / "code.h5"
    run_keras_2(
        f"""
import tf_keras as keras
layers = keras.layers
picture = layers.Input((8, 8, 3))
keras.Sequential([picture, layers.SeparableConv2D(2, 3), layers.GlobalMaxPooling2D()]).save({str(plain)!r})
keras.Sequential([picture, layers.Lambda(lambda x: x / 255, name="scale"), layers.Flatten()]).save({str(code)!r})
"""
    )
    source = read_source(plain)
    assert (source.keras, source.input, source.outputs) == ("2", (8, 8, 3), 2)
    with pytest.raises(ModelError, match=r"'scale' is a Lambda.*Rescaling"):
        read_source(code)


def test_a_disk_that_fills_up_is_an_error(legacy_folder: Path) -> None:
    with files_up_to(100_000), pytest.raises(ModelError, match=r"cannot be converted: .*File too large"):
        read_source(legacy_folder / files.FACE_CLASSIFIER)
