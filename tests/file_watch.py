"""Everything that one process writes to any file of this machine, by fanotify(7). Needs root."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

# linux/fanotify.h
_CLOEXEC, _NONBLOCK, _UNLIMITED_QUEUE = 0x1, 0x2, 0x10
_MARK_ADD, _MARK_MOUNT = 0x1, 0x10
_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_EVENT = struct.Struct("=IBBHQii")
"""Length of the event, version, reserved, length of this structure, mask, descriptor of the file, process."""
_AT_FDCWD = -100
_NOT_FILES = {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "binfmt_misc", "debugfs", "tracefs", "bpf"}
_MOST_BYTES = 10_000_000


class FileWatch:
    """From `with` to its end: what a process wrote, deleted and nameless files among it."""

    def __init__(self) -> None:
        self.written: defaultdict[str, set[bytes]] = defaultdict(set)
        """All that was in each file after one write or another, by its path; of the first ten megabytes."""
        self._closing, self._close = os.pipe()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Raises PermissionError where this process may not watch."""
        libc = ctypes.CDLL(None, use_errno=True)
        flags = _CLOEXEC | _NONBLOCK | _UNLIMITED_QUEUE
        self._events = libc.fanotify_init(flags, os.O_RDONLY | os.O_CLOEXEC | os.O_LARGEFILE)
        if self._events < 0:
            raise PermissionError(f"fanotify: {os.strerror(ctypes.get_errno())}")
        for mount in _mounts():
            mask = ctypes.c_uint64(_MODIFY | _CLOSE_WRITE)
            libc.fanotify_mark(self._events, _MARK_ADD | _MARK_MOUNT, mask, _AT_FDCWD, os.fsencode(mount))
        return self

    def follow(self, pid: int) -> None:
        """Say whose writes count; what it has written since `with` is not lost."""
        self._thread = threading.Thread(target=self._read, args=(pid,), daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        os.close(self._close)  # wakes the thread, which reads what is left and ends
        if self._thread is not None:
            self._thread.join()
        os.close(self._closing)
        os.close(self._events)

    def _read(self, pid: int) -> None:
        closing = False
        while not closing:
            ready, _, _ = select.select([self._events, self._closing], [], [])
            closing = self._closing in ready
            for descriptor, process in self._waiting():
                try:
                    if process == pid:
                        path = Path(f"/proc/self/fd/{descriptor}").readlink()
                        self.written[str(path)].add(os.pread(descriptor, _MOST_BYTES, 0))
                finally:
                    os.close(descriptor)

    def _waiting(self) -> Iterator[tuple[int, int]]:
        """The descriptor of the file and the process of each event so far."""
        while True:
            try:
                events = os.read(self._events, 65536)
            except BlockingIOError:
                return
            while events:
                length, _, _, _, _, descriptor, process = _EVENT.unpack_from(events)
                events = events[length:]
                if descriptor >= 0:
                    yield descriptor, process


def _mounts() -> Iterator[Path]:
    """Where file systems that hold files are mounted (proc(5), mountinfo)."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] not in _NOT_FILES:
            yield Path(before.split()[4].encode().decode("unicode_escape"))
