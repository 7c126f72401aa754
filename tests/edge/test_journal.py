"""Log lines as journal fields, with systemd-python and without, and the page that lists them."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.journal import CAMERA_FAILED, EVENTS, configure_logging, event

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def logging_to(stream: Any, journal_stream: str | None, library: Any) -> Iterator[None]:
    """The root logger as `configure_logging` sets it up, which pytest has a handler on."""
    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers.clear()
    try:
        configure_logging(logging.INFO, journal_stream, stream=stream, library=library)
        yield
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


class Library:
    """`systemd.journal` of systemd-python 235, as far as its handler goes."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(self, message: str, **fields: Any) -> None:
        self.sent.append((message, fields))

    def JournalHandler(self, sender_function: Any, **fixed: str) -> logging.Handler:  # noqa: N802
        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                text = self.format(record)
                extras: dict[str, Any] = {**fixed, "CODE_ARGS": str(record.args), **record.__dict__}
                sender_function(text, PRIORITY="3", LOGGER=record.name, **extras)

        return Handler()


def of(file: Any) -> str:
    """JOURNAL_STREAM as systemd would set it for a file."""
    status = os.fstat(file.fileno())
    return f"{status.st_dev}:{status.st_ino}"


def test_in_a_service_each_change_has_its_fields_and_nothing_else_of_the_record(tmp_path: Path) -> None:
    library = Library()
    with (tmp_path / "stderr").open("w+") as stderr, logging_to(stderr, of(stderr), library):
        logging.getLogger("edge.capture").error("lost: %s", "cable", extra=event(CAMERA_FAILED, reason="cable"))
    [(message, fields)] = library.sent
    assert message == "lost: cable"
    assert fields["MESSAGE_ID"] == CAMERA_FAILED.message_id
    assert (fields["CLASSPULSE_EVENT"], fields["CLASSPULSE_REASON"]) == ("camera-failed", "cable")
    assert fields["SYSLOG_IDENTIFIER"] == "classpulse-edge"
    assert all(name.isupper() for name in fields)
    assert (tmp_path / "stderr").read_text() == ""


def test_without_systemd_python_the_journal_gets_text_and_priority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "systemd.journal", None)  # cannot be imported
    with (tmp_path / "stderr").open("w+") as stderr, logging_to(stderr, of(stderr), None):
        logging.warning("two\nlines")
        logging.info("one")
    assert (tmp_path / "stderr").read_text() == "<4>two\n<4>lines\n<6>one\n"


@pytest.mark.parametrize("journal_stream", [None, "1:1"])
def test_a_terminal_or_a_file_gets_time_and_level(journal_stream: str | None) -> None:
    stream = io.StringIO()
    with logging_to(stream, journal_stream, Library()):
        logging.info("ready")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d .* INFO ready\n", stream.getvalue())


def test_every_event_is_documented_with_its_message_id_and_used() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| `([0-9a-f]{32})` \|", (ROOT / "docs/journal.md").read_text(), re.MULTILINE)
    assert rows == [(kind.name, kind.message_id) for kind in EVENTS]
    assert len({kind.message_id for kind in EVENTS}) == len(EVENTS)
    source = "".join(path.read_text() for path in (ROOT / "edge").glob("*.py") if path.name != "journal.py")
    for kind in EVENTS:
        assert f"event({kind.name.upper().replace('-', '_')}" in source, kind.name
