"""The school's observations, devices and losses: one file, one writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from central.arrivals import Arrival
from central.errors import StoreBusyError, StoreError
from central.store.schema import migrate
from central.store.sqlite import READS, open_engine
from central.store.tables import observations, rejections, streams
from central.store.writer import BatchWriter, Saved


@dataclass(frozen=True)
class Totals:
    """Over the life of the database."""

    received: int
    """Observations, those since deleted included."""
    missing: int
    """Observations with a number between the first and the last of their stream that never came."""
    rejected: int


class Store:
    """An open database; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open or begin the file, and bring its tables up to date. Raises StoreError."""
        self._path = path
        self._engine = open_engine(path)
        try:
            with self._failing():
                migrate(self._engine)
        except StoreError:
            self._engine.dispose()
            raise
        self._writer = BatchWriter(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def save(self, arrivals: Iterable[Arrival], received_at: datetime) -> Saved:
        """Commit all of it, or nothing. Raises StoreBusyError when it cannot be written now, else StoreError."""
        with self._failing():
            return self._writer.save(arrivals, received_at)

    def delete_observed_before(self, moment: datetime, most: int) -> int:
        """Delete so many of the oldest observations at most; returns how many. Raises like `save`.

        Streams keep their counts: what was received and is deleted is not missing.
        """
        oldest = (
            sa.select(observations.c.stream_id, observations.c.sequence)
            .where(observations.c.observed_at < moment)
            .order_by(observations.c.observed_at)
            .limit(most)
        )
        key = sa.tuple_(observations.c.stream_id, observations.c.sequence)
        with self._failing(), self._engine.begin() as connection:
            return connection.execute(sa.delete(observations).where(key.in_(oldest))).rowcount

    def totals(self) -> Totals:
        """Raises like `save`."""
        with self._failing(), self._engine.execution_options(**{READS: True}).begin() as connection:
            known = connection.execute(sa.select(streams)).all()
            rejected = connection.scalar(sa.select(sa.func.sum(rejections.c.count)))
        # Summed here: a sequence may be anything up to 2**63 - 1, and a database's sum would overflow.
        received = sum(stream.received for stream in known)
        expected = sum(stream.last_sequence - stream.first_sequence + 1 for stream in known)
        return Totals(received, expected - received, int(rejected or 0))

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """What the database raises, as errors that say what to do."""
        try:
            yield
        except sa.exc.OperationalError as error:  # locked, full, read-only, an input or output error
            raise StoreBusyError(f"{self._path}: {error.orig}") from error
        except sa.exc.DatabaseError as error:
            raise StoreError(f"{self._path}: {error.orig}; bring back a backup, or move the file away") from error
