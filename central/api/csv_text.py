"""CSV that is sent while it is read, and that a spreadsheet takes for data only."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from fastapi.responses import StreamingResponse

Cell = str | int | float | None

MEDIA_TYPE = "text/csv"
CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "CSV in UTF-8", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}
"""For the `responses` of a route that gives one."""
_AT_THE_BEGINNING = r"""(?=[ '"]*[=+\-@\t\r])"""
"""A cell that begins so is a formula to a spreadsheet, which may fetch an address with what stands in other cells
(OWASP, "CSV Injection")."""
_WITHIN = r"""(?<=[;\t\r\n])(?=[ '"]*[=+\-@])"""
"""There a cell begins too, in a spreadsheet that splits lines at semicolons or tabs instead of commas: to it our
quotation marks, which then stand within a cell, mean nothing."""
_TO_DEFUSE = re.compile(rf"\A{_AT_THE_BEGINNING}|{_WITHIN}")
# The apostrophe itself is among what may stand before a formula: with it, the same places are found as without.
_DEFUSED = re.compile(_TO_DEFUSE.pattern.replace("(?=", "'(?="))
_LINES_AT_ONCE = 500
"""Sent in one piece: a line each would cost a switch of threads each."""


def csv_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingResponse:
    """A download. rows: read on a worker thread while the client takes them; None is an empty cell."""
    return StreamingResponse(
        csv_pieces(header, rows),
        media_type=MEDIA_TYPE,  # Starlette says that it is UTF-8
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}"},
    )


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The file, some hundred lines at once, by RFC 4180."""
    # By the mark at its beginning spreadsheets know UTF-8, without which names lose their accents.
    buffer = io.StringIO("\ufeff", newline="")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(header)
    for count, row in enumerate(rows, start=1):
        writer.writerow([defused(cell) if isinstance(cell, str) else cell for cell in row])
        if count % _LINES_AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def defused(text: str) -> str:
    """The same, with an apostrophe before all that a spreadsheet would take for a formula."""
    return _TO_DEFUSE.sub("'", text)


def as_it_was(text: str) -> str:
    """What was defused, without these apostrophes and with all others."""
    return _DEFUSED.sub("", text)
