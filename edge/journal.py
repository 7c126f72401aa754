"""What the log says, for people and for programs: the journal's structured fields.

Each change of state is one line with a `MESSAGE_ID` of its own (docs/journal.md lists them):

    logger.info("the camera works", extra=event(CAMERA_WORKS))

With systemd-python, in a service, these are fields of the journal; elsewhere the text alone is written to stderr.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO

_PREFIXES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))
"""Lowest level with each priority of sd-daemon(3)."""


@dataclass(frozen=True)
class Event:
    """A kind of log line that programs may look for."""

    name: str
    message_id: str
    """128 bits in hex, for `journalctl MESSAGE_ID=...`."""


STARTED = Event("started", "3ceaaf30814248ea91d93080f9b439fc")
STOPPED = Event("stopped", "9dfb369bab134faea27655daa05f1119")
CAMERA_WORKS = Event("camera-works", "6301bbfca0c5454e8ff9bb510944fe0c")
CAMERA_FAILED = Event("camera-failed", "6fced11d2bd841e6847a8387cdde8d51")
THREAD_HANGS = Event("thread-hangs", "3a124c647e024f05b7c1dce27f7695f5")
THREAD_RECOVERED = Event("thread-recovered", "66080f174c9648e29cbd0ba3a1a6bcde")
HANG_BEFORE = Event("hang-before", "b120a366f0bb49cf82f2dc05873f9bd0")
OBSERVING_PAUSED = Event("observing-paused", "78b7d0ac84774ce08e4cda11b43c589b")
OBSERVING_RESUMED = Event("observing-resumed", "2330fcf1562a44b888668d77e827062c")
AUTHORISATION_ENDS = Event("authorisation-ends", "c1acc9906424450aa36bf9b3ddcb369d")
GALLERY_LOADED = Event("gallery-loaded", "9ad9b9a25e78454db065a1c284cc4549")
GALLERY_FAILED = Event("gallery-failed", "993565976fba4662b6a730b7b12e9eed")
CONFIG_RELOADED = Event("config-reloaded", "8df08078a22e418085c2c2af3977a654")
CONFIG_NEEDS_RESTART = Event("config-needs-restart", "f3194a3b381e43e7952c466e473a1797")
CONFIG_REFUSED = Event("config-refused", "c498b6e73648445e9afa3a387f006745")
LOAD_SHED = Event("load-shed", "ab57f985433243daa75a2e199b58ba8d")
LOAD_NORMAL = Event("load-normal", "c1b87f1a7323491b99f9cbef0f69a4d0")

EVENTS = (
    STARTED,
    STOPPED,
    CAMERA_WORKS,
    CAMERA_FAILED,
    THREAD_HANGS,
    THREAD_RECOVERED,
    HANG_BEFORE,
    OBSERVING_PAUSED,
    OBSERVING_RESUMED,
    AUTHORISATION_ENDS,
    GALLERY_LOADED,
    GALLERY_FAILED,
    CONFIG_RELOADED,
    CONFIG_NEEDS_RESTART,
    CONFIG_REFUSED,
    LOAD_SHED,
    LOAD_NORMAL,
)


def event(kind: Event, **fields: object) -> dict[str, Any]:
    """The `extra=` of a log call: MESSAGE_ID, CLASSPULSE_EVENT, and CLASSPULSE_<NAME> for each field.

    fields: about the machine; never a student, a face or a secret.
    """
    named = {f"CLASSPULSE_{name.upper()}": str(value) for name, value in fields.items()}
    return {"MESSAGE_ID": kind.message_id, "CLASSPULSE_EVENT": kind.name, **named}


def configure_logging(
    level: int,
    journal_stream: str | None,
    *,
    identifier: str = "classpulse-edge",
    stream: TextIO = sys.stderr,
    library: Any = None,
) -> None:
    """Log to the journal when this is a service, else to stream.

    journal_stream: systemd's JOURNAL_STREAM, "device:inode" of the stderr it gave the service; None outside one.
    identifier: what the journal's lines begin with.
    library: the module `systemd.journal`; by default the installed one, if there is one.
    """
    logging.basicConfig(level=level, handlers=[_handler(journal_stream, identifier, stream, library)])


def _handler(journal_stream: str | None, identifier: str, stream: TextIO, library: Any) -> logging.Handler:
    plain = logging.StreamHandler(stream)
    if not _is_journal(stream, journal_stream):
        plain.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        return plain
    library = library or _installed()
    if library is None:
        plain.setFormatter(_Prefixed("%(message)s"))
        return plain

    def send(text: str, /, **fields: Any) -> None:
        # JournalHandler also passes every attribute of the record, in lower case, which is no journal field.
        library.send(text, **{name: value for name, value in fields.items() if name.isupper() and name != "CODE_ARGS"})

    handler: logging.Handler = library.JournalHandler(sender_function=send, SYSLOG_IDENTIFIER=identifier)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _is_journal(stream: TextIO, journal_stream: str | None) -> bool:
    """Whether stream leads to the journal, and not to a terminal or file that somebody put in its place."""
    if journal_stream is None:
        return False
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return journal_stream == f"{status.st_dev}:{status.st_ino}"


def _installed() -> Any:
    # From the root of a checkout `systemd` is a folder of unit files: the import of `journal` tells.
    try:
        return importlib.import_module("systemd.journal")
    except ImportError:
        return None


class _Prefixed(logging.Formatter):
    """Each line begins with the priority that the journal shall give it, such as "<4>" (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next(number for level, number in _PREFIXES if record.levelno >= level)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())
