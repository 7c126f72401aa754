"""Who was erased: what still arrives of them is not stored."""

from __future__ import annotations

import hmac
from collections.abc import Collection

import sqlalchemy as sa

from central.store.people_errors import StudentConflictError
from central.store.people_tables import people_state, tombstones

_REMEMBERED = 100_000
"""IDs whose hash is not computed again; whoever may publish can invent IDs, and shall not fill the memory."""


class Tombstones:
    """Remembers them; for one thread, and for transactions that change no profile and erase nobody."""

    def __init__(self) -> None:
        self._changes = -1
        self._key = b""
        self._hashes: frozenset[bytes] = frozenset()
        self._known: dict[str, bool] = {}

    def erased(self, connection: sa.Connection, student_ids: Collection[str]) -> set[str]:
        """Those of student_ids whose observations must not be stored. It costs one row read; so do empty batches none.

        Within a write transaction it is exact: an erasure that has begun is committed, or comes after.
        """
        if not student_ids:
            return set()
        changes = connection.scalar(sa.select(people_state.c.changes))
        if changes != self._changes:
            self._load(connection, changes or 0)
        if not self._hashes:
            return set()
        return {student_id for student_id in student_ids if self._is_erased(student_id)}

    def _is_erased(self, student_id: str) -> bool:
        known = self._known.get(student_id)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[student_id] = _hash(self._key, student_id) in self._hashes
        return known

    def _load(self, connection: sa.Connection, changes: int) -> None:
        self._key = _key(connection)
        self._hashes = frozenset(connection.scalars(sa.select(tombstones.c.id_hash)))
        self._known.clear()
        self._changes = changes


def id_hash(connection: sa.Connection, student_id: str) -> bytes:
    """By which an erased student is known: HMAC-SHA256, 32 bytes."""
    return _hash(_key(connection), student_id)


def note_change(connection: sa.Connection) -> None:
    """What anybody remembers of profiles or tombstones is old, once the caller's transaction stands."""
    connection.execute(sa.update(people_state).values(changes=people_state.c.changes + 1))


def lift(connection: sa.Connection, student_id: str) -> bool:
    """Let a student who was erased be known again; whether there was one.

    Raises StudentConflictError while the erasure is not finished.
    """
    marked = tombstones.c.id_hash == id_hash(connection, student_id)
    found = connection.execute(sa.select(tombstones.c.erased_at).where(marked)).first()
    if found is None:
        return False
    if found.erased_at is None:
        raise StudentConflictError(f"{student_id} is being erased; wait until that is finished")
    connection.execute(sa.delete(tombstones).where(marked))
    note_change(connection)
    return True


def _key(connection: sa.Connection) -> bytes:
    key: bytes = connection.execute(sa.select(people_state.c.hash_key)).scalar_one()
    return key


def _hash(key: bytes, student_id: str) -> bytes:
    return hmac.digest(key, student_id.encode(), "sha256")
