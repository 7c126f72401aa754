"""A student is erased: in small transactions, so that observations go on, and to the end, whatever happens meanwhile.

First comes the tombstone, from which on nothing of the student is stored any more. Each step then deletes some rows and
counts them on the tombstone in one transaction: whoever goes on after a kill finds what is left, and counts nothing
twice. The tombstone names the student until all is deleted, and then only has a hash.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa

from central.errors import StoreBusyError, StoreError
from central.store.people_errors import UnknownStudentError
from central.store.people_tables import students, tombstones
from central.store.removal import take_out
from central.store.rollup_tables import sightings
from central.store.store import Store
from central.store.tables import observations, streams
from central.store.tombstones import id_hash, note_change

_log = logging.getLogger(__name__)

_AT_ONCE = 500
"""Rows of one transaction: it must not keep observations waiting."""
_BREATH_SECONDS = 0.005
"""Between two of them: SQLite gives the lock to whoever asks first, and another process asks now and then only."""
_PATIENCE_SECONDS = 30.0
"""For the database, where others write."""
_MOST_BYTES = 2 << 30
"""A larger file is written anew only when the service starts: it would take longer than anybody waits for an answer."""
_Result = TypeVar("_Result")
ACTION = "student.erase"


@dataclass(frozen=True)
class Tally:
    """What was deleted so far."""

    profile: bool
    classrooms: dict[str, int]
    """Observations, by every classroom in which the student ever was seen."""
    aggregates: int = 0
    """Rows of minutes, hours and days."""
    retained: list[str] | None = None
    """Topics of messages about the student that the broker keeps; None: it could not be asked."""


@dataclass(frozen=True)
class Erased:
    """A finished erasure."""

    receipt: UUID
    student_id: str
    erased_at: datetime
    erased_by: str
    tally: Tally
    written_anew: bool
    """The file holds no copy either, in space that is not used."""


class Note(Protocol):
    """Writes into the audit log, within a transaction."""

    def __call__(
        self, connection: sa.Connection, now: datetime, account: str, action: str, subject: str, detail: str
    ) -> None: ...


class Erasure:
    """Erases students, one after the other; for any number of threads."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        *,
        note: Note,
        hide: Callable[[str], None],
        retained: Callable[[str], Collection[str] | None],
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        """note: of the receipt; hide: takes a student out of the live picture; retained: see `Tally.retained`.

        patience: how long a database that is busy is tried again, seconds.
        """
        self._store, self._clock, self._note, self._hide, self._retained = store, clock, note, hide, retained
        self._patience = patience
        self._lock = threading.Lock()

    def erase(self, student_id: str, account: str) -> Erased:
        """Erase, or go on where an erasure ended; of one that is finished, say again what was erased.

        Raises UnknownStudentError if there is nothing of that ID, StoreBusyError if it is to be called again.
        """
        with self._lock:
            self._patiently(partial(self._begin, student_id, account))
            self._complete(student_id)
            self._leave_no_copies(_MOST_BYTES)
            return self._patiently(partial(self._erased, student_id))

    def resume(self) -> None:
        """Complete what ended in the middle; what cannot be done now is logged, and done at the next start."""
        try:
            with self._lock:
                for student_id in self._patiently(self._unfinished):
                    self._complete(student_id)
                    _log.info("an erasure that was interrupted is complete; its receipt is in the audit log")
                self._leave_no_copies(math.inf)
        except StoreError as error:
            _log.error("an erasure is not complete: %s; it goes on at the next start, or when it is asked for", error)

    def _begin(self, student_id: str, account: str) -> None:
        with self._store.writing() as connection:
            if _tombstone(connection, student_id) is not None:
                return
            profile = connection.execute(sa.delete(students).where(students.c.student_id == student_id)).rowcount > 0
            rooms = set(
                connection.scalars(sa.select(sightings.c.classroom).where(sightings.c.student_id == student_id))
            )
            if not profile and not rooms:
                raise UnknownStudentError(student_id)
            tally = Tally(profile, dict.fromkeys(sorted(rooms), 0))
            row = {"id_hash": id_hash(connection, student_id), "receipt": uuid4(), "erased_by": account,
                   "student_id": student_id, "tally": vars(tally), "written_anew": False}  # fmt: skip
            connection.execute(sa.insert(tombstones), row)
            note_change(connection)

    def _complete(self, student_id: str) -> None:
        self._hide(student_id)
        for step in (_delete_observations, _delete_aggregates):
            while self._patiently(partial(self._step, step, student_id)):
                time.sleep(_BREATH_SECONDS)
        self._patiently(partial(self._finish, student_id, self._retained(student_id)))

    def _step(self, step: Callable[[sa.Connection, str], int], student_id: str) -> int:
        with self._store.writing() as connection:
            return step(connection, student_id)

    def _finish(self, student_id: str, retained: Collection[str] | None) -> None:
        """The tombstone forgets the ID, and the audit log learns what was done, in one transaction."""
        with self._store.writing() as connection:
            row = _tombstone(connection, student_id)
            if row is None:
                return
            tally = Tally(**row.tally)
            if retained is not None:
                tally = replace(tally, retained=sorted(retained))
            values: dict[str, Any] = {"tally": vars(tally)}
            if row.erased_at is None:
                connection.execute(sa.delete(sightings).where(sightings.c.student_id == student_id))
                now = self._clock()
                values |= {"student_id": None, "erased_at": now}
                self._note(connection, now, row.erased_by, ACTION, student_id, _said(row.receipt, tally))
            connection.execute(sa.update(tombstones).where(tombstones.c.id_hash == row.id_hash).values(values))
            note_change(connection)

    def _leave_no_copies(self, most_bytes: float) -> None:
        """Write the file anew, if copies may be left in it; what cannot be done now is done the next time."""
        copies = sa.and_(tombstones.c.written_anew.is_(False), tombstones.c.erased_at.is_not(None))
        with self._store.reading() as connection:
            if not connection.scalar(sa.select(sa.exists().where(copies))):
                return
        done = sa.update(tombstones).where(copies).values(written_anew=True)
        try:
            if not self._patiently(partial(self._store.write_anew, most_bytes)):
                return
            self._patiently(self._store.empty_journal)
            self._patiently(partial(self._execute, done))
        except StoreBusyError as error:
            _log.warning("the database cannot be written anew after an erasure: %s; tried again at the next one", error)

    def _execute(self, statement: sa.Update) -> None:
        with self._store.writing() as connection:
            connection.execute(statement)

    def _unfinished(self) -> list[str]:
        with self._store.reading() as connection:
            named = sa.select(tombstones.c.student_id).where(tombstones.c.erased_at.is_(None))
            return [student_id for student_id in connection.scalars(named) if student_id is not None]

    def _erased(self, student_id: str) -> Erased:
        with self._store.reading() as connection:
            row = _tombstone(connection, student_id)
            if row is None:  # a profile was made meanwhile
                raise UnknownStudentError(student_id)
            tally = Tally(**row.tally)
            return Erased(row.receipt, student_id, row.erased_at, row.erased_by, tally, row.written_anew)

    def _patiently(self, action: Callable[[], _Result]) -> _Result:
        """Do it, again and again while others write. Raises StoreBusyError when that took too long."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return action()
            except StoreBusyError:
                if time.monotonic() > until:
                    raise
                time.sleep(_BREATH_SECONDS)


def _tombstone(connection: sa.Connection, student_id: str) -> sa.Row[Any] | None:
    marked = tombstones.c.id_hash == id_hash(connection, student_id)
    return connection.execute(sa.select(tombstones).where(marked)).first()


def _delete_observations(connection: sa.Connection, student_id: str) -> int:
    """Delete and count some; how many."""
    chosen = (
        sa.select(observations.c.stream_id, observations.c.sequence, streams.c.classroom)
        .join(streams)
        .where(observations.c.student_id == student_id)
        .limit(_AT_ONCE)
    )
    rows = connection.execute(chosen).all()
    if rows:
        # One by one, by their key: for a list of pairs SQLite would look at all rows.
        one = sa.and_(observations.c.stream_id == sa.bindparam("of"), observations.c.sequence == sa.bindparam("number"))
        connection.execute(sa.delete(observations).where(one), [{"of": of, "number": number} for of, number, _ in rows])
        _count(connection, student_id, Counter(row.classroom for row in rows), 0)
    return len(rows)


def _delete_aggregates(connection: sa.Connection, student_id: str) -> int:
    """Delete and count some, out of those of classrooms and of the school too; how many."""
    rows = take_out(connection, student_id, _AT_ONCE)
    if rows:
        _count(connection, student_id, Counter(), rows)
    return rows


def _count(connection: sa.Connection, student_id: str, classrooms: Counter[str], aggregates: int) -> None:
    row = _tombstone(connection, student_id)
    assert row is not None
    tally = Tally(**row.tally)
    counted = Counter(tally.classrooms)
    counted.update(classrooms)
    tally = replace(tally, classrooms=dict(sorted(counted.items())), aggregates=tally.aggregates + aggregates)
    connection.execute(sa.update(tombstones).where(tombstones.c.id_hash == row.id_hash).values(tally=vars(tally)))


def _said(receipt: UUID, tally: Tally) -> str:
    """For the audit log."""
    rooms = ", ".join(f"{classroom} {count}" for classroom, count in tally.classrooms.items())
    return (
        f"receipt {receipt}: {'profile' if tally.profile else 'no profile'}; {sum(tally.classrooms.values())} "
        f"observations ({rooms or 'in no classroom'}); {tally.aggregates} rows of minutes, hours and days"
    )
