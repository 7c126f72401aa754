"""Places that belong to somebody else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that every account may enter, which a test's own is not."""
    with tempfile.TemporaryDirectory(prefix="classpulse-public-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def anothers(path: Path, mode: int = 0) -> Iterator[None]:
    """Path is somebody else's, who leaves so much of it to others; root, who may do everything, is nobody meanwhile."""
    before, account = path.stat().st_mode, os.geteuid()
    path.chmod(mode)
    if account == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(account)
        path.chmod(before)
