"""Models that compute in 16 or 64 bits, such as those trained by the policy `mixed_float16`, as models of float32.

The kernels of TFLite compute in float32 or in integers. The weights stay as they are: mixed precision keeps
them in float32, and those of 16 bits are exact in it.
"""

from __future__ import annotations

from typing import Any

_OTHERS = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
"""Types and policies of Keras that are not float32."""


def is_float32(config: Any) -> bool:
    """Whether no layer in a model's configuration asks for another type."""
    return bool(_in_float32(config) == config)


def in_float32(keras: Any, model: Any) -> Any:
    """The same layers and weights, computing in float32. keras: the module whose model it is."""
    keras.backend.clear_session()  # layers are numbered over the life of a process
    changed = type(model).from_config(_in_float32(model.get_config()))
    changed.set_weights(model.get_weights())
    return changed


def _in_float32(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "float32" if key.endswith("dtype") and _name(inner) in _OTHERS else _in_float32(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(_in_float32(inner) for inner in value)
    return value


def _name(dtype: Any) -> str:
    """Of a type or policy, written as its name or as an object."""
    if isinstance(dtype, dict) and isinstance(dtype.get("config"), dict):
        return str(dtype["config"].get("name"))
    return str(dtype)
