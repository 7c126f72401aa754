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
from central.store.losses import losses
from central.store.schema import migrate
from central.store.sqlite import READS, is_passing, open_engine
from central.store.tables import doubts, observations, rejections, streams
from central.store.writer import BatchWriter, Saved


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

    def __init__(self, path: Path) -> None:
        """Open or begin the file, and bring its tables up to date. Raises StoreBusyError, StoreError."""
        self._path = path
        self._engine = open_engine(path)
        try:
            with self._failing():
                migrate(self._engine)
                with self._reading() as connection:
                    self.used = bool(connection.scalar(sa.select(sa.exists().select_from(streams))))
                    """Whether it held anything when it was opened."""
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
        with self._failing(), self._reading() as connection:
            received, missing = connection.execute(losses()).one()
            rejected = connection.scalar(sa.select(sa.func.sum(rejections.c.count)))
        return Totals(int(received or 0), int(missing or 0), int(rejected or 0))

    def newest_observed(self) -> datetime | None:
        """When the newest observation was made; None where there is none. Raises like `save`."""
        with self._failing(), self._reading() as connection:
            newest: datetime | None = connection.scalar(sa.select(sa.func.max(observations.c.observed_at)))
            return newest

    def doubt(self, newest: datetime, seconds: float) -> float:
        """Note that the date is doubted for so many seconds more, all up to newest being due; returns how many by now.

        They outlast the process. Raises like `save`.
        """
        with self._failing(), self._engine.begin() as connection:
            connection.execute(sa.delete(doubts).where(doubts.c.newest_at != newest))
            known = connection.scalar(sa.select(doubts.c.seconds).filter_by(newest_at=newest))
            if known is None:
                connection.execute(sa.insert(doubts), {"newest_at": newest, "seconds": seconds})
                return seconds
            connection.execute(sa.update(doubts).filter_by(newest_at=newest).values(seconds=known + seconds))
            return float(known + seconds)

    def trust(self) -> None:
        """Forget every doubt about the date. Raises like `save`."""
        with self._failing(), self._engine.begin() as connection:
            connection.execute(sa.delete(doubts))

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._engine.execution_options(**{READS: True}).begin() as connection:
            yield connection

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """What the database raises, as errors that say what to do."""
        try:
            yield
        except sa.exc.DatabaseError as error:
            if is_passing(error):
                raise StoreBusyError(f"{self._path}: {error.orig}") from error
            raise StoreError(f"{self._path}: {error.orig}; bring back a backup, or move the file away") from error
