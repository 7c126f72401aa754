"""What the database holds after batches, restarts, deletions and faults."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect

from central.arrivals import Arrival, Health, Rejection, Seen, Status
from central.errors import NewerStoreError, StoreBusyError, StoreError
from central.store.expiry import Expiry
from central.store.numbering import FURTHEST, MOST_STREAMS, Numbering
from central.store.rollup_tables import ROLLUPS
from central.store.sqlite import open_engine
from central.store.store import Store, Totals
from central.store.tables import metadata
from central.store.turns import Turns
from central.store.upserts import add_up, insert_new, sight
from tests.central.asked import ask_everything, delete_everything
from tests.central.stored import KEEP, NOW, STREAM, rows, seen

OTHER = UUID(int=2)


def test_an_observation_is_stored_as_it_was_seen(store: Store, path: Path) -> None:
    store.save([seen(7, late=True, at=datetime(2026, 3, 2, 9, 15, 30, 123000, tzinfo=UTC))], NOW)
    assert rows(
        path, "SELECT classroom, sequence, student_id, emotion, observed_at, received_at, late "
        "FROM observations JOIN streams ON streams.id = stream_id"
    ) == [("room-101", 7, "s-007", "happy", 1772442930123, 1772442931000, 1)]  # fmt: skip


def test_a_repeat_is_dropped_within_a_batch_and_after_a_restart(store: Store, path: Path) -> None:
    first = store.save([seen(1), seen(2), seen(1)], NOW)
    assert (first.observations, first.repeats) == (2, 1)
    with Store(path) as another:
        again = another.save([seen(2), seen(3), seen(2, late=True)], NOW)
    assert (again.observations, again.repeats) == (1, 2)
    assert rows(path, "SELECT count(*) FROM observations") == [(3,)]
    assert store.totals().missing == 0


def test_the_same_sequence_of_another_classroom_or_stream_is_no_repeat(store: Store) -> None:
    batch = [seen(1), seen(1, classroom="room-102"), seen(1, stream=OTHER)]
    assert store.save(batch, NOW).observations == 3


def test_gaps_are_counted_per_stream_and_closed_by_what_comes_late(store: Store) -> None:
    store.save([seen(5), seen(9), seen(6, stream=OTHER)], NOW)
    assert store.totals().missing == 3
    store.save([seen(7, late=True), seen(3, late=True)], NOW)  # 4 is now known to be missing too
    assert store.totals().missing == 3
    store.save([seen(4, late=True), seen(6, late=True), seen(8, late=True)], NOW)
    assert store.totals().missing == 0


def test_what_is_lost_between_two_streams_of_a_spool_is_missing(store: Store) -> None:
    store.save([seen(number) for number in range(1, 101)], NOW)
    store.save([seen(number, stream=OTHER) for number in range(151, 201)], NOW)  # the card lost fifty, and was not sure
    assert store.totals() == Totals(150, 50, 0)


def test_what_comes_late_closes_the_gap_between_two_streams(store: Store) -> None:
    store.save([seen(10)], NOW)
    store.save([seen(31, stream=UUID(int=3))], NOW)  # after an outage the newest comes first
    store.save([seen(number, stream=OTHER, late=True) for number in range(21, 31)], NOW)
    assert store.totals().missing == 10
    store.save([seen(number, late=True) for number in range(11, 21)], NOW)
    assert store.totals().missing == 0


@pytest.mark.parametrize(
    "firsts",
    [
        pytest.param([1], id="a new spool"),
        pytest.param([60], id="below what was given out"),
        pytest.param([1_772_442_931_000, 1_772_446_531_000], id="twice no file: above all numbers that it may hold"),
    ],
)
def test_a_jump_to_another_stream_that_lost_nothing_is_not_missing(store: Store, firsts: list[int]) -> None:
    store.save([seen(number) for number in range(1, 101)], NOW)
    store.save([seen(first, stream=UUID(int=first)) for first in firsts], NOW)
    assert store.totals().missing == 0


def test_a_new_spool_is_told_from_the_old_one_when_losses_are_counted(store: Store) -> None:
    old, new, fresh = (UUID(int=number) for number in (1, 2, 3))
    store.save([seen(number, stream=old) for number in range(5001, 5011)], NOW)  # central is younger than the spool
    store.save([seen(number, stream=new) for number in range(1, 11)], NOW)
    assert store.totals().missing == 0
    store.save([seen(number, stream=fresh) for number in range(13, 21)], NOW)
    assert store.totals().missing == 2


def test_losses_of_one_classroom_are_not_those_of_another(store: Store) -> None:
    store.save([seen(1), seen(9, classroom="room-102", stream=OTHER)], NOW)
    assert store.totals().missing == 0


def test_a_number_too_far_from_its_stream_is_rejected_and_the_rest_stored(store: Store, path: Path) -> None:
    done = store.save([seen(1), seen(2**63 - 1), seen(2), seen(FURTHEST + 3)], NOW)
    assert (done.observations, done.repeats, done.rejected) == (2, 0, 2)
    assert {refused.reason for refused in done.refused} == {"sequence"}
    with Store(path) as another:  # as well after a restart, and downwards
        assert another.save([seen(FURTHEST + 3)], NOW).rejected == 1
        assert another.save([seen(FURTHEST + 2)], NOW).observations == 1
        assert another.save([seen(2**62, stream=OTHER), seen(5, stream=OTHER)], NOW).rejected == 1
    assert rows(path, "SELECT classroom, reason, count FROM rejections") == [("room-101", "sequence", 4)]
    assert store.totals() == Totals(4, FURTHEST - 1, 4)


def test_a_forged_number_that_an_older_version_believed_does_not_stop_the_count(store: Store, path: Path) -> None:
    store.save([seen(1), seen(1, stream=OTHER)], NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE streams SET last_sequence = {2**63 - 1}")
    assert store.totals().missing == pytest.approx(2 * 2.0**63)


def test_a_classroom_has_no_more_streams_than_a_thousand_and_the_emptied_ones_make_room(
    store: Store, path: Path
) -> None:
    old = NOW - timedelta(days=60)
    batch = [seen(1, stream=UUID(int=number), at=old if number in (3, 5) else NOW) for number in range(MOST_STREAMS)]
    assert store.save(batch, NOW).observations == MOST_STREAMS
    extra = [seen(1, stream=UUID(int=MOST_STREAMS + number)) for number in range(3)]
    full = store.save([*extra, seen(2), seen(1, classroom="room-102", stream=OTHER)], NOW)
    assert (full.observations, [refused.reason for refused in full.refused]) == (2, ["streams"] * 3)
    Expiry(store).delete_before("observation", NOW - timedelta(days=30), 10)
    again = store.save(extra, NOW)
    assert (again.observations, again.rejected) == (2, 1)
    # One that made room is not remembered by its number.
    assert store.save([seen(2, stream=UUID(int=3))], NOW).rejected == 1
    assert rows(path, "SELECT count(*) FROM streams WHERE classroom = 'room-101'") == [(MOST_STREAMS,)]


def test_what_is_screened_out_is_rejected_counted_nowhere_and_not_missing(path: Path) -> None:
    with Store(path, screen=lambda connection, students: {"s-002"} & set(students)) as store:
        done = store.save([seen(1), seen(2)], NOW)
        store.save([seen(2)], NOW)  # sent again
        store.save([seen(5)], NOW)
        assert [one.sequence for one in done.stored] == [1]
        assert [refused.reason for refused in done.refused] == ["erased"]
        assert store.totals() == Totals(3, 2, 2)
    for table in ("observations", "student_minutes", "student_hours", "student_days", "sightings"):
        assert rows(path, f"SELECT DISTINCT student_id FROM {table} ORDER BY 1") == [("s-001",), ("s-005",)], table


def test_what_was_stored_is_told_without_repeats_and_in_order(store: Store) -> None:
    store.save([seen(2)], NOW)
    done = store.save([seen(3), seen(2), seen(1), seen(3)], NOW)
    assert [one.sequence for one in done.stored] == [3, 1]


def test_status_changes_are_dated_and_a_retained_repeat_is_no_change(store: Store, path: Path) -> None:
    later = NOW + timedelta(minutes=1)
    store.save([Status("room-101", True)], NOW)
    store.save([Status("room-101", True)], later)
    assert rows(path, "SELECT classroom, online, status_since FROM devices") == [("room-101", 1, 1772442931000)]
    store.save([Status("room-101", True), Status("room-101", False)], later)
    assert rows(path, "SELECT online, status_since FROM devices") == [(0, 1772442991000)]


def test_health_that_comes_again_is_no_newer_for_it(store: Store, path: Path) -> None:
    store.save([Health("room-101", {"uptime_seconds": 7.0})], NOW)
    store.save([Health("room-101", {"uptime_seconds": 7.0})], NOW + timedelta(days=1))  # retained, after a restart
    assert rows(path, "SELECT health_at FROM devices") == [(1772442931000,)]


def test_the_last_health_of_a_device_is_kept_beside_its_status(store: Store, path: Path) -> None:
    store.save([Health("room-101", {"spool_depth": 1})], NOW)
    store.save([Status("room-101", True), Health("room-101", {"spool_depth": 2}), Health("room-102", {})], NOW)
    assert rows(path, "SELECT classroom, online, health FROM devices ORDER BY classroom") == [
        ("room-101", 1, '{"spool_depth": 2}'),
        ("room-102", None, "{}"),
    ]


def test_rejected_messages_are_counted_by_classroom_and_reason(store: Store, path: Path) -> None:
    payload, topic = Rejection("room-101", "payload", "no JSON"), Rejection("", "topic", "none of ours")
    assert store.save([payload, topic, payload], NOW).rejected == 3
    store.save([payload], NOW + timedelta(seconds=1))
    assert rows(path, "SELECT classroom, reason, count, last_at - first_at FROM rejections ORDER BY classroom") == [
        ("", "topic", 1, 0),
        ("room-101", "payload", 3, 1000),
    ]
    assert store.totals().rejected == 4


def test_a_batch_is_stored_whole_or_not_at_all(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:  # a fault in the middle of the batch
        connection.execute("CREATE TRIGGER fault BEFORE INSERT ON rejections BEGIN SELECT raise(ABORT, 'x'); END")
    with pytest.raises(StoreError):
        store.save([seen(1, classroom="room-109"), Rejection("", "topic", "none of ours")], NOW)
    assert rows(path, "SELECT count(*) FROM observations") == rows(path, "SELECT count(*) FROM streams") == [(0,)]
    # The number that the stream had in that transaction is forgotten: another stream may have it now.
    store.save([seen(1, classroom="room-102")], NOW)
    store.save([seen(1, classroom="room-109")], NOW)
    assert rows(path, "SELECT classroom FROM observations JOIN streams ON streams.id = stream_id ORDER BY 1") == [
        ("room-102",),
        ("room-109",),
    ]


def test_nothing_of_what_is_deleted_stays_in_the_file(store: Store, path: Path) -> None:
    store.save([Seen("room-101", STREAM, 1, "s-zebra", "happy", NOW, False), seen(2, at=NOW + timedelta(days=2))], NOW)
    for kind in KEEP:
        Expiry(store).delete_before(kind, NOW + timedelta(days=2), 10)
    rows(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"s-zebra" not in path.read_bytes()
    assert b"s-002" in path.read_bytes()


def test_a_locked_database_is_busy_and_works_again(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match="locked"):
            store.save([seen(1)], NOW)
        assert store.totals().received == 0  # reading waits for nobody
        other.execute("ROLLBACK")
    assert store.save([seen(1)], NOW).observations == 1


def test_a_writer_has_a_turn_although_another_one_writes_without_a_pause(store: Store) -> None:
    stop, writing = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            with store.writing():
                writing.set()
                stop.wait(0.02)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for sequence in range(1, 4):
            writing.clear()
            assert writing.wait(30)
            assert store.save([seen(sequence)], NOW).observations == 1
    finally:
        stop.set()
        thread.join()


def test_a_writer_that_waits_too_long_is_told_so_and_the_next_one_has_its_turn(path: Path) -> None:
    turns = Turns(path, patience=0.0)
    with turns.turn():
        for _ in range(2):
            with pytest.raises(StoreBusyError, match=r"central\.db: others are writing"), turns.turn():
                pytest.fail("two at once")
    with turns.turn():
        pass


def test_as_many_may_read_at_once_as_there_are_threads_and_more_are_told_to_come_again(store: Store) -> None:
    def read(many: int) -> None:
        for _ in range(many):
            readers.enter_context(store.reading())

    with ExitStack() as readers:
        read(50)
        assert store.save([seen(1)], NOW).observations == 1
        with pytest.raises(StoreBusyError, match=r"central\.db: too many"):
            read(50)
    assert store.totals().received == 1


def test_the_migrations_make_the_tables_that_the_program_knows(store: Store, path: Path) -> None:
    engine = open_engine(path)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    Store(path).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(NewerStoreError, match="9999") as refused:
        Store(path)
    assert refused.value.exit_code == 65
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_an_error_that_names_it(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"central\.db: file is not a database"):
        Store(path)


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="its folder"):
        Store(tmp_path / "missing" / "central.db")


def test_only_its_owner_may_read_the_database(store: Store, path: Path) -> None:
    store.save([seen(1)], NOW)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_tables_and_statements_can_be_written_for_postgresql_too(path: Path) -> None:
    executed: list[sa.ClauseElement] = []

    def note(connection: object, clause: object, *_: object) -> None:
        if isinstance(clause, sa.ClauseElement):
            executed.append(clause)

    sa.event.listen(sa.Engine, "before_execute", note)
    try:
        with Store(path) as store:
            batch: list[Arrival] = [
                seen(1),
                Status("room-101", True),
                Health("room-101", {}),
                Rejection("", "topic", "none of ours"),
            ]
            for _ in range(2):
                store.save(batch, NOW)
            store.save([seen(1, stream=UUID(int=number)) for number in range(MOST_STREAMS)], NOW)
            Expiry(store).delete_before("observation", NOW + timedelta(days=1), MOST_STREAMS)
            store.save([seen(1, stream=UUID(int=MOST_STREAMS)), Status("room-101", False)], NOW)  # it makes room
            ask_everything(store)
            delete_everything(store)
            store.totals()
    finally:
        sa.event.remove(sa.Engine, "before_execute", note)
    # What differs between the two; Alembic's own tables are its own matter.
    executed = [clause for clause in executed if not isinstance(clause, sqlite_dialect.Insert)]
    rollups = [table for rollup in ROLLUPS.values() for table in (rollup.students, rollup.classrooms)]
    executed += [insert_new("postgresql"), sight("postgresql"), *(add_up(table, "postgresql") for table in rollups)]
    executed += map(sa.schema.CreateTable, metadata.sorted_tables)
    written = {str(clause.compile(dialect=postgresql.dialect())) for clause in executed}
    for beginning, least in {"SELECT": 30, "INSERT": 14, "UPDATE": 9, "DELETE": 14, "\nCREATE TABLE": 14}.items():
        assert len([text for text in written if text.startswith(beginning)]) >= least, beginning
    assert any(
        "ON CONFLICT DO NOTHING RETURNING observations.stream_id, observations.sequence" in text for text in written
    )
    assert not any("WITHOUT ROWID" in text for text in written)


def test_a_commit_is_on_the_disk_and_what_is_deleted_is_overwritten(path: Path) -> None:
    """What no test can see without pulling the plug (sqlite.org/pragma.html)."""
    engine = open_engine(path)
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2}
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
    engine.dispose()
    assert found == wanted


def test_streams_are_forgotten_when_they_are_many_and_known_again_from_the_database(path: Path) -> None:
    Store(path).__exit__(None, None, None)
    engine, numbering = open_engine(path), Numbering(remembered=2)
    looked_up: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        looked_up.append(statement)

    def admit(*streams: int) -> list[int]:
        """The numbers that their streams have."""
        looked_up.clear()
        with engine.begin() as connection:
            admission = numbering.admit(connection, [seen(1, stream=UUID(int=number)) for number in streams])
        numbering.commit()
        return [number for number, _ in admission.numbered]

    first = admit(1, 2)
    assert admit(1, 2) == first
    assert not [statement for statement in looked_up if "FROM streams" in statement]
    third = admit(3)
    assert admit(1, 2, 3) == first + third
    assert len([statement for statement in looked_up if "FROM streams" in statement]) == 3
    engine.dispose()
