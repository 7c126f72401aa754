"""One batch, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa

from central.arrivals import Arrival, Health, Rejection, Seen, Status
from central.store.numbering import Admission, Numbering
from central.store.rollups import Rollups
from central.store.tables import devices, rejections, streams
from central.store.upserts import insert_new


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
    stored: tuple[Seen, ...] = ()
    """The new ones, in the order in which they came."""


Screen = Callable[[sa.Connection, Collection[str]], Collection[str]]
"""Given the student IDs of a batch, says, in its transaction, those whose observations must not be stored."""


class BatchWriter:
    """Writes batches."""

    def __init__(self, engine: sa.Engine, zone: tzinfo, screen: Screen) -> None:
        """zone: the school's."""
        self._engine, self._screen = engine, screen
        self._rollups = Rollups(engine.dialect.name, zone)
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
            erased = self._screen(connection, {one.student_id for _, one in admission.numbered})
            stored = self._save_observations(connection, admission, erased, received_at)
            self._rollups.count(connection, stored)
            refused = admission.refused + [
                Rejection(one.classroom, "erased", "an observation is of a student who was erased; is there still an "
                          "enrolment on its device?")
                for _, one in admission.numbered if one.student_id in erased
            ]  # fmt: skip
            rejected.update((refusal.classroom, refusal.reason) for refusal in refused)
            for classroom, online in status.items():
                _note(connection, classroom, {"online": online}, {"status_since": received_at})
            for classroom, figures in health.items():
                _note(connection, classroom, {"health": figures}, {"health_at": received_at})
            for (classroom, reason), count in rejected.items():
                _count_rejected(connection, classroom, reason, count, received_at)
        self._numbering.commit()
        repeats = len(seen) - len(refused) - len(stored)
        return Saved(len(stored), repeats, rejected.total(), tuple(refused), tuple(stored))

    def _save_observations(
        self, connection: sa.Connection, admission: Admission, erased: Collection[str], now: datetime
    ) -> list[Seen]:
        """Returns those that were new."""
        if not admission.numbered:
            return []
        wanted: dict[tuple[int, int], Seen] = {}
        for number, one in admission.numbered:
            wanted.setdefault((number, one.sequence), one)
        rows = [
            {"stream_id": number, "sequence": sequence, "student_id": one.student_id, "emotion": one.emotion,
             "observed_at": one.observed_at, "received_at": now, "late": one.late}
            for (number, sequence), one in wanted.items() if one.student_id not in erased
        ]  # fmt: skip
        new = [(number, sequence) for number, sequence in connection.execute(self._insert, rows)] if rows else []
        received = Counter(number for number, _ in new)
        # Not stored, yet received: their numbers are not missing.
        received.update(number for (number, _), one in wanted.items() if one.student_id in erased)
        connection.execute(
            _widen_stream(),
            [
                {"number": number, "new": received[number], "first": first, "last": last}
                for number, (first, last) in admission.spans.items()
            ],
        )
        known = set(new)
        return [one for key, one in wanted.items() if key in known]


def _widen_stream() -> sa.Update:
    """Count what is new of a stream, and let it reach from first to last."""
    first, last = (sa.bindparam(name, type_=sa.BigInteger) for name in ("first", "last"))
    received = streams.c.received + sa.bindparam("new", type_=sa.BigInteger)
    # No row tells that what was erased is repeated; and no stream has more observations than numbers.
    most = last - first + 1
    counted = sa.case((received > most, most), else_=received)
    values = {"received": counted, "first_sequence": first, "last_sequence": last}
    return sa.update(streams).where(streams.c.id == sa.bindparam("number")).values(values)


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
