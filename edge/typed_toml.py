"""A TOML table becomes a frozen dataclass, and everything that is wrong with it becomes a list.

The dataclass is the whole description of the table: a field is a key, its type says which values
are allowed (see `edge.typed_values`), a default says that the key may be left out, and a field whose
type is a dataclass is a table of its own.
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from edge.toml_lines import KeyPath, TomlDocument
from edge.typed_values import Kind, Places, WrongValueError, convert, shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_SECRET_WORDS = {"password", "passwd", "passphrase", "pass", "psk", "pin", "key", "apikey", "secret", "token"}


@dataclass(frozen=True)
class Problem:
    """One mistake in a config file."""

    line: int | None
    """1-based; None where the file as a whole is meant."""
    key: str
    """Dotted, such as "mqtt.port"; empty where no single key is meant."""
    reason: str
    """What is wrong."""
    remedy: str
    """What to write, or to do, instead."""


class TableReader:
    """Reads the tables of one document; `problems` grows by every mistake found."""

    def __init__(self, document: TomlDocument, root: type[DataclassInstance], places: Places) -> None:
        """root: the class of the whole document, where the right place of a misplaced key is looked up."""
        self._document = document
        self._places = places
        self._homes: dict[str, list[str]] = {}
        for name, kind in kinds(root).items():
            self._homes.setdefault(name, []).append("")
            for inner in kinds(kind.table) if kind.table else ():
                self._homes.setdefault(inner, []).append(name)
        self.problems: list[Problem] = []
        self.right: dict[str, Any] = {}
        """The values without a mistake, defaults included, by their dotted keys."""

    def wrong(self, at: KeyPath, reason: str, remedy: str, element: int | None = None) -> None:
        """Note a mistake in the value at the path `at`, or in one element of it."""
        path = at if element is None else (*at, element)
        self.problems.append(Problem(self._document.line(*path), dotted(at), reason, remedy))

    def read(self, cls: type[T], table: Mapping[str, Any], at: KeyPath = ()) -> T | None:
        """The table at the path `at` as a cls; None when there are mistakes in it."""
        before = len(self.problems)
        fields = kinds(cls)
        meant = {self._unknown(key, table[key], at, fields) for key in table if key not in fields}
        for field in dataclasses.fields(cls):
            kind, path = fields[field.name], (*at, field.name)
            if field.name in table:
                self._read_value(table[field.name], kind, path)
            elif field.name in meant:
                continue  # was named with its misspelling
            elif field.default is dataclasses.MISSING:
                self.wrong(path, "is missing", _remedy(kind, f"write {_example(field.name, kind)}"))
            else:
                self.right[dotted(path)] = self.read(kind.table, {}, path) if kind.table else field.default
        if len(self.problems) > before:
            return None
        return cls(**{name: self.right[dotted((*at, name))] for name in fields})

    def _read_value(self, value: Any, kind: Kind, at: KeyPath) -> None:
        if kind.table:
            if isinstance(value, dict):
                self.right[dotted(at)] = self.read(kind.table, value, at)
                return
            remedy = f"write [{dotted(at)}] once, on a line of its own, and its keys below it"
            self.wrong(at, f"must be a table, is {shown(value)}", _remedy(kind, remedy))
            return
        try:
            self.right[dotted(at)] = convert(value, kind, self._places)
        except* WrongValueError as group:
            for error in group.exceptions:
                assert isinstance(error, WrongValueError)
                remedy = error.remedy or f"write {kind.wanted}"
                self.wrong(at, error.reason, _remedy(kind, remedy), error.element)

    def _unknown(self, key: str, value: Any, at: KeyPath, fields: Mapping[str, Kind]) -> str | None:
        """Note an unknown key or table; returns the key that was meant, where that can be guessed."""
        if _is_secret(key):
            self._secret(key, at, fields)
            return None
        self._secrets_inside(value, (*at, key))
        what = "table" if isinstance(value, dict) else "key"
        homes = [f"in [{home}]" if home else "at the top, above the first [table]" for home in self._homes.get(key, ())]
        close = difflib.get_close_matches(key.lower()[:60], fields, 1)
        if homes:
            remedy = f"{key} belongs {' or '.join(homes)}"
        elif close:
            remedy = f"did you mean {close[0]}?"
        else:
            remedy = f"remove it; known here: {', '.join(fields)}"
        self.wrong((*at, key), f"is an unknown {what}", remedy)
        return close[0] if close and not homes else None

    def _secret(self, key: str, at: KeyPath, fields: Mapping[str, Kind]) -> None:
        file = re.split(r"[-_ .]", key.lower())[-1] + "_file"
        name = f'write {file} = "/path/of/it"' if file in fields else "a key that ends in _file names such a file"
        self.wrong(
            (*at, key),
            "is a secret, which has no place in a config that others may read",
            f"put it into a file that only the service can read; {name}",
        )

    def _secrets_inside(self, value: Any, at: KeyPath) -> None:
        """Note every secret in a table or list that is unknown itself."""
        unread: list[tuple[Any, KeyPath]] = [(value, at)]  # no recursion: [a.a.a.a] nests as deep as it likes
        while unread:
            value, at = unread.pop()
            inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            for name, content in inner:
                if isinstance(name, str) and _is_secret(name):
                    self._secret(name, at, {})
                else:
                    unread.append((content, (*at, name)))


@functools.cache
def kinds(cls: type[DataclassInstance]) -> Mapping[str, Kind]:
    """The keys of the table that cls describes, in order."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: Kind.of(hints[field.name]) for field in dataclasses.fields(cls)}


def dotted(path: KeyPath) -> str:
    """A path as a message names it: report.labels; parts that need quotes in TOML have them."""
    names = (str(part) for part in path)
    return ".".join(name if _BARE_KEY.fullmatch(name) else shown(name) for name in names)


def _is_secret(key: str) -> bool:
    return re.split(r"[-_ .]", key.lower())[-1] in _SECRET_WORDS


def _remedy(kind: Kind, remedy: str) -> str:
    return f"{remedy}. {kind.note}" if kind.note else remedy


def _example(name: str, kind: Kind) -> str:
    """How a required key or table may be written."""
    if kind.table:
        required = {field.name for field in dataclasses.fields(kind.table) if field.default is dataclasses.MISSING}
        keys = (_example(key, inner) for key, inner in kinds(kind.table).items() if key in required)
        return f"[{name}] with {', '.join(keys)}"
    if kind.text:
        return f"{name} = {json.dumps(kind.text.example)}"
    if kind.base is datetime.date:
        return f"{name} = 2030-07-31"
    return f"{name} = {' | '.join(json.dumps(choice) for choice in kind.choices)}"
