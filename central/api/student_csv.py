"""Profiles as a CSV file: what `students.csv` gives, and what an import takes, back and forth without a loss.

The apostrophes that `central.api.csv_text` puts before what a spreadsheet would take for a formula are taken away
again.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from central.api.csv_text import as_it_was
from central.api.models.profiles import NewStudent
from central.store.students import Student

COLUMNS = (
    "student_id", "display_name", "group", "tags", "notes", "consent_reference", "consent_expires", "archived",
)  # fmt: skip
_REQUIRED = ("student_id", "display_name", "consent_reference")
MOST_BYTES = 4 << 20
"""Of a file; a school of ten thousand fits in."""
_MOST_ROWS = 20_000
_MOST_COLUMNS = 50
"""Far more than there are: each name that is not known is compared with those that are, which takes its time."""
_MOST_MISTAKES = 100
"""That are listed; the same is wrong in every line then."""
_DELIMITERS = ",;\t"
"""A spreadsheet writes a semicolon where the comma stands in numbers."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
"""What a spreadsheet makes of 2026-07-31 in the countries that write dates with dots; there is one way to read it."""
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0", "")


@dataclass(frozen=True)
class Row:
    """A student, as a line of the file has it."""

    line: int
    """Where it begins in the file, from 1."""
    student_id: str
    values: Mapping[str, Any]
    """Fields of `central.store.students.Profile`; those that have no column are not there."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a line."""

    line: int
    reason: str


@dataclass
class Parsed:
    """A file."""

    rows: list[Row] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


class _MistakeError(Exception):
    """Found in a cell or a line; the text says what."""


def cells(student: Student) -> list[str]:
    """A student's line, in the order of COLUMNS."""
    return [
        student.student_id,
        student.display_name,
        student.group or "",
        _joined(student.tags),
        student.notes,
        student.consent_reference,
        student.consent_expires.isoformat() if student.consent_expires else "",
        "yes" if student.archived else "no",
    ]


def parse(data: bytes) -> Parsed:
    """The students in a file, and every mistake in it. Nothing is raised for what it holds."""
    parsed = Parsed()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = "is not written in UTF-8; in a spreadsheet, save the file as “CSV UTF-8”"
        parsed.mistakes.append(Mistake(line, reason))
        return parsed
    lines = _lines(text, parsed.mistakes)
    _, header = next(lines, (1, []))
    columns = _columns(header, parsed.mistakes)
    if parsed.mistakes:
        return parsed
    seen: dict[str, int] = {}
    for line, found in lines:
        if len(parsed.rows) == _MOST_ROWS:
            parsed.mistakes.append(Mistake(line, f"is one too many: a file has at most {_MOST_ROWS} students"))
        if len(parsed.mistakes) >= _MOST_MISTAKES:
            parsed.mistakes.append(Mistake(line, "and what follows was not looked at: there are too many mistakes"))
            return parsed
        reasons, row = _row(line, columns, found)
        if row is not None and seen.setdefault(row.student_id, line) != line:
            reasons.append(f"has {row.student_id} again, who stands in line {seen[row.student_id]}")
        parsed.mistakes += [Mistake(line, reason) for reason in reasons]
        if row is not None:
            parsed.rows.append(row)
    return parsed


