"""A second witness beside the spool's file: how far it had numbered, and how much was in it.

A file that was cut short, or whose journal was, is a whole spool of an earlier moment to SQLite; its next observations
would carry numbers that are used up, and central would drop them as repeats. So the last numbers stand in a file of
their own too: one line, overwritten in place after each commit, and left to the kernel to carry to the card.

A backup that is put back brings both of an earlier moment, and they agree. So the line also says in which file it
stands, by inode, and when it was written: a copy was last changed when it was copied, whatever times it was given.
"""

from __future__ import annotations

import json
import os
import time
import uuid
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_LENGTH = 256
"""Bytes of the line: always the same, so that none remains of a longer one, and within one sector of 512."""
_SAME_WRITE_SECONDS = 5.0
"""Between reading the clock and writing, at most. ext4 gives a deleted file's inode to the next one at once, and
`cp` over a file keeps it: then only the time of change tells."""


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


@dataclass(frozen=True)
class Found:
    """A record that was read."""

    record: Record
    copied: bool
    """Whether the file it was found in is another than it was written to, or was changed since by something else."""


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
    because: str = ""
    """Why the stream is a fresh one; "" where it goes on."""


def go_on(found: Found | None, stream: uuid.UUID, next_sequence: int, dropped: int, boot: str) -> Continuation:
    """Where to go on from, given the record and what the file says; boot: which one this is, "" when unknown.

    The stream goes on, unless numbers of it may be used up that the file does not know of.
    """
    fresh = uuid.uuid4()
    if found is None:
        if next_sequence == 1:
            return Continuation(stream, next_sequence)
        return Continuation(fresh, next_sequence, because="its mark is missing or damaged")
    record = found.record
    missing = max(0, record.next_sequence - next_sequence)
    if missing or (record.next_sequence == next_sequence and record.stream != str(stream)):
        # Another stream: the run before began it, and wrote nothing of it.
        return Continuation(
            fresh,
            max(next_sequence, record.next_sequence),
            missing,
            min(missing, record.depth),
            max(0, record.dropped - dropped),
            because="its mark names another one",
        )
    if not boot or record.boot != boot:
        # After a power cut the record may be as old as the file: cards forget what they said they had written.
        return Continuation(fresh, next_sequence, because="the device was started anew")
    if found.copied:
        return Continuation(fresh, next_sequence, because="it was put back from a copy, which may be an old one")
    return Continuation(stream, next_sequence)


class Mark:
    """The file that holds the record."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_name(spool.name + ".mark")
        self._written: Record | None = None

    def read(self) -> Found | None:
        """What is recorded; None where there is nothing, or nothing whole."""
        try:
            with self._path.open("rb") as file:
                line, status = file.read(_LENGTH), os.fstat(file.fileno())
            text, _, checksum = line.rstrip().rpartition(b" ")
            if int(checksum, 16) != zlib.crc32(text):
                return None
            content = json.loads(text)
            inode, written_at = content.pop("inode"), content.pop("written_at")
            copied = inode != status.st_ino or abs(status.st_ctime - written_at) > _SAME_WRITE_SECONDS
            return Found(Record(**content), copied)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, record: Record) -> None:
        """Keep the record. Where that fails the one before stays: on a disk like that the spool does not move on."""
        if record == self._written:
            return
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                content = asdict(record) | {"inode": os.fstat(descriptor).st_ino, "written_at": round(time.time(), 3)}
                text = json.dumps(content, separators=(",", ":")).encode("ascii")
                line = text + b" %08x" % zlib.crc32(text)
                os.pwrite(descriptor, line.ljust(_LENGTH - 1) + b"\n", 0)
                self._written = record
            finally:
                os.close(descriptor)
