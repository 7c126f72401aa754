"""`manifest.toml` as text: what `edge.manifest` reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from edge.manifest import ModelEntry

HEADER = (
    "# Written by `classpulse-converter build` from models/keras/ and converter/build.py: change those, not this.\n"
)


def manifest_text(entries: Iterable[ModelEntry], header: str = HEADER) -> str:
    """The manifest of entries, in their order; fields that hold their default are left out.

    header: comment lines that say where it comes from.
    """
    return header + "".join(f"\n[[model]]\n{_table(entry)}" for entry in entries)


def _table(entry: ModelEntry) -> str:
    required = {
        "name",
        "role",
        "file",
        "sha256",
        "input",
        "colour",
        "subtract",
        "divide",
        "recipe",
        "licence",
        "source",
    }
    if entry.role == "identify":  # takes embeddings, not pictures
        required -= {"colour", "subtract", "divide"}
    lines = []
    for field in fields(ModelEntry):
        value = getattr(entry, field.name)
        if field.name in required or (value != field.default and value not in ((), {})):
            lines.append(f"{field.name} = {_value(value)}\n")
    return "".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, str | bool):
        # A JSON string is a TOML basic string, DEL apart, which no entry holds; true and false are alike.
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
