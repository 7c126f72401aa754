"""A config file becomes frozen settings, or one `ConfigError` that names every mistake in it by its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edge.errors import ConfigError
from edge.toml_lines import TomlDocument, syntax_mistake
from edge.typed_toml import Problem, TableReader
from edge.typed_values import Places

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

Rules = Callable[[Mapping[str, Any]], Iterable[tuple[str, str, str]]]
"""Gets the values without a mistake by their dotted keys; says of contradictions the key, the reason and the remedy."""

_MOST_BYTES = 1_000_000


def read_text(path: Path, example: str) -> str:
    """The text of the file at path; example: what may be copied there. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        remedy = f"copy the example {example} there"
        raise _error(path, [Problem(None, "", "there is no such file", remedy)]) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        remedy = "name a file that this user may read"
        raise _error(path, [Problem(None, "", f"cannot be read: {reason}", remedy)]) from error
    if len(content) > _MOST_BYTES:
        raise _error(path, [Problem(None, "", "is larger than 1 MB", "name the config file, not another one")])
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise _error(path, [Problem(line, "", reason, "save the file as UTF-8")]) from error


def parse(text: str, path: Path, root: type[T], rules: Rules, credentials: Path | None) -> T:
    """The settings, a root, that text describes. Raises ConfigError, which names every mistake.

    path: where text was read, for messages and relative paths; credentials: where systemd put the service's, if it did.
    """
    try:
        document = TomlDocument(text)
    except (ValueError, RecursionError) as error:
        line, reason = syntax_mistake(text, error)
        remedy = 'write key = value, with text in "quotes", each key and each [table] once'
        raise _error(path, [Problem(line, "", reason, remedy)]) from error
    folder = path.absolute().parent
    # Outside the service, as in check-config: the files beside the config, from which the unit takes its credentials.
    reader = TableReader(document, root, Places(folder, credentials or folder))
    settings = reader.read(root, document.values)
    for at, reason, remedy in rules(reader.right):
        reader.wrong(tuple(at.split(".")), reason, remedy)
    if settings is None or reader.problems:
        raise _error(path, sorted(reader.problems, key=lambda problem: problem.line or 0))
    return settings


def _error(path: Path, problems: Sequence[Problem]) -> ConfigError:
    lines = []
    for problem in problems:
        place = f"{path}:{problem.line}" if problem.line else f"{path}"
        key = f"{problem.key} " if problem.key else ""
        lines.append(f"{place}: {key}{problem.reason}; {problem.remedy}")
    return ConfigError("\n".join(lines), problems)
