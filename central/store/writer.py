"""One batch, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from central.arrivals import Arrival, Health, Rejection, Seen, Status
from central.store.numbering import Admission, Numbering
from central.store.tables import devices, observations, rejections, streams


@dataclass(frozen=True)
class Saved:
    """What became of a batch."""

    observations: int
    """New ones."""
    repeats: int
    rejected: int
    """Messages; those in `refused` included."""
    refused: tuple[Rejection, ...] = ()
    """Observations that only the store could find to be wrong."""


class BatchWriter:
    """Writes batches."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._numbering = Numbering()
        self._insert = insert_new(engine.dialect.name)

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
            admission = self._numbering.admit(connection, seen)
            rejected.update((refusal.classroom, refusal.reason) for refusal in admission.refused)
            new = self._save_observations(connection, admission, received_at)
            for classroom, online in status.items():
                _note(connection, classroom, {"online": online}, {"status_since": received_at})
            for classroom, figures in health.items():
                _note(connection, classroom, {"health": figures}, {"health_at": received_at})
            for (classroom, reason), count in rejected.items():
                _count_rejected(connection, classroom, reason, count, received_at)
        self._numbering.commit()
        return Saved(new, len(admission.numbered) - new, rejected.total(), tuple(admission.refused))

    def _save_observations(self, connection: sa.Connection, admission: Admission, now: datetime) -> int:
        """Returns how many were new."""
        if not admission.numbered:
            return 0
        rows = [
            {"stream_id": number, "sequence": one.sequence, "student_id": one.student_id, "emotion": one.emotion,
             "observed_at": one.observed_at, "received_at": now, "late": one.late}
            for number, one in admission.numbered
        ]  # fmt: skip
        new = Counter(connection.scalars(self._insert, rows))
        connection.execute(
            _widen_stream(),
            [
                {"number": number, "new": new[number], "first": first, "last": last}
                for number, (first, last) in admission.spans.items()
            ],
        )
        return new.total()


def insert_new(dialect: str) -> ReturningInsert[tuple[int]]:
    """Insert what is no repeat, and give the streams of that. dialect: "sqlite" or "postgresql"."""
    # `ON CONFLICT DO NOTHING` is no standard SQL, but both have it, with the same meaning.
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(observations).on_conflict_do_nothing().returning(observations.c.stream_id)


def _widen_stream() -> sa.Update:
    """Count what is new of a stream, and let it reach from first to last."""
    return (
        sa.update(streams)
        .where(streams.c.id == sa.bindparam("number"))
        .values(
            received=streams.c.received + sa.bindparam("new", type_=sa.BigInteger),
            first_sequence=sa.bindparam("first"),
            last_sequence=sa.bindparam("last"),
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
