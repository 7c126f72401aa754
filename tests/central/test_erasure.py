"""A student is erased: from every table and every byte, whatever happens meanwhile, and nobody else is."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from central.accounts.audit import append
from central.arrivals import Seen
from central.errors import StoreBusyError
from central.left_to_do import left_to_do
from central.store.erasure import Erasure, Note
from central.store.expiry import Expiry
from central.store.people_errors import StudentConflictError, UnknownStudentError
from central.store.rollup_tables import ROLLUPS
from central.store.store import Store
from central.store.student_changes import create, plan
from central.store.students import Profile, Students
from central.store.tombstones import Tombstones
from tests.central.stored import NOW, rows

ZEBRA = "zebra-042"
PROFILE = Profile(student_id=ZEBRA, display_name="Zoë Zebra", consent_reference="form 7", group="7b", notes="stripes")
OTHERS = [f"s-{number:03d}{'x' * (number % 7)}" for number in range(1, 20)]
_LABELS = ("happy", "tired", "neutral", "sad", "angry")


def school_day(seed: int = 1, *, most: int = 2400) -> list[Seen]:
    """Three classrooms over three hours; the zebra in two of them, for a while in both."""
    chance = random.Random(seed)
    found = []
    for sequence in range(1, most + 1):
        student = ZEBRA if sequence % 3 == 0 else chance.choice(OTHERS)
        room = chance.choice((1, 2)) if student == ZEBRA else int(student[2:5]) % 3 + 1
        at = NOW - timedelta(hours=3) * chance.random()
        label, late = chance.choice(_LABELS), chance.random() < 0.1
        found.append(Seen(f"room-10{room}", UUID(int=room), sequence, student, label, at, late))
    return found


def no_note(connection: sa.Connection, now: datetime, account: str, action: str, subject: str, detail: str) -> None:
    """The audit log keeps the ID; what else there is must not."""


def erasure(
    store: Store, *, note: Note = no_note, hidden: list[str] | None = None, retained: Collection[str] | None = (),
    patience: float = 30.0,
) -> Erasure:  # fmt: skip
    hide = (hidden if hidden is not None else []).append
    return Erasure(store, lambda: NOW, note=note, hide=hide, retained=lambda _: retained, patience=patience)


def fill(store: Store, seen: list[Seen]) -> None:
    with store.writing() as connection:
        create(connection, PROFILE, NOW)
        create(connection, Profile(student_id="s-001x", display_name="Ada", consent_reference="form 1"), NOW)
    for start in range(0, len(seen), 250):
        store.save(seen[start : start + 250], NOW)


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that is known of students and classrooms."""
    queries = {table.name: f"SELECT * FROM {table.name} ORDER BY 1, 2, 3"
               for rollup in ROLLUPS.values() for table in (rollup.students, rollup.classrooms)}  # fmt: skip
    queries |= {name: f"SELECT * FROM {name} ORDER BY 1, 2" for name in ("sightings", "students")}
    queries["observations"] = "SELECT student_id, emotion, observed_at, late FROM observations ORDER BY 1, 3, 2"
    return {name: rows(path, query) for name, query in queries.items()}


def without_the_zebra(folder: Path, seen: list[Seen]) -> dict[str, list[tuple[object, ...]]]:
    """The tables of a school where it never was."""
    path = folder / "never.db"
    with Store(path) as store:
        with store.writing() as connection:
            create(connection, Profile(student_id="s-001x", display_name="Ada", consent_reference="form 1"), NOW)
        store.save([one for one in seen if one.student_id != ZEBRA], NOW)
    return tables(path)


def holders(path: Path, text: str = ZEBRA) -> list[str]:
    """Which files of the database hold text; to be asked when it is closed."""
    return [file.name for file in path.parent.glob(f"{path.name}*") if text.encode() in file.read_bytes()]


