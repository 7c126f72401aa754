"""Weights in HDF5 files: which of the two layouts they are in, and whether they fit a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converter.keras_config import content_of
from edge.errors import ModelError


def weights_suffix(path: Path) -> str:
    """The suffix by which Keras knows this layout: ".h5" up to Keras 2, ".weights.h5" since 2.12.

    Raises ModelError when it is not HDF5, or damaged.
    """
    return ".weights.h5" if _saved(path) is None else ".h5"


def refuse_unfit(path: Path, model: Any) -> None:
    """Raise ModelError naming the first layer of the model that the file's weights do not fit.

    Weights are matched by position, as `load_weights` does.
    """
    saved = _saved(path)
    if saved is None:
        return  # the later layout is matched by name, and Keras names the layer
    wanted = [(layer.name, [tuple(w.shape) for w in layer.weights]) for layer in model.layers if layer.weights]
    for (name, shapes), (saved_name, saved_shapes) in zip(wanted, saved, strict=False):
        if sorted(shapes) != sorted(saved_shapes):
            raise ModelError(
                f"{path}: does not fit layer {name!r}: the architecture has weights {_listed(shapes)}, "
                f"the file {_listed(saved_shapes)} (saved as {saved_name!r}); give the weights of this architecture"
            )
    if len(wanted) > len(saved):
        raise ModelError(f"{path}: ends before layer {wanted[len(saved)][0]!r}; give the weights of this architecture")
    if len(saved) > len(wanted):
        raise ModelError(
            f"{path}: has weights of {saved[len(wanted)][0]!r}, a layer that the architecture lacks; "
            "give the weights of this architecture"
        )


def _saved(path: Path) -> list[tuple[str, list[tuple[int, ...]]]] | None:
    """(layer, shapes of its weights) in file order; None for the layout of `.weights.h5`."""
    if content_of(path) != "hdf5":
        raise ModelError(f"{path}: not a file of weights; give the .h5 that `model.save_weights` wrote")
    import h5py

    try:
        with h5py.File(path, "r") as file:
            group = file.get("model_weights", file)
            if "layer_names" not in group.attrs:
                return None
            layers = [(name, group[name]) for name in names_in(group.attrs["layer_names"])]
            shapes = [
                (name, [tuple(layer[weight].shape) for weight in names_in(layer.attrs.get("weight_names", []))])
                for name, layer in layers
            ]
    except (OSError, KeyError) as error:
        raise ModelError(f"{path}: damaged or cut short; copy it again ({error})") from error
    return [(name, found) for name, found in shapes if found]


def names_in(attribute: Any) -> list[str]:
    """Names as HDF5 keeps them: bytes from Keras 2, strings from Keras 3."""
    return [name.decode() if isinstance(name, bytes) else str(name) for name in attribute]


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join("x".join(str(side) for side in shape) for shape in shapes) or "none"
