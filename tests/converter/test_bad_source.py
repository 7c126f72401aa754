"""What cannot be converted is refused: where, why, and what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from converter.keras_models import tensorflow
from converter.keras_reading import Reading, Request, read, require_room
from converter.source import read_source
from edge.errors import ModelError

pytestmark = pytest.mark.converter


@pytest.fixture(scope="module")
def keras() -> Any:
    tensorflow()
    import keras

    return keras


@pytest.fixture
def small(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(4, 3, name="first"), layers.Flatten(), layers.Dense(5, name="labels")]
    )


def reading(keras: Any, model: Any, folder: Path, **options: Any) -> Reading:
    """Save the model and read it back in this process: what a child would do, without its start."""
    path = folder / "model.keras"
    model.save(path)
    return read(keras, Request(path, **options))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a", "not a Keras model"),
        (b"", "not a Keras model"),
        (b"PK\x03\x04 and no more", "not a .keras file, or damaged"),
        (b"\x89HDF\r\n\x1a\n and no more", "damaged or cut short"),
        (b'{"colour": "blue"}', "not that of a Keras model"),
        (b"{ not json", "not the JSON of a Keras model"),
        (b'{"class_name": "Sequential", "config": []}', "give its .h5 as --weights"),
    ],
)
def test_what_is_no_model_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=reason):
        read_source(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_source(tmp_path / "model.keras")
    with pytest.raises(ModelError, match=r"is a folder.*\.keras"):
        read_source(tmp_path)


def test_a_file_cut_short_is_refused(small: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    small.save(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="damaged or cut short"):
        read_source(path)


def test_weights_for_a_file_that_has_its_own_are_refused(small: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    small.save(path)
    with pytest.raises(ModelError, match="--weights is for an architecture"):
        read_source(path, path)


def test_a_process_that_dies_is_an_error(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.keras"
    small.save(path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match="exit code 1"):
        read_source(path)


def test_too_little_room_for_temporary_files_is_said_beforehand(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"MB are free; make room.*TMPDIR"):
        require_room(tmp_path / "model.h5", 1 << 60)


def test_a_quantized_tflite_model_is_refused() -> None:
    from edge.manifest import shipped_models

    with pytest.raises(ModelError, match="float32"):
        read_source(shipped_models() / "emotion.tflite")


def test_weights_of_another_model_name_the_layer(keras: Any, small: Any, tmp_path: Path) -> None:
    architecture, weights = tmp_path / "arch.json", tmp_path / "weights.h5"
    architecture.write_text(small.to_json(), encoding="utf-8")
    layers = keras.layers
    start = [keras.Input((8, 8, 1)), layers.Conv2D(4, 3)]
    for rest, reason in (
        ([layers.Flatten(), layers.Dense(6)], r"layer 'labels'.*144x5, 5, the file 144x6, 6"),
        ([], "ends before layer 'labels'"),
        ([layers.Flatten(), layers.Dense(5), layers.Dense(5, name="more")], "'more', a layer that the arch"),
    ):
        keras.Sequential(start + rest).save(weights)
        with pytest.raises(ModelError, match=reason):
            read(keras, Request(architecture, weights=weights))


def test_weights_of_another_model_in_the_later_layout_name_the_layer(keras: Any, small: Any, tmp_path: Path) -> None:
    architecture, weights = tmp_path / "arch.json", tmp_path / "all.weights.h5"
    architecture.write_text(small.to_json(), encoding="utf-8")
    layers = keras.layers
    keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(6)]).save_weights(
        weights
    )
    with pytest.raises(ModelError, match=r"does not fit the architecture.*labels"):
        read(keras, Request(architecture, weights=weights))


def test_weights_that_are_no_hdf5_are_refused(keras: Any, small: Any, tmp_path: Path) -> None:
    architecture = tmp_path / "arch.json"
    architecture.write_text(small.to_json(), encoding="utf-8")
    with pytest.raises(ModelError, match="not a file of weights"):
        read(keras, Request(architecture, weights=architecture))


def test_a_custom_layer_is_named(keras: Any, tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable(package="school")
    class Blur(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return x

    model = keras.Sequential([keras.Input((8, 8, 1)), Blur(name="soft"), keras.layers.Flatten()])
    with pytest.raises(ModelError, match=r"'soft' is of a custom class, 'Blur'.*set_weights"):
        reading(keras, model, tmp_path)
    model.save(tmp_path / "model.h5")
    with pytest.raises(ModelError, match="'soft' is of a custom class"):
        read(keras, Request(tmp_path / "model.h5"))


def test_code_within_a_wrapped_layer_is_refused(keras: Any, tmp_path: Path) -> None:
    within = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2, name="twice")])
    model = keras.Sequential([keras.Input((8, 4)), keras.layers.TimeDistributed(within), keras.layers.Flatten()])
    with pytest.raises(ModelError, match="'twice' is a Lambda"):
        reading(keras, model, tmp_path)


def test_several_inputs_are_refused(keras: Any, tmp_path: Path) -> None:
    inputs = [keras.Input((8,)), keras.Input((8,))]
    with pytest.raises(ModelError, match="takes 2 inputs"):
        reading(keras, keras.Model(inputs, keras.layers.add(inputs)), tmp_path)


def test_several_outputs_need_a_choice(keras: Any, tmp_path: Path) -> None:
    picture = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(picture)
    model = keras.Model(picture, [keras.layers.Dense(5, name="labels")(x), keras.layers.Dense(1, name="age")(x)])
    with pytest.raises(ModelError, match="gives 2 outputs; name one as --embedding-layer: labels, age"):
        reading(keras, model, tmp_path)
    assert reading(keras, model, tmp_path, output_layer="labels").output_layer == "labels"


@pytest.mark.parametrize(
    ("shape", "reason"),
    [((8, 8, 4), "8x8x4: not 1 channel"), ((3, 8, 8), "channels_last"), ((8, 8), "neither a picture nor")],
)
def test_what_is_no_picture_is_refused(shape: tuple[int, ...], reason: str, keras: Any, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    with pytest.raises(ModelError, match=reason):
        reading(keras, model, tmp_path)


def test_a_model_for_any_size_needs_one(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()])
    with pytest.raises(ModelError, match="--size"):
        reading(keras, model, tmp_path)
    path = tmp_path / "any.keras"
    model.save(path)
    assert read_source(path, size=(48, 32)).input == (48, 32, 3)


def test_a_model_for_one_size_takes_no_other(keras: Any, small: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="8x8 only"):
        reading(keras, small, tmp_path, size=(16, 16))


def test_an_unknown_layer_to_cut_at_lists_those_there_are(keras: Any, small: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no layer 'fc7'; its layers: first, flatten.*, labels"):
        reading(keras, small, tmp_path, output_layer="fc7")


def test_a_cut_before_the_vector_is_refused(keras: Any, small: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gives 6x6x4, not a vector"):
        reading(keras, small, tmp_path, output_layer="first")


def test_operations_that_tflite_lacks_are_named(keras: Any, tmp_path: Path) -> None:
    picture = keras.Input((8, 8, 1))
    x = keras.layers.Reshape((8, 8))(picture)
    model = keras.Model(picture, keras.layers.Flatten()(keras.ops.qr(x)[1]))
    with pytest.raises(ModelError, match=r"TFLite lacks .*Qr"):
        reading(keras, model, tmp_path)


def test_weights_alone_that_are_not_vgg_face_name_the_layer(tmp_path: Path) -> None:
    path = tmp_path / "resnet.h5"
    weights_only(path, {"conv1/7x7_s2": (7, 7, 3, 64)})
    with pytest.raises(ModelError, match="'conv1/7x7_s2' is none of VGG-Face's; give the architecture"):
        read_source(path)


def test_weights_alone_of_another_shape_name_the_layer(tmp_path: Path) -> None:
    path = tmp_path / "vgg.h5"
    weights_only(path, {f"conv2d_{i}": (3, 3, 3 if i == 1 else 4, 5 if i == 2 else 4) for i in range(1, 14)})
    with pytest.raises(ModelError, match="'conv2d_3' has weights 3x3x4x4 and 4; as VGG-Face's conv2_1 it would"):
        read_source(path)


def weights_only(path: Path, kernels: dict[str, tuple[int, ...]]) -> None:
    """What `save_weights` of Keras 2 writes."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in kernels]
        for name, shape in kernels.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            group.create_dataset(f"{name}/kernel:0", data=np.ones(shape, np.float32))
            group.create_dataset(f"{name}/bias:0", data=np.ones(shape[-1], np.float32))


def test_json_says_which_keras_wrote_it(small: Any, tmp_path: Path) -> None:
    from converter.keras_config import read_architecture

    path = tmp_path / "arch.json"
    path.write_text(small.to_json(), encoding="utf-8")
    assert read_architecture(path, "json").keras == "3"  # type: ignore[union-attr]
    path.write_text(json.dumps({"class_name": "Sequential", "config": [], "keras_version": "2.2.4"}), encoding="utf-8")
    assert read_architecture(path, "json").keras == "2"  # type: ignore[union-attr]