def test_all_tables_are_as_if_the_student_had_never_been_there(path: Path, tmp_path: Path) -> None:
    seen, hidden = school_day(), list[str]()
    mine = [one for one in seen if one.student_id == ZEBRA]
    with Store(path) as store:
        fill(store, seen)
        aggregates = sum(
            int(str(rows(path, f"SELECT count(*) FROM {rollup.students.name} WHERE student_id = '{ZEBRA}'")[0][0]))
            for rollup in ROLLUPS.values()
        )
        erased = erasure(store, hidden=hidden).erase(ZEBRA, "a.smith")
    assert tables(path) == without_the_zebra(tmp_path, seen)
    assert (erased.student_id, erased.erased_by, erased.erased_at) == (ZEBRA, "a.smith", NOW)
    assert erased.tally.profile
    assert sum(erased.tally.classrooms.values()) == len(mine) == 800
    assert list(erased.tally.classrooms) == ["room-101", "room-102"]
    assert erased.tally.aggregates == aggregates > 300
    assert hidden == [ZEBRA]


def test_no_byte_of_the_student_stays_in_the_file_or_its_journal(path: Path) -> None:
    with Store(path) as store:
        fill(store, school_day(most=6000))
        Expiry(store).delete_before("observation", NOW - timedelta(hours=2), 1500)
        assert erasure(store).erase(ZEBRA, "a.smith").written_anew
        assert path.with_name("central.db-wal").stat().st_size < 10 * 4096  # what was written since: that all is done
    for text in (ZEBRA, "Zoë Zebra", "form 7", "stripes", "zoë zebra"):
        assert holders(path, text) == [], text
    assert holders(path, "s-001x") == ["central.db"]


def test_whoever_was_never_seen_and_has_no_profile_cannot_be_erased(store: Store, path: Path) -> None:
    with pytest.raises(UnknownStudentError):
        erasure(store).erase("s-999", "a.smith")
    assert rows(path, "SELECT * FROM tombstones") == []


def test_a_student_without_a_profile_is_erased_as_well(store: Store) -> None:
    store.save([Seen("room-101", UUID(int=1), 1, ZEBRA, "happy", NOW, False)], NOW)
    erased = erasure(store).erase(ZEBRA, "a.smith")
    assert (erased.tally.profile, erased.tally.classrooms) == (False, {"room-101": 1})


def test_what_still_arrives_is_rejected_and_counted_and_others_are_stored(store: Store, path: Path) -> None:
    fill(store, school_day(most=30))
    erasure(store).erase(ZEBRA, "a.smith")
    late = [
        Seen("room-101", UUID(int=1), 31, ZEBRA, "happy", NOW, True),
        Seen("room-101", UUID(int=1), 32, "s-003xxx", "happy", NOW, False),
    ]
    saved = store.save(late, NOW)
    assert (saved.observations, [one.student_id for one in saved.stored]) == (1, ["s-003xxx"])
    assert [refused.reason for refused in saved.refused] == ["erased"]
    assert ZEBRA not in saved.refused[0].text
    assert rows(path, "SELECT classroom, reason, count FROM rejections") == [("room-101", "erased", 1)]
    assert rows(path, f"SELECT * FROM sightings WHERE student_id = '{ZEBRA}'") == []


def test_a_new_profile_lets_the_student_be_seen_again(store: Store) -> None:
    fill(store, school_day(most=30))
    erasure(store).erase(ZEBRA, "a.smith")
    with store.writing() as connection:
        create(connection, PROFILE, NOW)
    assert store.save([Seen("room-101", UUID(int=1), 31, ZEBRA, "happy", NOW, False)], NOW).observations == 1
    again = erasure(store).erase(ZEBRA, "b.jones")
    assert (again.erased_by, again.tally.classrooms) == ("b.jones", {"room-101": 1})


def test_an_older_list_does_not_bring_an_erased_student_back(store: Store) -> None:
    fill(store, school_day(most=30))
    erasure(store).erase(ZEBRA, "a.smith")
    listed = [{"student_id": one, "display_name": "Somebody", "consent_reference": "f"} for one in (ZEBRA, "s-002")]
    with store.reading() as connection:
        assert plan(connection, listed).erased == {ZEBRA}


def test_an_erasure_that_is_asked_for_again_says_the_same_and_is_noted_once(store: Store, path: Path) -> None:
    fill(store, school_day(most=300))
    first = erasure(store, note=append).erase(ZEBRA, "a.smith")
    assert erasure(store, note=append).erase(ZEBRA, "b.jones") == first
    noted = rows(path, "SELECT account, action, subject, detail FROM audit")
    rooms = ", ".join(f"{room} {number}" for room, number in first.tally.classrooms.items())
    assert noted == [
        (
            "a.smith", "student.erase", ZEBRA,
            f"receipt {first.receipt}: profile; 100 observations ({rooms}); "
            f"{first.tally.aggregates} rows of minutes, hours and days",
        )
    ]  # fmt: skip


