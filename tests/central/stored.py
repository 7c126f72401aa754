"""Observations for a store, and what its file holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from central.arrivals import Seen
from central.store.kinds import KeptKind

NOW = datetime(2026, 3, 2, 9, 15, 31, tzinfo=UTC)
STREAM = UUID(int=1)
KEEP: dict[KeptKind, timedelta] = {
    "observation": timedelta(days=30), "minute": timedelta(days=30),
    "hour": timedelta(days=400), "day": timedelta(days=3650),
}  # fmt: skip
"""As it is by default."""


def seen(
    sequence: int, *, classroom: str = "room-101", stream: UUID = STREAM, at: datetime = NOW, late: bool = False
) -> Seen:
    return Seen(classroom, stream, sequence, f"s-{sequence:03d}", "happy", at, late)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()
