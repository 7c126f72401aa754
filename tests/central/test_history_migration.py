"""A database of the version before the roll-ups."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from central.arrivals import Seen
from central.store import schema
from central.store.expiry import Expiry
from central.store.sqlite import open_engine
from central.store.store import Store, Totals
from central.store.tables import observations, streams
from tests.central.counted import counted, lessons, stored
from tests.central.stored import NOW, rows

BERLIN = ZoneInfo("Europe/Berlin")


def as_it_was(path: Path, school: list[Seen]) -> None:
    """A database of revision 2 that holds school."""
    engine = open_engine(path)
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        rooms = {room: number for number, room in enumerate(sorted({one.classroom for one in school}), 1)}
        for room, number in rooms.items():
            row = {"id": number, "classroom": room, "stream": school[0].stream, "received": 0}
            connection.execute(sa.insert(streams), row | {"first_sequence": 1, "last_sequence": len(school)})
        for one in school:
            fields = {name: value for name, value in vars(one).items() if name not in ("classroom", "stream")}
            row = fields | {"stream_id": rooms[one.classroom], "received_at": NOW}
            connection.execute(sa.insert(observations), row)
    engine.dispose()


def test_what_is_stored_is_rolled_up_as_if_it_came_now(path: Path) -> None:
    school = lessons(5, NOW - timedelta(hours=12), 24)
    as_it_was(path, school)
    with Store(path, BERLIN):
        pass
    assert stored(path) == counted(school, BERLIN)
    with Store(fresh := path.with_name("fresh.db"), BERLIN) as store:
        store.save(school, NOW)
    sightings = "SELECT * FROM sightings ORDER BY student_id, classroom"
    assert rows(path, sightings) == rows(fresh, sightings)


def test_a_large_database_is_sorted_on_the_disk_and_only_by_the_migration(path: Path) -> None:
    as_it_was(path, lessons(5, NOW, 1))
    stores: dict[str, int] = {}

    def note(_: sa.Connection, cursor: sqlite3.Cursor, statement: str, *__: object) -> None:
        (stores[statement],) = cursor.connection.execute("PRAGMA temp_store").fetchone()

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with Store(path, BERLIN) as store:
            migrated = stores.copy()
            store.totals()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert any(statement.startswith("CREATE INDEX ix_observations_student_id") for statement in migrated)
    in_files, in_memory = 1, 2  # sqlite.org/pragma.html#pragma_temp_store
    assert {where for statement, where in migrated.items() if statement.startswith(("CREATE", "INSERT"))} == {in_files}
    assert {where for statement, where in stores.items() if statement not in migrated} == {in_memory}


def test_hours_that_a_clock_change_made_shorter_are_rolled_up_as_if_they_came_now(path: Path) -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # by half an hour
    school = lessons(5, datetime(2026, 4, 4, 13, tzinfo=UTC), 4)
    as_it_was(path, school)
    Store(path, lord_howe).__exit__(None, None, None)
    with Store(fresh := path.with_name("fresh.db"), lord_howe) as store:
        store.save(school, NOW)
    assert stored(path) == stored(fresh)


def test_what_comes_after_is_counted_into_it(path: Path) -> None:
    school = lessons(6, NOW, 1)
    as_it_was(path, school[:200])
    with Store(path, BERLIN) as store:
        store.save(school[200:], NOW)
    assert stored(path) == counted(school, BERLIN)


def test_a_database_without_observations_is_brought_up_to_date(path: Path) -> None:
    as_it_was(path, [])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO doubts VALUES (1772442931000, 60.0)")
    with Store(path, BERLIN) as store:
        assert Expiry(store).doubt("observation", NOW, 1.0) == 1.0  # it begins anew
        assert store.totals() == Totals(0, 0, 0)