def test_the_directory_and_tombstones_that_are_remembered_follow(store: Store) -> None:
    fill(store, school_day(most=30))
    students, tombstones = Students(store), Tombstones()

    def erased() -> set[str]:
        with store.reading() as connection:
            return tombstones.erased(connection, [ZEBRA, "s-001x"])

    assert (ZEBRA in students.directory(), erased()) == (True, set())
    erasure(store).erase(ZEBRA, "a.smith")
    assert (ZEBRA in students.directory(), erased()) == (False, {ZEBRA})
    with store.writing() as connection:
        create(connection, PROFILE, NOW)
    assert (ZEBRA in students.directory(), erased()) == (True, set())


def test_what_is_looked_up_for_a_batch_is_one_row(store: Store) -> None:
    fill(store, school_day(most=30))
    erasure(store).erase(ZEBRA, "a.smith")
    tombstones, statements = Tombstones(), list[str]()
    with store.reading() as connection:
        tombstones.erased(connection, OTHERS)
        note = lambda *given: statements.append(given[2])  # noqa: E731
        sa.event.listen(connection, "before_cursor_execute", note)
        tombstones.erased(connection, [*OTHERS, ZEBRA, "s-new"])
        assert tombstones.erased(connection, []) == set()
    assert statements == ["SELECT people_state.changes \nFROM people_state"]


def test_killed_anywhere_it_is_completed_and_counts_nothing_twice(tmp_path: Path) -> None:
    seen = school_day(most=1600)
    filled = tmp_path / "filled.db"
    with Store(filled) as store:
        fill(store, seen)
    clean = without_the_zebra(tmp_path, seen)
    counted: dict[str, Any] = {}
    for transactions in count(1):
        path = tmp_path / "central.db"
        shutil.copyfile(filled, path)
        child = multiprocessing.get_context("fork").Process(target=_erase_and_die, args=(path, transactions))
        child.start()
        child.join(60)
        with Store(path) as store:
            begun = rows(path, "SELECT count(*) FROM tombstones") == [(1,)]
            store.save([Seen("room-101", UUID(int=1), 9000, ZEBRA, "sad", NOW, True)] if begun else [], NOW)
            if transactions % 2:
                erasure(store, note=append).resume()
                assert tables(path) == clean or not begun
            erased = erasure(store, note=append).erase(ZEBRA, "b.jones")
            assert erased.erased_by == ("a.smith" if begun else "b.jones")
            assert erased.written_anew
            assert rows(path, "SELECT count(*) FROM audit") == [(1,)]
        assert tables(path) == clean
        counted = counted or vars(erased.tally)
        assert vars(erased.tally) == counted
        assert rows(path, "SELECT student_id FROM tombstones") == [(None,)]
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
    assert transactions > 10


def _erase_and_die(path: Path, transactions: int) -> None:
    """In a process of its own, which ends before so many transactions are."""
    left = transactions

    def die_at_last(_: sa.Connection) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Store(path) as store:
        sa.event.listen(sa.Engine, "commit", die_at_last)
        erasure(store, note=append).erase(ZEBRA, "a.smith")


def test_observations_go_on_meanwhile_and_nothing_of_anybody_else_is_lost(path: Path) -> None:
    stop, enough = threading.Event(), threading.Event()
    batches = 0

    def ingest(store: Store) -> None:
        nonlocal batches
        while not stop.is_set():
            first = 10_000 + 20 * batches
            batch = [
                Seen("room-101", UUID(int=9), first + n, ZEBRA if n % 4 == 0 else OTHERS[n % 19], "happy", NOW, False)
                for n in range(20)
            ]
            while True:
                try:
                    store.save(batch, NOW)
                    break
                except StoreBusyError:
                    continue
            batches += 1
            stop.wait(0.002)  # as a broker gives it time
            if batches % 5 == 0:
                enough.set()

    with Store(path) as store:
        fill(store, school_day())
        thread = threading.Thread(target=ingest, args=(store,))
        thread.start()
        try:
            assert enough.wait(30)
            erased = erasure(store).erase(ZEBRA, "a.smith")
            enough.clear()
            assert enough.wait(30)
        finally:
            stop.set()
            thread.join()
        assert erased.written_anew
        mine = rows(path, "SELECT sum(count) FROM rejections WHERE reason = 'erased'")[0][0]
        others = rows(path, "SELECT count(*) FROM observations WHERE sequence >= 10000")[0][0]
        assert others == batches * 15
        assert int(str(mine)) + sum(erased.tally.classrooms.values()) == batches * 5 + 800
        classroom = rows(path, "SELECT sum(happy) FROM classroom_days WHERE classroom = 'room-101'")
        assert classroom == rows(path, "SELECT sum(happy) FROM student_days WHERE classroom = 'room-101'")
    assert holders(path) == []