def _lines(text: str, mistakes: list[Mistake]) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty, by the number where it begins: a note may go on over several."""
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            found = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            mistakes.append(Mistake(line, _unreadable(error)))
            return
        if any(cell.strip() for cell in found):
            yield line, found
        line = reader.line_num + 1


def _unreadable(error: csv.Error) -> str:
    if str(error).startswith("field larger than"):  # there is no code to know it by
        # Behind a quotation mark that is not closed, the rest of the file is one cell.
        most = csv.field_size_limit()
        return f"has a cell of more than {most} characters: shorten it, or close the quotation mark where it begins"
    return "has a quotation mark that is not closed, or that is followed by more text"


def _columns(header: Sequence[str], mistakes: list[Mistake]) -> list[str]:
    """The names in the first line."""
    count = len(header)
    while count and not header[count - 1].strip():  # a spreadsheet leaves delimiters of columns that were emptied
        count -= 1
    if count > _MOST_COLUMNS:
        mistakes.append(Mistake(1, f"has {count} columns; there are no more than {_MOST_COLUMNS}"))
        return []
    names = [re.sub(r"[\s-]+", "_", name.strip().lower()) for name in header[:count]]
    reasons = []
    for name in names:
        if name not in COLUMNS:
            close = difflib.get_close_matches(name[:60], COLUMNS, 1)
            meant = f"did you mean {close[0]}?" if close else f"the columns are {', '.join(COLUMNS)}"
            reasons.append(f"has a column {name[:60]!a} that is not known: {meant}")
    reasons += [f"has the column {name} twice" for name in COLUMNS if names.count(name) > 1]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        reasons.append(f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    mistakes += [Mistake(1, reason) for reason in reasons]
    return names


def _row(line: int, columns: Sequence[str], found: Sequence[str]) -> tuple[list[str], Row | None]:
    """What is wrong with a line, and the student in it; none if that cannot be told."""
    if any(found[len(columns) :]) or len(found) < len(columns):
        return [f"has {len(found)} cells, and the first line {len(columns)}"], None
    reasons = []
    values: dict[str, Any] = {}
    for name, cell in zip(columns, found, strict=False):
        try:
            values[name] = _value(name, as_it_was(cell))
        except _MistakeError as error:
            reasons.append(f"{name} {error}")
    archived = values.pop("archived", None)
    try:
        NewStudent.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        reasons += [_reason(detail) for detail in error.errors() if detail["loc"][0] in values]
    if reasons:
        return reasons, None
    if archived is not None:
        values["archived"] = archived
    return [], Row(line, values["student_id"], values)


def _value(name: str, cell: str) -> Any:
    """What a cell means; None where it is empty and may be. Raises _MistakeError."""
    if name == "notes":
        return cell.replace("\r\n", "\n").replace("\r", "\n")
    cell = cell.strip()
    match name:
        case "tags":
            return _split(cell)
        case "archived":
            return _yes_or_no(cell)
        case "consent_expires":
            return _date(cell) if cell else None
        case "group":
            return cell or None
    return cell


def _date(cell: str) -> date:
    german = _GERMAN_DATE.fullmatch(cell)
    try:
        if german is not None:
            return date(*map(int, reversed(german.groups())))
        if _DATE.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError as error:
        raise _MistakeError(f"is {cell!a}, which is no day of the calendar; write it like 2026-07-31") from error
    raise _MistakeError(f"is {cell[:40]!a}; write a date like 2026-07-31")


def _yes_or_no(cell: str) -> bool:
    word = cell.lower()
    if word not in _YES + _NO:
        raise _MistakeError(f"is {cell[:40]!a}; write yes or no")
    return word in _YES


def _joined(tags: Sequence[str]) -> str:
    """Tags in one cell, which is a line of CSV itself: a tag may hold a comma."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(tags)
    return line.getvalue()


def _split(cell: str) -> tuple[str, ...]:
    try:
        found = next(csv.reader([cell], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise _MistakeError("has a quotation mark that is not closed; write tags with commas between them") from error
    return tuple(dict.fromkeys(tag.strip() for tag in found if tag.strip()))


def _reason(detail: ErrorDetails) -> str:
    """A mistake that the profile's rules found, in words."""
    name, limits = str(detail["loc"][0]), detail.get("ctx", {})
    match detail["type"]:
        case "string_too_long":
            return f"{name} is longer than {limits['max_length']} characters"
        case "string_too_short":
            return f"{name} is empty"
        case "too_long":
            return f"{name} has more than {limits['max_length']} tags"
        case "string_pattern_mismatch" if name == "student_id":
            return "student_id is not made of a-z, 0-9 and -, beginning with a letter or digit, at most 63 of them"
        case "string_pattern_mismatch":
            return f"{name} holds a line break or another character that it must not"
    return f"{name}: {detail['msg']}"
