"""A forgotten student's observations are gone: from the file, from memory, and from what was to be sent next."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.connection import Backoff
from edge.errors import SpoolError
from edge.lane import Lane
from edge.records import Observation
from edge.spool import NO_END, Spool
from edge.spool_erasure import erase
from edge.spool_mark import Mark
from tests.edge.spooling import SECONDS, filled, students
from tests.full_disk import files_up_to

GONE, STAYS = "s-forgotten", "s-remains"
A_WHILE = 20.0
"""Seconds after which what failed is tried again."""


def seen(count: int) -> list[Observation]:
    """So many of each of the two, in turns."""
    return [Observation(student, "sad", datetime.now(UTC)) for _ in range(count) for student in (GONE, STAYS)]


def traces(folder: Path) -> list[str]:
    """Files in which the forgotten student is named."""
    return [path.name for path in folder.iterdir() if GONE.encode() in path.read_bytes()]


@pytest.fixture
def clock() -> list[float]:
    """The seconds that the spool's clock for short waits shows."""
    return [0.0]


@pytest.fixture
def spool(tmp_path: Path, clock: list[float]) -> Iterator[Spool]:
    with Spool(SpoolSettings(path=tmp_path / "spool.db"), monotonic=lambda: clock[0]) as spool:
        spool.put(seen(2000))
        assert spool.flush(SECONDS)
        yield spool


def test_another_process_erases_while_the_spool_is_in_use_and_leaves_no_trace(spool: Spool, tmp_path: Path) -> None:
    for row in spool.pending(0, 1000):  # removals move what is left between the file's pages
        spool.acknowledge(row.sequence)
    spool.put(seen(1))
    assert spool.flush(SECONDS)
    assert traces(tmp_path)
    script = """
        import sys
        from pathlib import Path
        from edge.spool_erasure import erase
        print(erase(Path(sys.argv[1]), sys.argv[2]).observations)
    """
    arguments = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "spool.db"), GONE]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "1501\n"
    assert traces(tmp_path) == []
    spool.forget({GONE})  # as the daemon does when it sees that the gallery has changed
    spool.put(seen(1)[1:])
    assert spool.flush(SECONDS)
    assert students(spool) == [STAYS] * 1502
    status = spool.status()
    assert (status.depth, status.erased, status.dropped) == (1502, 1501, 0)