@contextmanager
def reader(path: Path) -> Iterator[None]:
    """Somebody who looks at how it was, for a long time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM observations").fetchone()
        yield


def test_a_journal_that_is_read_is_emptied_later_and_the_receipt_says_so(path: Path) -> None:
    with Store(path) as store:
        fill(store, school_day(most=300))
        with reader(path):
            erased = erasure(store, patience=0.0).erase(ZEBRA, "a.smith")
        assert not erased.written_anew
        assert any("systemctl restart classpulse-central" in todo for todo in left_to_do(erased))
        erasure(store).resume()
        assert erasure(store).erase(ZEBRA, "a.smith").written_anew
    assert holders(path) == []


def test_a_file_that_is_too_large_to_wait_for_is_not_written_anew(path: Path) -> None:
    with Store(path) as store:
        assert not store.write_anew(most_bytes=store.bytes() - 1)
        assert store.write_anew(most_bytes=store.bytes())


def test_a_database_that_stays_locked_is_busy_and_goes_on_where_it_was(path: Path) -> None:
    with Store(path) as store:
        fill(store, school_day(most=300))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusyError):
                erasure(store, patience=0.0).erase(ZEBRA, "a.smith")
            other.execute("ROLLBACK")
        assert sum(erasure(store).erase(ZEBRA, "a.smith").tally.classrooms.values()) == 100


def test_no_profile_is_made_while_an_erasure_is_under_way(path: Path) -> None:
    with Store(path) as store:
        fill(store, school_day(most=300))
        child = multiprocessing.get_context("fork").Process(target=_erase_and_die, args=(path, 3))
    child.start()
    child.join(60)
    with Store(path) as store:
        with pytest.raises(StudentConflictError, match="being erased"), store.writing() as connection:
            create(connection, PROFILE, NOW)
        erasure(store).resume()
        with store.writing() as connection:
            create(connection, PROFILE, NOW)


def test_what_is_left_to_do_names_each_device_with_its_command(store: Store) -> None:
    rooms = ("room-101", "simulated-1", "room-102")
    store.save([Seen(room, UUID(int=n), 1, ZEBRA, "happy", NOW, False) for n, room in enumerate(rooms)], NOW)
    topic = "classpulse/v1/room-101/observation"
    todo = left_to_do(erasure(store, retained=[topic]).erase(ZEBRA, "a.smith"))
    assert todo[:3] == [
        f"room-101: on its device, run: sudo classpulse-edge forget {ZEBRA}",
        f"room-102: on its device, run: sudo classpulse-edge forget {ZEBRA}",
        f"The broker keeps a message about {ZEBRA}. As somebody who may publish there, run: "
        f"mosquitto_pub -t {topic} -r -n",
    ]
    assert "Backups of the database from before 2026-03-02 09:15 UTC" in todo[3]
    assert f"audit log here keeps the ID {ZEBRA}" in todo[4]
    assert len(todo) == 5


def test_a_broker_that_could_not_be_asked_is_asked_the_next_time(store: Store) -> None:
    fill(store, school_day(most=30))
    first = erasure(store, retained=None).erase(ZEBRA, "a.smith")
    assert any("could not be asked" in todo for todo in left_to_do(first))
    assert erasure(store, retained=["t"]).erase(ZEBRA, "a.smith").tally.retained == ["t"]
    assert erasure(store, retained=None).erase(ZEBRA, "a.smith").tally.retained == ["t"]
