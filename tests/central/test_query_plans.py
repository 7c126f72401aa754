"""What the database has to look at for an answer: never all that a year has brought."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from central.store.store import Store
from tests.central.asked import ask_everything, delete_everything
from tests.central.stored import NOW, seen

_LARGE = re.compile(r"SCAN (observations|(student|classroom)_(minutes|hours|days))\b")


def scans(store: Store, action: Callable[[Store], object]) -> set[str]:
    """What the database would read from its beginning to its end for the statements of an action."""
    executed: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        executed.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        action(store)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    found: set[str] = set()
    with store.reading() as connection:
        for statement, parameters in executed:
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                once = parameters[0] if isinstance(parameters, list) else parameters
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", once).all()
                found |= {f"{step.detail}: {statement}" for step in plan if _LARGE.match(step.detail)}
    assert executed
    return found


def save_some(store: Store, first: int = 1) -> None:
    """Some of them twice, some of students who are seen elsewhere at the same time."""
    for room in ("room-101", "room-102"):
        store.save([seen(number, classroom=room) for number in range(first, first + 9)], NOW)
        store.save([seen(number, classroom=room) for number in range(first + 5, first + 14)], NOW)


def save_more(store: Store) -> None:
    save_some(store, 101)


@pytest.mark.parametrize("action", [save_more, ask_everything, delete_everything])
def test_no_table_that_grows_with_time_is_read_as_a_whole(store: Store, action: Callable[[Store], object]) -> None:
    save_some(store)
    assert scans(store, action) == set()


def test_reading_a_whole_table_would_be_noticed(store: Store) -> None:
    def read_all(store: Store) -> None:
        with store.reading() as connection:
            connection.exec_driver_sql("SELECT * FROM student_hours WHERE happy > 3").all()

    assert len(scans(store, read_all)) == 1
