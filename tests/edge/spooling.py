"""What the tests of the spool share: observations, a spool filled with some, disks of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.records import Observation
from edge.spool import Spool
from edge.spool_mark import Mark
from tests.brokers import SECONDS


def observations(count: int, *, first: int = 0) -> list[Observation]:
    """Of as many students, s-000000 and up."""
    moment = datetime.now(UTC).replace(microsecond=0)
    return [Observation(f"s-{first + number:06}", "happy", moment) for number in range(count)]


def students(spool: Spool) -> list[str]:
    """Whose observations wait, in order."""
    return [row.observation.student_id for row in spool.pending(0, 1_000_000)]


@contextmanager
def filled(path: Path, count: int) -> Iterator[Spool]:
    """A spool that has taken so many observations."""
    with Spool(SpoolSettings(path=path)) as spool:
        spool.put(observations(count))
        assert spool.flush(SECONDS)
        yield spool


def as_if_written_here(path: Path) -> None:
    """Take a copied spool for the one that was written: by its mark it would be known as a backup put back."""
    mark = Mark(path)
    found = mark.read()
    assert found is not None
    mark.write(found.record)


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A file system of the test's own, where it may be mounted; options: of mount(8)."""
    folder.mkdir()
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("may not mount a disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def failing_disk(folder: Path) -> Iterator[Path]:
    """A disk that `becomes_read_only` while files on it are open."""
    program = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")  # Debian's PATH has it for root only
    if program is None:
        pytest.skip("mkfs.ext4 is not installed")
    image = folder / "image"
    with image.open("wb") as file:
        file.truncate(16_000_000)
    subprocess.run([program, "-q", "-O", "^has_journal", str(image)], check=True)
    with mounted(folder / "disk", "-o", "loop", str(image)) as disk:
        yield disk


def becomes_read_only(disk: Path) -> None:
    """What the kernel does after an I/O error (ext4(5), errors=remount-ro)."""
    subprocess.run(["mount", "-o", "remount,abort", str(disk)], check=True)