def test_sequences_of_what_was_erased_are_not_given_out_again(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with filled(path, 3) as spool:
        stream = spool.pending(0, 1)[0].stream
    assert erase(path, "s-000002").observations == 1
    with filled(path, 1) as spool:
        assert [(row.sequence, row.stream) for row in spool.pending(0, 10)] == [(1, stream), (2, stream), (4, stream)]
        assert spool.status().erased == 1


def test_the_running_spool_erases_what_came_in_meanwhile(spool: Spool, tmp_path: Path) -> None:
    spool.put(seen(10))
    spool.forget({GONE})
    assert GONE not in students(spool)
    assert spool.flush(SECONDS)
    assert students(spool) == [STAYS] * 2010
    assert traces(tmp_path) == []
    assert spool.status().erased >= 2000  # what had not reached the file yet was never numbered


def test_on_a_full_disk_a_forgotten_student_is_not_sent_and_is_erased_once_there_is_room(
    spool: Spool, clock: list[float], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with files_up_to((tmp_path / "spool.db-wal").stat().st_size):
        spool.forget({GONE})
        assert spool.flush(SECONDS)
        assert traces(tmp_path)
        assert set(students(spool)) == {STAYS}
        assert spool.status().on_disk  # nothing waits in memory
        for _ in range(3):
            clock[0] += A_WHILE
            spool.forget({GONE})
            assert spool.flush(SECONDS)
    spool.put(seen(1)[1:])
    assert spool.flush(SECONDS)
    assert traces(tmp_path)  # too soon for another attempt, which writes the whole file
    clock[0] += A_WHILE
    spool.put(seen(1)[1:])
    assert spool.flush(SECONDS)
    assert traces(tmp_path) == []
    assert students(spool) == [STAYS] * 2002
    said = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert [line[:41] for line in said] == [
        "observations of forgotten students (1) ar",
        "the observations of forgotten students ar",
    ]


def test_with_room_to_delete_but_none_to_write_the_file_anew_that_is_done_later(
    spool: Spool, clock: list[float], tmp_path: Path
) -> None:
    for row in spool.pending(0, 1000):  # what is left moves between the pages, and leaves copies there
        spool.acknowledge(row.sequence)
    spool.put(seen(1)[1:])
    assert spool.flush(SECONDS)
    with files_up_to((tmp_path / "spool.db-wal").stat().st_size + 36 * 4096):
        spool.forget({GONE})
        assert spool.flush(SECONDS)
    assert spool.status().erased == 1500
    assert traces(tmp_path)
    clock[0] += A_WHILE
    spool.put(seen(1)[1:])
    assert spool.flush(SECONDS)
    assert traces(tmp_path) == []


def test_a_student_who_is_forgotten_while_memory_holds_what_comes_is_not_written(spool: Spool, tmp_path: Path) -> None:
    with files_up_to((tmp_path / "spool.db-wal").stat().st_size):
        spool.put(seen(1))
        assert spool.flush(SECONDS)
        assert not spool.status().on_disk
    spool.forget({GONE})
    assert spool.flush(SECONDS)
    assert spool.status().on_disk
    assert students(spool) == [STAYS] * 2001
    assert traces(tmp_path) == []


def test_a_student_enrolled_again_while_the_disk_is_full_is_seen_and_kept(
    spool: Spool, clock: list[float], tmp_path: Path
) -> None:
    with files_up_to((tmp_path / "spool.db-wal").stat().st_size):
        spool.forget({GONE})
        assert spool.flush(SECONDS)
        spool.put(seen(1))
        assert spool.flush(SECONDS)
        assert not spool.status().on_disk
        assert students(spool) == [STAYS] * 2000 + [GONE, STAYS]
    clock[0] += A_WHILE
    spool.put(seen(1))
    assert spool.flush(SECONDS)
    assert students(spool) == [STAYS] * 2000 + [GONE, STAYS] * 2
    assert (spool.status().on_disk, spool.status().erased) == (True, 2000)


def test_forgetting_before_the_file_is_open_spares_who_is_enrolled_again(tmp_path: Path) -> None:
    with Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool:
        spool.put(seen(1))
        assert spool.flush(SECONDS)
    spool = Spool(SpoolSettings(path=tmp_path / "spool.db"))
    spool.forget({GONE})
    spool.put(seen(1))
    with spool:
        assert spool.flush(SECONDS)
        assert students(spool) == [STAYS, GONE, STAYS]


def test_a_student_enrolled_and_forgotten_again_while_being_erased_stays_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    armed, taken = threading.Event(), threading.Event()

    def clock() -> float:
        """The spool's thread reads it when it has taken what is to be erased and written."""
        if armed.is_set() and threading.current_thread().name == "spool":
            taken.set()
        return 0.0

    with Spool(SpoolSettings(path=path), monotonic=clock) as spool:
        assert spool.flush(SECONDS)
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:

            def forget_and_enrol_again() -> None:
                """On the spool's thread, so that it takes both at once; the file is kept from it meanwhile."""
                spool.listen(lambda: None)
                other.execute("BEGIN IMMEDIATE")
                spool.forget({GONE})
                spool.put(seen(1))
                armed.set()

            spool.listen(forget_and_enrol_again)
            spool.put(seen(1))
            assert taken.wait(SECONDS)
            spool.forget({GONE})
            other.execute("COMMIT")
        assert spool.flush(SECONDS)
        assert students(spool) == [STAYS] * 2


def test_the_size_of_what_is_left_is_noted_for_a_start_after_a_power_cut(spool: Spool, tmp_path: Path) -> None:
    spool.forget({GONE})
    assert spool.flush(SECONDS)
    mark = Mark(tmp_path / "spool.db").read()  # as a process that is killed now leaves it
    assert mark is not None
    assert mark.record.depth == 2000


def test_what_was_read_ahead_is_not_sent(spool: Spool) -> None:
    lane = Lane("classpulse/v1/room-101/observation", spool, Backoff(0.0, 0.0))
    first = lane.next(0, NO_END, ())
    assert first is not None
    assert first.observation.student_id == GONE
    lane.sent()
    spool.forget({GONE})
    rows = iter(lambda: lane.next(0, NO_END, (first.sequence,)), None)
    assert {row.observation.student_id for row in rows if row is not None} == {STAYS}


def test_a_student_enrolled_again_is_seen_again(spool: Spool) -> None:
    spool.forget({GONE})
    assert spool.flush(SECONDS)
    spool.put(seen(1))
    assert spool.flush(SECONDS)
    assert students(spool)[-2:] == [GONE, STAYS]
    assert students(spool).count(GONE) == 1


def test_a_spool_that_was_set_aside_and_names_the_student_is_deleted(tmp_path: Path) -> None:
    named, other = tmp_path / "spool.db.damaged-1Z", tmp_path / "spool.db.damaged-1Z-wal"
    named.write_bytes(b"\0half a page " + GONE.encode())
    other.write_bytes(b"another")
    found = erase(tmp_path / "spool.db", GONE)
    assert (found.observations, found.damaged_files) == (0, (named,))
    assert other.exists()
    assert not (tmp_path / "spool.db").exists()


def test_a_spool_that_cannot_be_erased_from_is_named(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"no spool at all" * 1000)
    with pytest.raises(
        SpoolError, match=r"spool\.db: observations of s-forgotten may still lie there: .*database; restart the daemon"
    ):
        erase(tmp_path / "spool.db", GONE)


def test_in_a_damaged_schema_a_student_is_found_or_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with filled(path, 3):
        pass
    whole = path.read_bytes()
    schema = [i for i in range(100, 4096) if whole[i]]
    erased: list[int] = []
    said: list[str] = []
    for position in schema[:: max(1, len(schema) // 60)]:
        for side in path.parent.glob("spool.db*"):
            side.unlink()
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x80]) + whole[position + 1 :])
        try:
            erased.append(erase(path, "s-000001").observations)
        except SpoolError as error:
            said.append(str(error))
    assert set(erased) == {1}
    assert all("restart the daemon, which sets the file aside" in line for line in said)
    assert 0 < sum("its schema is damaged" in line for line in said) < len(said)


def test_a_disk_that_cannot_be_written_is_no_damage(spool: Spool, tmp_path: Path) -> None:
    with (
        files_up_to((tmp_path / "spool.db-wal").stat().st_size),
        pytest.raises(SpoolError, match=r"mend that, and forget the student again"),
    ):
        erase(tmp_path / "spool.db", GONE)
