"""The effective settings as TOML, each with where it comes from; secrets never."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.config import Settings, parse
from edge.toml_lines import TomlDocument
from edge.typed_toml import kinds
from edge.typed_values import Meaning


def show(text: str, path: Path) -> str:
    """The settings that text describes, as TOML. path: where it was read. Raises ConfigError when it is wrong."""
    settings = parse(text, path)
    document = TomlDocument(text)
    lines = [f"# The effective settings of {path}; what follows a value is where it comes from."]
    tables = kinds(Settings)
    for name, kind in tables.items():
        if kind.table is None:
            lines.append(_line(document, document.values, path, (name,), getattr(settings, name), written=False))
    for name, kind in tables.items():
        if kind.table is None:
            continue
        lines += ["", f"[{name}]"]
        table, written = getattr(settings, name), document.values.get(name, {})
        for field in dataclasses.fields(table):
            inner = kinds(kind.table)[field.name]
            # As it was written: what it stands for may be an address with a password out of a credential.
            as_written = any(isinstance(marker, Meaning) for marker in inner.markers)
            at = (name, field.name)
            lines.append(_line(document, written, path, at, getattr(table, field.name), written=as_written))
    return "\n".join(lines) + "\n"


def _line(
    document: TomlDocument,
    table: Mapping[str, Any],
    path: Path,
    at: tuple[str, ...],
    value: Any,
    *,
    written: bool,
) -> str:
    name = at[-1]
    if name not in table:
        return f"# {name} is not set" if value is None else f"{name} = {_toml(value)}  # default"
    shown = table[name] if written else value
    return f"{name} = {_toml(shown)}  # {path.name}:{document.line(*at)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | datetime.date):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(element) for element in value)}]"
    # JSON's strings are TOML's too, but for U+007F, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
