"""Which version of the program it is that is tried."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str | None:
    """What is checked out here, abbreviated, with "-dirty" where files were changed; None without a repository."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return told.stdout.strip() or None


def same(one: str | None, other: str | None) -> bool:
    """Whether two commits are surely the same files."""
    return one is not None and one == other and not one.endswith("-dirty")
