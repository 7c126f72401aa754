"""One batch, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from central.arrivals import Arrival, Health, Rejection, Seen, Status
from central.store.tables import devices, observations, rejections, streams

_REMEMBERED = 10_000
"""Streams; a school has one or a few for each classroom, and no more than this shall fill the memory."""


@dataclass(frozen=True)
class Saved:
    """What became of a batch."""

    observations: int
    """New ones."""
    repeats: int
    rejected: int


class BatchWriter:
    """Writes batches; remembers which stream has which number."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._numbers: dict[tuple[str, UUID], int] = {}
        # `ON CONFLICT DO NOTHING` is no standard SQL, but both have it, with the same meaning.
        insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._insert = insert(observations).on_conflict_do_nothing().returning(observations.c.stream_id)

    def save(self, arrivals: Iterable[Arrival], received_at: datetime) -> Saved:
        """Commit them all, or nothing. Raises what SQLAlchemy raises."""
        seen: list[Seen] = []
        status: dict[str, bool] = {}
        health: dict[str, dict[str, Any]] = {}
        rejected: Counter[tuple[str, str]] = Counter()
        for arrival in arrivals:
            match arrival:
                case Seen():
                    seen.append(arrival)
                case Status():
                    status[arrival.classroom] = arrival.online
                case Health():
                    health[arrival.classroom] = arrival.figures
                case Rejection():
                    rejected[arrival.classroom, arrival.reason] += 1
        with self._engine.begin() as connection:
            numbers = self._number(connection, seen)
            new = self._save_observations(connection, seen, numbers, received_at)
            for classroom, online in status.items():
                _note(connection, classroom, {"online": online}, {"status_since": received_at})
            for classroom, figures in health.items():
                _note(connection, classroom, {"health": figures}, {"health_at": received_at})
            for (classroom, reason), count in rejected.items():
                _count_rejected(connection, classroom, reason, count, received_at)
        # Only now: the numbers of a transaction that failed are nobody's.
        self._numbers = numbers if len(numbers) <= _REMEMBERED else {}
        return Saved(new, len(seen) - new, rejected.total())

    def _number(self, connection: sa.Connection, seen: Sequence[Seen]) -> dict[tuple[str, UUID], int]:
        """The numbers of the streams, those of new ones included."""
        lowest: dict[tuple[str, UUID], int] = {}
        for one in seen:
            key = (one.classroom, one.stream)
            if key not in self._numbers:
                lowest[key] = min(one.sequence, lowest.get(key, one.sequence))
        if not lowest:
            return self._numbers
        numbers = dict(self._numbers)
        for key, sequence in lowest.items():
            classroom, stream = key
            found = connection.scalar(
                sa.select(streams.c.id).where(streams.c.classroom == classroom, streams.c.stream == stream)
            )
            if found is None:
                row = {"classroom": classroom, "stream": stream, "received": 0,
                       "first_sequence": sequence, "last_sequence": sequence}  # fmt: skip
                found = connection.scalar(sa.insert(streams).returning(streams.c.id), row)
            assert found is not None
            numbers[key] = found
        return numbers

    def _save_observations(
        self, connection: sa.Connection, seen: Sequence[Seen], numbers: dict[tuple[str, UUID], int], now: datetime
    ) -> int:
        """Returns how many were new."""
        if not seen:
            return 0
        rows: list[dict[str, Any]] = []
        spans: dict[int, tuple[int, int]] = {}
        for one in seen:
            number = numbers[one.classroom, one.stream]
            rows.append(
                {"stream_id": number, "sequence": one.sequence, "student_id": one.student_id, "emotion": one.emotion,
                 "observed_at": one.observed_at, "received_at": now, "late": one.late}
            )  # fmt: skip
            lowest, highest = spans.get(number, (one.sequence, one.sequence))
            spans[number] = min(lowest, one.sequence), max(highest, one.sequence)
        new = Counter(connection.scalars(self._insert, rows))
        connection.execute(
            _widen_stream(),
            [
                {"number": number, "new": new[number], "low": lowest, "high": highest}
                for number, (lowest, highest) in spans.items()
            ],
        )
        return new.total()


def _widen_stream() -> sa.Update:
    """Count what is new of a stream, and let it reach from low to high at least."""
    first, last = streams.c.first_sequence, streams.c.last_sequence
    low, high = sa.bindparam("low", type_=sa.BigInteger), sa.bindparam("high", type_=sa.BigInteger)
    return (
        sa.update(streams)
        .where(streams.c.id == sa.bindparam("number"))
        .values(
            received=streams.c.received + sa.bindparam("new", type_=sa.BigInteger),
            first_sequence=sa.case((first > low, low), else_=first),
            last_sequence=sa.case((last < high, high), else_=last),
        )
    )


def _note(connection: sa.Connection, classroom: str, news: dict[str, Any], dated: dict[str, datetime]) -> None:
    """A device's status or health. The retained one comes again with each subscription: only a change is dated."""
    (name,) = news
    known = connection.execute(sa.select(devices.c[name]).filter_by(classroom=classroom)).first()
    if known is None:
        connection.execute(sa.insert(devices), {"classroom": classroom} | news | dated)
    elif known[0] != news[name]:
        connection.execute(sa.update(devices).filter_by(classroom=classroom).values(news | dated))


def _count_rejected(connection: sa.Connection, classroom: str, reason: str, count: int, now: datetime) -> None:
    key = {"classroom": classroom, "reason": reason}
    changed = connection.execute(
        sa.update(rejections).filter_by(**key).values(count=rejections.c.count + count, last_at=now)
    )
    if not changed.rowcount:
        connection.execute(sa.insert(rejections), key | {"count": count, "first_at": now, "last_at": now})
