"""One TOML value becomes one typed value, or `WrongValueError`: which says what to write instead.

The type of a dataclass field says what the value must be, and markers in `Annotated` say which
values are allowed:

    host: Annotated[str, Text(example="broker.school.example")]
    port: Annotated[int, Range(1, 65535)] = 8883
    ca_file: Path | None = None
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_SHOWN_CHARACTERS = 60
_CREDENTIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
CREDENTIAL_PREFIX = "credential:"
"""Begins a path that means a systemd credential (`LoadCredential=` of the unit)."""


@dataclass(frozen=True)
class Range:
    """A number between low and high, both allowed."""

    low: float
    high: float
    unit: str = ""

    def __str__(self) -> str:
        return f"from {self.low:g} to {self.high:g}" + (f" {self.unit}" if self.unit else "")


@dataclass(frozen=True)
class Text:
    """A string that `pattern` matches in full."""

    example: str
    pattern: str = r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,500}"
    rule: str = "text on one line"


@dataclass(frozen=True)
class Subset:
    """A list of at least one of `choices`, none of them twice."""

    choices: tuple[str, ...]


@dataclass(frozen=True)
class Absolute:
    """A path that must be written from the root: a place that the program writes to."""


@dataclass(frozen=True)
class Meaning:
    """A string that stands for another; `of` gives that, or raises WrongValueError."""

    of: Callable[[str, Places], str]


@dataclass(frozen=True, eq=False)
class Read:
    """A value of a form of its own, such as a list of numbers, or a number or a word."""

    of: Callable[[Any], Any]
    """What TOML holds to the setting; raises WrongValueError, or a group of them: one for each wrong element."""
    wanted: str
    """What to write, as the end of a sentence that begins with "write"."""
    schema: Mapping[str, Any]
    """The same as a JSON schema."""


@dataclass(frozen=True)
class Note:
    """What a reader should know when this key or table is missing or wrong."""

    text: str


@dataclass(frozen=True)
class Kind:
    """A field's type taken apart."""

    base: Any
    """bool, int, float, str, date, Path, Literal of strings, tuple[str, ...] or a dataclass; anything with `Read`."""
    markers: tuple[Any, ...]

    @classmethod
    def of(cls, hint: Any) -> Kind:
        """hint: the field's type as `get_type_hints(..., include_extras=True)` gives it."""
        markers: tuple[Any, ...] = ()
        while True:
            origin = get_origin(hint)
            if origin is Annotated:
                hint, *inner = get_args(hint)
                markers = (*markers, *inner)
                if any(isinstance(marker, Read) for marker in inner):
                    return cls(hint, markers)
            elif origin in (Union, UnionType):
                # `X | None`: TOML cannot say None, it is what a key left out means.
                hint = next(option for option in get_args(hint) if option is not type(None))
            else:
                return cls(hint, markers)

    @property
    def table(self) -> type[DataclassInstance] | None:
        """The dataclass that describes it, when it is a table."""
        return self.base if dataclasses.is_dataclass(self.base) and isinstance(self.base, type) else None

    @property
    def range(self) -> Range | None:
        return next((marker for marker in self.markers if isinstance(marker, Range)), None)

    @property
    def text(self) -> Text | None:
        return next((marker for marker in self.markers if isinstance(marker, Text)), None)

    @property
    def read(self) -> Read | None:
        return next((marker for marker in self.markers if isinstance(marker, Read)), None)

    @property
    def choices(self) -> tuple[str, ...]:
        """The strings allowed: of a Literal, or of the elements of a tuple."""
        if get_origin(self.base) is Literal:
            return get_args(self.base)
        return next((marker.choices for marker in self.markers if isinstance(marker, Subset)), ())

    @property
    def note(self) -> str:
        return next((marker.text for marker in self.markers if isinstance(marker, Note)), "")

    @property
    def wanted(self) -> str:
        """What to write, as the end of a sentence that begins with "write"."""
        if self.read:
            return self.read.wanted
        if self.base is bool:
            return "true or false"
        if self.base in (int, float):
            number = "a whole number" if self.base is int else "a number"
            return f"{number} {self.range}" if self.range else number
        if self.base is datetime.date:
            return "a date without quotes, such as 2030-07-31"
        if self.base is Path:
            return "a path in quotes" + (" that begins with /" if Absolute() in self.markers else "")
        if get_origin(self.base) is tuple:
            return f"a list of at least one of {listed(self.choices)}"
        if self.choices:
            return listed(self.choices)
        return f'{self.text.rule}, such as "{self.text.example}"' if self.text else "text in quotes"


class WrongValueError(Exception):
    """A value that its field does not allow. Never leaves `edge.typed_toml`."""

    def __init__(self, reason: str, remedy: str = "", element: int | None = None) -> None:
        """remedy: empty where `Kind.wanted` says it all; element: index of the wrong one in a list."""
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.element = element


