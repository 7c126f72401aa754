"""The school's observations, devices and losses: one file, one writer."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from central.arrivals import Arrival
from central.errors import StoreBusyError, StoreError
from central.store.losses import losses
from central.store.schema import migrate
from central.store.sqlite import READS, empty_journal, is_passing, open_engine, write_anew
from central.store.tables import rejections, streams
from central.store.tombstones import Tombstones
from central.store.turns import Turns
from central.store.writer import BatchWriter, Saved, Screen


@dataclass(frozen=True)
class Totals:
    """Over the life of the database, but for streams that had to make room (`central.store.numbering`)."""

    received: int
    """Observations, those since deleted included."""
    missing: int
    """Observations that never came: with a number within their stream, or between two streams of one spool."""
    rejected: int


class Store:
    """An open database; a context manager."""

    def __init__(self, path: Path, zone: tzinfo = UTC, *, screen: Screen | None = None) -> None:
        """Open or begin the file, and bring its tables up to date. Raises StoreBusyError, StoreError.

        zone: the school's, by which hours and days begin; screen: says whose observations must not be stored; by
        default those of students who were erased.
        """
        self._path = path
        self._turns = Turns(path)
        self._engine = open_engine(path)
        try:
            with self._failing():
                migrate(self._engine, zone)
            with self.reading() as connection:
                self.used = bool(connection.scalar(sa.select(sa.exists().select_from(streams))))
                """Whether it held anything when it was opened."""
        except StoreError:
            self._engine.dispose()
            raise
        self._writer = BatchWriter(self._engine, zone, screen or Tombstones().erased)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of everything, and waits for no writer. Raises like `save`."""
        with self._failing(), self._engine.execution_options(**{READS: True}).begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end, or undone by an exception. Raises like `save`.

        There is one writer at a time, and observations wait meanwhile: keep it short.
        """
        with self._failing(), self._turns.turn(), self._engine.begin() as connection:
            yield connection

    def save(self, arrivals: Iterable[Arrival], received_at: datetime) -> Saved:
        """Commit all of it, or nothing. Raises StoreBusyError when it cannot be written now, else StoreError."""
        with self._failing(), self._turns.turn():
            return self._writer.save(arrivals, received_at)

    def totals(self) -> Totals:
        """Raises like `save`."""
        with self.reading() as connection:
            received, missing = connection.execute(losses()).one()
            rejected = connection.scalar(sa.select(sa.func.sum(rejections.c.count)))
        return Totals(int(received or 0), int(missing or 0), int(rejected or 0))

    def bytes(self) -> int:
        """How large the database is on the disk, its journal included."""
        files = (self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def write_anew(self, most_bytes: float = math.inf) -> bool:
        """Leave no copy of deleted rows in the file itself; nobody can write meanwhile. Raises like `save`.

        False: it is larger than that, or its disk has no room for two more of them.
        """
        size = self.bytes()
        if size > most_bytes or shutil.disk_usage(self._path.parent).free < 2 * size:
            return False
        with self._failing(), self._turns.turn():
            write_anew(self._engine)
        return True

    def empty_journal(self) -> None:
        """Leave no copy of them beside it. Raises like `save`."""
        with self._failing():
            empty_journal(self._engine)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """What the database raises, as errors that say what to do."""
        try:
            yield
        except sa.exc.TimeoutError as error:
            raise StoreBusyError(f"{self._path}: too many read it at once") from error
        except sa.exc.DatabaseError as error:
            if is_passing(error):
                raise StoreBusyError(f"{self._path}: {error.orig}") from error
            raise StoreError(f"{self._path}: {error.orig}; bring back a backup, or move the file away") from error
