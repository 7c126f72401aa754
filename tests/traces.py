"""Finds what a daemon must not leave behind: a picture, an embedding or a name, in a file or in the log."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

LENGTH = 192
"""Of an embedding of MobileFaceNet, float32 and of unit length."""
_FILES = re.compile(r"daemon\.log|spool\.db(-wal|-shm|-journal|\.mark(\.new)?|\.lock)?( \(deleted\))?")
"""All that it writes, in its own folder."""
_PICTURES = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"RIFF", b"ftypisom", b"\x93NUMPY")
_VALUE = re.compile(r"|angry|happy|neutral|sad|tired|s-[0-9]{3}|[0-9a-f-]{36}|20[0-9-]{8}[T ][0-9:.]{8,15}(Z|\+00:00)?")
"""A text in the spool."""
_STAMP = r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:,]{12} (INFO|WARNING)"
_LINES = (
    r"INFO: Created TensorFlow Lite XNNPACK delegate for CPU\.",
    rf"{_STAMP} gallery: [0-9]+ students",
    rf"{_STAMP} observing demo from \S+",
    rf"{_STAMP} the authorisation '[^']+' expires on [0-9-]+, in [0-9]+ days?: nobody is observed after that; [a-z ]+",
    rf"{_STAMP} connected to 127\.0\.0\.1:[0-9]+",
    rf"{_STAMP} the camera works",
    rf"{_STAMP} fewer frames and faces are looked at: a frame takes [0-9.]+ s; [a-z ._,]+",
    rf"{_STAMP} stopped after [0-9]+ frames",
)
"""All that the log of an ordinary run says."""


def traces(folder: Path, written: Mapping[str, set[bytes]]) -> list[str]:
    """What is wrong with a run: in what was written, by path, and in the spool that is left in `folder`."""
    found = [f"{path}: no file of the daemon's" for path in written if not _expected(folder, path)]
    for path, contents in written.items():
        for content in contents:
            found += [f"{path}: holds {what}" for what in _faces(content)]
    for content in written.get(str(folder / "daemon.log"), ()):
        lines = content.decode().split("\n")[:-1]  # the last may be half written
        found += [f"log: {line!r}" for line in lines if not any(re.fullmatch(known, line) for known in _LINES)]
    return sorted({*found, *_spool(folder / "spool.db")})


def _expected(folder: Path, path: str) -> bool:
    return Path(path).parent == folder and _FILES.fullmatch(Path(path).name) is not None


def _faces(content: bytes) -> Iterator[str]:
    """A picture's header, or as many small numbers in a row as an embedding has, whose squares sum to one."""
    if any(header in content for header in _PICTURES):
        yield "a picture or an array"
    for offset in range(4):
        numbers = np.frombuffer(content[offset : offset + (len(content) - offset) // 4 * 4], "<f4")
        squares = np.where(np.abs(numbers) < 1, numbers, 2).astype(np.float64) ** 2
        if len(squares) < LENGTH:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(squares, LENGTH)
        filled = (windows > 1e-12).mean(axis=1) > 0.8
        if (filled & (np.abs(windows.sum(axis=1) - 1) < 0.01)).any():
            yield "an embedding"
            return


def _spool(path: Path) -> Iterator[str]:
    """Values of a spool that are neither numbers nor texts that it is meant to hold."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in database.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                text = isinstance(value, str) and _VALUE.fullmatch(value)
                if not (text or value is None or isinstance(value, int | float)):
                    yield f"spool: {table} holds {value!r:.60}"
    database.close()
