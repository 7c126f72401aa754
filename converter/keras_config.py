"""What a Keras file says about itself, read without Keras: its architecture, and which Keras wrote it.

Files are told apart by their content, not by their suffix. Nothing in them is run here, so that a
file with code in it is refused before any Keras opens it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ModelError

REPLACE_LAYER = (
    "build the model from Keras's own layers (Rescaling and Normalization scale pixels, UnitNormalization "
    "normalizes embeddings), copy the weights with set_weights and save it again"
)
_CONTAINERS = ("Model", "Functional", "Sequential")
_TENSORFLOW_CALLS = ("TFOpLambda", "SlicingOpLambda")
"""How Keras 2 keeps a call such as `tf.nn.relu(x)`: by the function's name, without code."""
_KERAS_1 = frozenset({"nb_filter", "border_mode", "dim_ordering", "W_regularizer"})
"""Arguments of layers that Keras 2 called otherwise."""
_MODULES = ("keras", "tf_keras", "builtins")
"""Packages whose classes a file may name."""


@dataclass(frozen=True)
class Architecture:
    """The layers of a model as its file describes them."""

    config: dict[str, Any]
    keras: str
    """"2" or "3": the Keras that wrote it, and that reads it."""


def content_of(path: Path) -> str:
    """ "hdf5", "zip", "tflite" or "json", by the first bytes. Raises ModelError for anything else."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except IsADirectoryError as error:
        kind = "a SavedModel" if (path / "saved_model.pb").is_file() else "a folder"
        raise ModelError(
            f"{path}: is {kind}; load the model where it was made, and save it as one file: model.save('model.keras')"
        ) from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[4:8] == b"TFL3":
        return "tflite"
    if head.lstrip().startswith(b"{"):
        return "json"
    raise ModelError(f"{path}: not a Keras model; give a .keras, .h5 or .json file")


def read_architecture(path: Path, content: str) -> Architecture | None:
    """The architecture in a file of that content; None for HDF5 with weights alone.

    Raises ModelError when the file is damaged.
    """
    if content == "hdf5":
        return _in_hdf5(path)
    if content == "zip":
        return _in_zip(path)
    try:
        return _architecture(path, path.read_text(encoding="utf-8"), None)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error


def refuse_foreign_layers(path: Path, architecture: Architecture, keras: Any) -> None:
    """Raise ModelError for a layer that is not Keras's own, that carries code, or that Keras 1 wrote.

    keras: the module of the Keras that is to read the file.
    """
    for name, table in _objects(architecture.config, ""):
        kind = str(table["class_name"])
        if kind in ("Lambda", "__lambda__"):
            raise ModelError(f"{path}: layer {name!r} is a Lambda, code that is not run from a file; {REPLACE_LAYER}")
        module = table.get("module")
        registered = str(table.get("registered_name") or "")
        if ">" in registered or (isinstance(module, str) and module.split(".")[0] not in _MODULES):
            raise _foreign(path, name, kind)
    for table in _layers(architecture.config):
        kind = str(table.get("class_name"))
        if _KERAS_1 & _config(table).keys():
            raise ModelError(
                f"{path}: layer {_name(table)!r} was written by Keras 1, which no current Keras reads; load the model "
                "with Keras 2.3.1 (Python 3.7, TensorFlow 1.15), which still does, and save it again"
            )
        known = hasattr(keras.layers, kind) or kind in _CONTAINERS or kind in _TENSORFLOW_CALLS
        if not known and not table.get("module"):
            raise _foreign(path, _name(table) or "?", kind)
        _refuse_foreign_activation(path, table, keras.activations)


def _refuse_foreign_activation(path: Path, table: dict[str, Any], own: Any) -> None:
    activation = _config(table).get("activation")
    if isinstance(activation, dict) and activation.get("class_name") == "function":
        activation = activation.get("config")
    if not isinstance(activation, str):
        return
    try:
        own.get(activation)
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"{path}: layer {_name(table)!r} has an activation of its maker's own, {activation!r}, whose code is not "
            f"here; {REPLACE_LAYER}"
        ) from error


def _foreign(path: Path, name: str, kind: str) -> ModelError:
    return ModelError(f"{path}: layer {name!r} is of a custom class, {kind!r}, whose code is not here; {REPLACE_LAYER}")


def _in_hdf5(path: Path) -> Architecture | None:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            version = file.attrs.get("keras_version")
    except OSError as error:
        raise ModelError(f"{path}: damaged or cut short; copy it again ({error})") from error
    if text is None:
        return None
    return _architecture(path, _text(text), None if version is None else _text(version))


def _in_zip(path: Path) -> Architecture:
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("config.json").decode()
            version = str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ModelError(f"{path}: not a .keras file, or damaged: {error}") from error
    return _architecture(path, text, version)


def _architecture(path: Path, text: str, version: str | None) -> Architecture:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path}: not the JSON of a Keras model: {error}") from error
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ModelError(f"{path}: JSON, but not that of a Keras model (`model.to_json()` writes it)")
    version = version or str(config.get("keras_version") or "")
    # Keras 3 writes no version into JSON, but the module of every object; Keras 1 and 2 the reverse.
    newest = not version.startswith(("1", "2")) if version else "module" in config
    return Architecture(config, "3" if newest else "2")


def _objects(value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the innermost named layer, table) of everything that says its class, but for what only training uses."""
    if isinstance(value, dict):
        name = _name(value) or name
        if "class_name" in value:
            yield name, value
        for key, inner in value.items():
            if key != "compile_config":
                yield from _objects(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, name)


def _layers(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The layer itself and all within it."""
    yield table
    config = table.get("config")
    if isinstance(config, dict):
        within = config.get("layers", [config.get("layer")])
    else:
        within = config if isinstance(config, list) else []  # a Sequential of Keras 2.2 and older
    for inner in within:
        if isinstance(inner, dict) and "class_name" in inner:
            yield from _layers(inner)


def _name(table: dict[str, Any]) -> str:
    return str(_config(table).get("name") or "")


def _config(table: dict[str, Any]) -> dict[str, Any]:
    config = table.get("config")
    return config if isinstance(config, dict) else {}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