@dataclass(frozen=True)
class Places:
    """What paths in a config file mean."""

    folder: Path
    """Where relative paths begin: the folder of the config file."""
    credentials: Path
    """Where `credential:NAME` is looked up."""

    def resolve(self, written: str) -> Path:
        """The path that is meant. Raises WrongValueError."""
        if not written or not written.isprintable() or len(written) > 4096:
            # Not shown: a key or password pasted in place of its path would get into the journal.
            raise WrongValueError("is not a path")
        if written.startswith("~"):
            raise WrongValueError(f"is {shown(written)}, but a service has no home folder", "write the path from / on")
        if not written.startswith(CREDENTIAL_PREFIX):
            return self.folder / written
        name = written.removeprefix(CREDENTIAL_PREFIX)
        if not _CREDENTIAL.fullmatch(name):
            raise WrongValueError(
                f"is {shown(written)}, which cannot be the name of a credential",
                'write "credential:NAME" with the name that LoadCredential= gives it in the unit',
            )
        return self.credentials / name


def convert(value: Any, kind: Kind, places: Places) -> Any:
    """value, as `tomllib` gives it, as a value of kind.

    Raises WrongValueError, or a group of them: one for each wrong element of a list.
    """
    if kind.read:
        return kind.read.of(value)
    if kind.base is bool:
        return _typed(value, bool, "true or false")
    if kind.base in (int, float):
        return _number(value, kind)
    if kind.base is datetime.date:
        if isinstance(value, datetime.datetime):
            raise WrongValueError(f"is {shown(value)}, with a time", "write the day only, such as 2030-07-31")
        return _typed(value, datetime.date, "a date")
    if get_origin(kind.base) is tuple:
        return _subset(value, kind.choices)
    text: str = _typed(value, str, "text in quotes")
    if kind.base is Path:
        path = places.resolve(text)
        if Absolute() in kind.markers and not text.startswith("/"):
            raise WrongValueError(f"is {shown(text)}, which is not an absolute path")
        return path
    if kind.choices:
        return _choice(text, kind.choices)
    if kind.text is not None and not re.fullmatch(kind.text.pattern, text):
        raise WrongValueError(f"is {shown(text)}")
    for marker in kind.markers:
        if isinstance(marker, Meaning):
            text = marker.of(text, places)
    return text


def _typed(value: Any, wanted: type, words: str) -> Any:
    if not isinstance(value, wanted):
        raise WrongValueError(f"must be {words}, is {shown(value)}")
    return value


def _number(value: Any, kind: Kind) -> int | float:
    whole = kind.base is int
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise WrongValueError(f"must be a {'whole ' if whole else ''}number, is {shown(value)}")
    allowed = kind.range
    if isinstance(value, float) and not math.isfinite(value):
        raise WrongValueError(f"is {shown(value)}")
    if allowed is not None and not allowed.low <= value <= allowed.high:
        raise WrongValueError(f"is {shown(value)}, {'below' if value < allowed.low else 'above'} what is allowed")
    return int(value) if whole else float(value)


def _subset(value: Any, choices: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise WrongValueError(f"must be a list, is {shown(value)}")
    if not value:
        raise WrongValueError("is an empty list")
    wrong = []
    for index, element in enumerate(value):
        try:
            text = _choice(_typed(element, str, "text in quotes"), choices)
            if value.index(text) < index:
                raise WrongValueError(f"is {shown(text)} again", "write each once")
        except WrongValueError as error:
            wrong.append(WrongValueError(f"element {index + 1} {error.reason}", error.remedy, index))
    if wrong:
        raise ExceptionGroup("wrong elements", wrong)
    return tuple(value)


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text in choices:
        return text
    meant = difflib.get_close_matches(text.lower()[:_SHOWN_CHARACTERS], choices, 1)
    remedy = f"did you mean {shown(meant[0])}? Write {listed(choices)}" if meant else f"write {listed(choices)}"
    raise WrongValueError(f"is {shown(text)}", remedy)


def shown(value: Any) -> str:
    """value as a config file would say it, short, on one line, and without passwords of addresses."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of more than 19 digits"
    if isinstance(value, str):
        if "@" in value:
            value = "…@" + value.rpartition("@")[2]
        if len(value) > _SHOWN_CHARACTERS:
            value = value[:_SHOWN_CHARACTERS] + "…"
        return json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a table"
    return str(value)


def listed(choices: Iterable[str]) -> str:
    """ "a", "b" or "c"."""
    *most, last = (json.dumps(choice) for choice in choices)
    return f"{', '.join(most)} or {last}" if most else last
