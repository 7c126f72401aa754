"""A JSON schema of the config file, for editors; made from the dataclasses that describe it."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

from edge.config import Settings
from edge.typed_toml import kinds
from edge.typed_values import Absolute, Kind, Read

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def schema() -> dict[str, Any]:
    """JSON Schema, draft 7, which the TOML editors understand."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "ClassPulse: the config of one classroom's device",
        **_table(Settings),
    }


def text() -> str:
    """The schema as it is published in systemd/edge.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(cls: type[DataclassInstance]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    described = _docstrings(cls)
    known = kinds(cls)
    for field in dataclasses.fields(cls):
        kind = known[field.name]
        entry = _table(kind.table) if kind.table else _value(kind)
        if field.name in described:
            entry["description"] = described[field.name]
        if field.default is not dataclasses.MISSING and field.default is not None and not kind.table:
            entry["default"] = _json(field.default)
        properties[field.name] = entry
    required = [field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING]
    about = {"description": inspect.cleandoc(cls.__doc__ or "")}
    return {**about, "type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _value(kind: Kind) -> dict[str, Any]:
    for marker in kind.markers:
        if isinstance(marker, Read):
            return dict(marker.schema)
    if kind.base is bool:
        return {"type": "boolean"}
    if kind.base in (int, float):
        limits = {"minimum": kind.range.low, "maximum": kind.range.high} if kind.range else {}
        return {"type": "integer" if kind.base is int else "number", **limits}
    if kind.base is datetime.date:
        return {"type": "string", "format": "date"}  # as the TOML editors see a date
    if get_origin(kind.base) is tuple:
        return {"type": "array", "items": _value_of_elements(kind), "minItems": 1, "uniqueItems": True}
    if kind.choices:
        return {"type": "string", "enum": list(kind.choices)}
    if kind.base is Path:
        return {"type": "string", "pattern": "^/"} if Absolute() in kind.markers else {"type": "string", "minLength": 1}
    return {"type": "string", "pattern": f"^(?:{kind.text.pattern})$"} if kind.text else {"type": "string"}


def _value_of_elements(kind: Kind) -> dict[str, Any]:
    return {"type": "string", "enum": list(kind.choices)} if kind.choices else {"type": "string"}


def _json(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_json(element) for element in default]
    return str(default) if isinstance(default, Path) else default


def _docstrings(cls: type) -> dict[str, str]:
    """The string below each field: Python keeps it in the source only."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
    return found
