"""TOML with line numbers: `tomllib` reads the values, this module finds where they were written."""

from __future__ import annotations

import re
import tomllib
from typing import Any

KeyPath = tuple[str | int, ...]
"""Names of tables and keys from the top, indexes of array elements: ("report", "labels", 0)."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# A multi-line string may end in quotes of its own: """she said "yes""""" ends in two of them.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]*")
_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_ENDLESS_NUMBER = re.compile(r"\d[\d_]{4000}")


class TomlDocument:
    """The values of one TOML text, and the lines of its keys, tables and array elements."""

    def __init__(self, text: str) -> None:
        """Raises what `tomllib.loads` raises: see `syntax_mistake`."""
        self.values: dict[str, Any] = tomllib.loads(text)
        self._text = text
        self._position = 0
        self._counted_to = 0
        self._current_line = 1
        self._elements: dict[KeyPath, int] = {}
        self._written: dict[KeyPath, int] = {}
        self._implied: dict[KeyPath, int] = {}
        self._scan()

    def line(self, *path: str | int) -> int:
        """The 1-based line of the key at path; else that of the nearest table around it; else 1."""
        for length in range(len(path), 0, -1):
            for lines in (self._written, self._implied):
                if path[:length] in lines:
                    return lines[path[:length]]
        return 1

    def _scan(self) -> None:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._position < len(self._text):
            if self._take("[["):
                table = self._array_table(self._key(()))
                self._take("]]")
            elif self._take("["):
                table = self._inside(self._key(()))
                self._note(table)
                self._take("]")
            else:
                self._value(self._assignment(table))
            self._skip(_BLANK)

    def _array_table(self, name: KeyPath) -> KeyPath:
        """The path of the element that [[name]] opens."""
        array = (*self._inside(name[:-1]), name[-1])
        index = self._elements.get(array, 0)
        self._elements[array] = index + 1
        self._note(array)
        self._note((*array, index))
        return (*array, index)

    def _inside(self, name: KeyPath) -> KeyPath:
        """The path of the table called name: after each array of tables comes its newest element."""
        path: KeyPath = ()
        for part in name:
            path = (*path, part)
            if path in self._elements:
                path = (*path, self._elements[path] - 1)
        return path

    def _assignment(self, table: KeyPath) -> KeyPath:
        """Reads `a.b =`; returns the path of b."""
        path = self._key(table)
        self._note(path)
        self._take("=")
        self._skip(_SPACES)
        return path

    def _key(self, table: KeyPath) -> KeyPath:
        """Reads a dotted key; returns its path below table."""
        path = table
        while True:
            self._skip(_SPACES)
            quoted = self._skip(_STRING)
            path = (*path, _unquoted(quoted) if quoted else self._skip(_BARE_KEY))
            self._skip(_SPACES)
            if not self._take("."):
                return path

    def _value(self, path: KeyPath) -> None:
        """Reads the value of the key at path, and notes what lies inside it."""
        # A stack of its own, since values may be nested as deep as `tomllib` could follow.
        around: list[tuple[KeyPath, int | None]] = []  # index of the last array element; None for an inline table
        while True:
            if self._take("["):
                around.append((path, -1))
            elif self._take("{"):
                around.append((path, None))
            elif not self._skip(_STRING):
                self._skip(_PLAIN_VALUE)
            while around and self._closes():
                around.pop()
            if not around:
                return
            parent, index = around[-1]
            if index is None:
                path = self._assignment(parent)
            else:
                path = (*parent, index + 1)
                around[-1] = (parent, index + 1)
                self._note(path)

    def _closes(self) -> bool:
        """Whether an array or inline table ends here, instead of going on with another value."""
        self._skip(_BLANK)
        self._take(",")
        self._skip(_BLANK)
        return self._take("]") or self._take("}")

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match.group()

    def _take(self, token: str) -> bool:
        if self._text.startswith(token, self._position):
            self._position += len(token)
            return True
        return False

    def _note(self, path: KeyPath) -> None:
        """What is at path begins on the current line; so do tables around it that were not seen before."""
        self._current_line += self._text.count("\n", self._counted_to, self._position)
        self._counted_to = self._position
        self._written.setdefault(path, self._current_line)
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self._written or path[:length] in self._implied:
                break
            self._implied[path[:length]] = self._current_line


def syntax_mistake(text: str, error: ValueError | RecursionError) -> tuple[int, str]:
    """The line and the reason of what `TomlDocument(text)` raised.

    Beside TOMLDecodeError `tomllib` lets through what Python says of numbers with thousands of digits
    (ValueError) and of brackets nested hundreds deep (RecursionError).
    """
    last_line = max(1, len(text.split("\n")) - text.endswith("\n"))
    if isinstance(error, RecursionError):
        return 1, "arrays or tables are nested too deep"
    if not isinstance(error, tomllib.TOMLDecodeError):
        number = _ENDLESS_NUMBER.search(text)
        line = text.count("\n", 0, number.start()) + 1 if number else 1
        return line, "a number has too many digits"
    place = _PLACE.search(str(error))
    line = int(place["line"] or last_line) if place else last_line
    return min(line, last_line), _PLACE.sub("", str(error))


def _unquoted(key: str) -> str:
    return str(tomllib.loads(f"key = {key}")["key"])
