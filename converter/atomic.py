"""Writing files so that nobody ever finds half of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from edge.errors import ModelError


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write all files or none: each under another name first, renamed once all are on the disk.

    Raises ModelError when one cannot be written; what was there before is then still there.
    """
    written: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
                with temporary.open("wb") as file:
                    written[path] = temporary
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise ModelError(f"{path}: cannot be written ({error.strerror}); nothing was changed") from error
        for path, temporary in written.items():
            temporary.replace(path)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
