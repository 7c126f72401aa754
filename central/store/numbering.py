"""Which streams there are, and which of their numbers are believed.

A classroom's key may be stolen: whoever has it can publish any number, of any stream. Neither the count of what is
missing nor the table of streams may grow without bounds by that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa

from central.arrivals import Rejection, Seen
from central.store.tables import observations, streams

FURTHEST = 100_000_000
"""So far may a number lie from those of its stream: more than sixty students at one in five seconds make in a year of
school, so that no absence of central is taken for a forgery."""
MOST_STREAMS = 1000
"""Of one classroom. A spool begins one when it is new, or when it cannot be sure of its disk after a power cut."""
_REMEMBERED = 10_000
"""Streams; a school has one or a few for each classroom, and no more than this shall fill the memory."""

_Key = tuple[str, UUID]


@dataclass
class _Stream:
    """A row of `streams`."""

    number: int
    first: int
    last: int


@dataclass(frozen=True)
class Admission:
    """What became of the observations of a batch."""

    numbered: list[tuple[int, Seen]]
    """The number of its stream, and the observation."""
    refused: list[Rejection]
    spans: dict[int, tuple[int, int]]
    """By the number of the stream: its first and last sequence by now."""


class Numbering:
    """Gives each observation the number of its stream; remembers streams."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        """remembered: streams that are not looked up again, at most."""
        self._remembered = remembered
        self._known: dict[_Key, _Stream] = {}
        self._touched: dict[_Key, _Stream] = {}
        self._full: set[str] = set()

    def admit(self, connection: sa.Connection, seen: Iterable[Seen]) -> Admission:
        """Number them; to be followed by `commit` once the transaction stands."""
        self._touched, self._full = {}, set()
        numbered: list[tuple[int, Seen]] = []
        refused: list[Rejection] = []
        for one in seen:
            stream = self._find(connection, one)
            if stream is None:
                refused.append(
                    Rejection(one.classroom, "streams", f"an observation is of one stream more than {MOST_STREAMS}")
                )
            elif not stream.first - FURTHEST <= one.sequence <= stream.last + FURTHEST:
                refused.append(
                    Rejection(one.classroom, "sequence", f"an observation has the number {one.sequence}, and others of "
                              f"its stream {stream.first} to {stream.last}")
                )  # fmt: skip
            else:
                stream.first, stream.last = min(stream.first, one.sequence), max(stream.last, one.sequence)
                numbered.append((stream.number, one))
        spans = {stream.number: (stream.first, stream.last) for stream in self._touched.values()}
        return Admission(numbered, refused, spans)

    def commit(self) -> None:
        """The transaction stands. One that failed is forgotten: its numbers are nobody's."""
        self._known |= self._touched
        if len(self._known) > self._remembered:
            self._known = {}

    def _find(self, connection: sa.Connection, one: Seen) -> _Stream | None:
        """The stream of an observation, begun if it is new; None where there are too many."""
        key = one.classroom, one.stream
        if key in self._touched:
            return self._touched[key]
        if key in self._known:
            found: _Stream | None = replace(self._known[key])
        else:
            found = _load(connection, key) or self._begin(connection, key, one.sequence)
        if found is not None:
            self._touched[key] = found
        return found

    def _begin(self, connection: sa.Connection, key: _Key, sequence: int) -> _Stream | None:
        classroom, stream = key
        if classroom in self._full or not self._make_room(connection, classroom):
            self._full.add(classroom)
            return None
        row = {"classroom": classroom, "stream": stream, "received": 0,
               "first_sequence": sequence, "last_sequence": sequence}  # fmt: skip
        number = connection.scalar(sa.insert(streams).returning(streams.c.id), row)
        assert number is not None
        return _Stream(number, sequence, sequence)

    def _make_room(self, connection: sa.Connection, classroom: str) -> bool:
        """Whether the classroom may have one more; the oldest whose observations are all deleted goes for it."""
        count = connection.scalar(sa.select(sa.func.count()).select_from(streams).filter_by(classroom=classroom))
        if count is None or count < MOST_STREAMS:
            return True
        kept = sa.exists().where(observations.c.stream_id == streams.c.id)
        used = [stream.number for stream in self._touched.values()]
        spare = connection.execute(
            sa.select(streams.c.id, streams.c.stream)
            .where(streams.c.classroom == classroom, ~kept, streams.c.id.not_in(used))
            .order_by(streams.c.id)
            .limit(1)
        ).first()
        if spare is None:
            return False
        connection.execute(sa.delete(streams).where(streams.c.id == spare.id))
        # Also if the transaction fails: it is only looked up again.
        self._known.pop((classroom, spare.stream), None)
        return True


def _load(connection: sa.Connection, key: _Key) -> _Stream | None:
    classroom, stream = key
    row = connection.execute(
        sa.select(streams.c.id, streams.c.first_sequence, streams.c.last_sequence).where(
            streams.c.classroom == classroom, streams.c.stream == stream
        )
    ).first()
    return None if row is None else _Stream(*row)
