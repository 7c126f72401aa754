"""A second witness beside the spool's file: how far it had numbered, and how much was in it.

A file that was cut short, or whose journal was, is a whole spool of an earlier moment to SQLite; its next observations
would carry numbers that are used up, and central would drop them as repeats. So the last numbers stand in a file of
their own too: one line, overwritten in place after each commit, and left to the kernel to carry to the card.
"""

from __future__ import annotations

import json
import os
import uuid
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_LENGTH = 256
"""Bytes of the line: always the same, so that none remains of a longer one, and within one sector of 512."""


@dataclass(frozen=True)
class Record:
    """What the spool's file held after its last commit."""

    stream: str
    """UUID of the stream under way."""
    next_sequence: int
    depth: int
    """Observations that waited."""
    dropped: int
    """Lost over the life of the spool."""
    boot: str
    closed: bool
    """Whether the spool was closed, and not only abandoned."""


@dataclass(frozen=True)
class Continuation:
    """How a spool that was opened again goes on."""

    stream: uuid.UUID
    next_sequence: int
    missing: int = 0
    """Numbers that were given out, and that the file does not know of."""
    lost: int = 0
    """How many of those may have waited to be sent, at most."""
    dropped: int = 0
    """Losses before, which the file does not know of."""


def go_on(record: Record | None, stream: uuid.UUID, next_sequence: int, dropped: int, boot: str) -> Continuation:
    """Where to go on from, given the record and what the file says; boot: which one this is.

    The stream goes on, unless numbers of it may be used up that the file does not know of.
    """
    if record is None:
        return Continuation(stream if next_sequence == 1 else uuid.uuid4(), next_sequence)
    missing = max(0, record.next_sequence - next_sequence)
    if missing or (record.next_sequence == next_sequence and record.stream != str(stream)):
        return Continuation(
            uuid.uuid4(),
            max(next_sequence, record.next_sequence),
            missing,
            min(missing, record.depth),
            max(0, record.dropped - dropped),
        )
    # After a power cut the record may be as old as the file: cards forget what they said they had written.
    same = record.closed or record.boot == boot
    return Continuation(stream if same else uuid.uuid4(), next_sequence)


class Mark:
    """The file that holds the record."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_name(spool.name + ".mark")
        self._written: Record | None = None

    def read(self) -> Record | None:
        """The record; None where there is none, or none that is whole."""
        try:
            line = self._path.read_bytes()[:_LENGTH]
            text, _, checksum = line.rstrip().rpartition(b" ")
            if int(checksum, 16) != zlib.crc32(text):
                return None
            return Record(**json.loads(text))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, record: Record) -> None:
        """Keep the record. Where that fails the one before stays: on a disk like that the spool does not move on."""
        if record == self._written:
            return
        text = json.dumps(asdict(record), separators=(",", ":")).encode("ascii")
        line = text + b" %08x" % zlib.crc32(text)
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, line.ljust(_LENGTH - 1) + b"\n", 0)
                self._written = record
            finally:
                os.close(descriptor)
