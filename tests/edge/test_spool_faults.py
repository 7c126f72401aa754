"""Disks that are full, read-only, slow or forgetful, and files with holes: the spool goes on, and says what it lost."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.spool import Spool
from tests.edge.spooling import (
    SECONDS,
    as_if_written_here,
    becomes_read_only,
    failing_disk,
    filled,
    mounted,
    observations,
    students,
)
from tests.full_disk import files_up_to


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def damage(victim: Path, chance: random.Random) -> None:
    """Cut a file short, or fill a part of it with zeros, somewhere."""
    size = victim.stat().st_size
    offset = chance.randrange(size)
    with victim.open("r+b") as file:
        if chance.random() < 0.5:
            file.truncate(offset)
        else:
            file.seek(offset)
            file.write(bytes(min(chance.choice([16, 512, 4096, 40_000]), size - offset)))


def test_a_hundred_holes_and_cuts_are_survived_said_and_never_number_two_observations_alike(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    count = 400
    with filled(path, count):
        pass
    with Spool(SpoolSettings(path=path)) as spool:  # from here on in the journal
        assert spool.flush(SECONDS)
        for row in spool.pending(0, 50):  # sent, and removed with the next hand-over
            spool.acknowledge(row.sequence)
        spool.put(observations(50, first=count))
        assert spool.flush(SECONDS)
        waiting = {(row.stream, row.sequence): row.observation for row in spool.pending(0, 10_000)}
        # As kill -9 would leave them.
        left = {name: (tmp_path / name).read_bytes() for name in ("spool.db", "spool.db-wal", "spool.db.mark")}
    stream = next(iter(waiting))[0]
    used = {(stream, sequence) for sequence in range(1, count + 51)}
    outcomes = Counter[str]()
    for seed in range(100):
        chance = random.Random(seed)
        copy = tmp_path / f"copy-{seed}" / "spool.db"
        copy.parent.mkdir()
        for name, content in left.items():
            copy.with_name(name).write_bytes(content)
        as_if_written_here(copy)
        damage(copy.with_name(chance.choice(list(left))), chance)
        caplog.clear()
        with Spool(SpoolSettings(path=copy)) as spool:
            spool.put(observations(3, first=900))
            assert spool.flush(SECONDS), seed
            rows = {(row.stream, row.sequence): row.observation for row in spool.pending(0, 10_000)}
            assert spool.flush(SECONDS)
            spool.put(observations(1, first=990))  # a row found damaged is counted with the next commit
            assert spool.flush(SECONDS)
            said = spool.status().dropped
        new = {key: seen for key, seen in rows.items() if key not in used}
        assert [seen.student_id for seen in new.values()] == ["s-000900", "s-000901", "s-000902"], seed
        old = {key: seen for key, seen in rows.items() if key in waiting}
        assert all(waiting[key] == seen for key, seen in old.items()), seed
        assert said >= len(waiting) - len(old), seed
        assert bool(said) == ("lost" in caplog.text), seed
        outcomes.update(kind for kind in ("set aside", "lacks the last") if kind in caplog.text)
        outcomes["nothing lost"] += len(old) == len(waiting)
        shutil.rmtree(copy.parent)
    assert min(outcomes[kind] for kind in ("set aside", "lacks the last", "nothing lost")) > 10, outcomes


def test_a_spool_of_the_first_release_is_taken_over(path: Path) -> None:
    with closing(sqlite3.connect(path)) as first:
        first.executescript("""
            CREATE TABLE observation (sequence INTEGER PRIMARY KEY, student_id TEXT NOT NULL, emotion TEXT NOT NULL,
                observed_ms INTEGER NOT NULL) STRICT;
            CREATE TABLE stream (first_sequence INTEGER PRIMARY KEY, uuid TEXT NOT NULL) STRICT;
            CREATE TABLE counter (next_sequence INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
            INSERT INTO observation VALUES (3, 's-000777', 'sad', 1770000000000);
            INSERT INTO stream VALUES (1, '7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a');
            INSERT INTO counter VALUES (4, 2);
            PRAGMA user_version = 1;
        """)
    with filled(path, 1) as spool:
        old, new = spool.pending(0, 10)
        assert (old.sequence, old.observation.student_id, str(old.stream)[:8]) == (3, "s-000777", "7a0c6d5e")
        assert new.sequence == 4
        assert (spool.status().dropped, spool.status().depth) == (2, 2)
        assert spool.status().oldest_seconds < SECONDS


@pytest.mark.parametrize("content", [b"", b"no spool at all" * 1000, bytes(20_000)])
def test_file_that_is_no_spool_is_set_aside(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(content)
    with filled(path, 2) as spool:
        assert students(spool) == ["s-000000", "s-000001"]
    (aside,) = path.parent.glob("spool.db.damaged-*Z")
    assert aside.read_bytes() == content
    assert "set aside" in caplog.text


def test_what_waited_in_a_spool_set_aside_is_counted(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with filled(path, 7):
        pass
    path.write_bytes(b"damaged")
    with filled(path, 1) as spool:
        assert spool.status().dropped == 7
        assert [row.sequence for row in spool.pending(0, 10)] == [8]
    assert "7 observations that waited in it are lost" in caplog.text


def test_another_programs_database_is_set_aside(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with filled(path, 1) as spool:
        assert len(students(spool)) == 1


def test_a_damaged_schema_is_set_aside_whatever_byte_it_is(path: Path) -> None:
    # SQLite's message quotes the schema; where the damaged byte is no text, Python raises another error than SQLite's.
    with filled(path, 3):
        pass
    whole = path.read_bytes()
    schema = [i for i in range(100, 4096) if whole[i]]
    for position in schema[:: max(1, len(schema) // 60)]:
        for side in path.parent.glob("spool.db*"):
            side.unlink()
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x80]) + whole[position + 1 :])
        with Spool(SpoolSettings(path=path)) as spool:
            for number in range(2):  # a renamed column shows only when somebody reads
                spool.put(observations(1, first=number))
                assert spool.flush(SECONDS), position
                waiting = spool.pending(0, 100)
            assert waiting, position


def test_damage_found_while_running_is_said_and_survived(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with filled(path, 5000) as spool:
        stream = spool.pending(0, 1)[0].stream
        size = path.stat().st_size
        noise = random.Random(5)
        for name in (path, path.with_name("spool.db-wal")):
            with name.open("r+b") as file:
                file.write(noise.randbytes(max(size, 1_000_000)))
        spool.pending(0, 10_000)
        for number in range(20):
            spool.put(observations(1, first=number))
            assert spool.flush(SECONDS)
        rows = spool.pending(0, 10_000)
        assert [row.observation.student_id for row in rows][-1] == "s-000019"
        assert rows[-1].stream != stream
        assert rows[-1].sequence > 5000
        assert spool.status().dropped >= 5000
    assert "set aside" in caplog.text
    assert "5000 observations that waited in it are lost" in caplog.text


def test_files_that_may_not_grow_are_survived_and_everything_is_kept(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with filled(path, 100) as spool:
        with files_up_to(path.with_name("spool.db-wal").stat().st_size):
            spool.put(observations(300, first=100))
            assert spool.flush(SECONDS)
            status = spool.status()
            assert (status.depth, status.dropped, status.on_disk) == (400, 0, False)
        assert "cannot be written" in caplog.text
        spool.put(observations(1, first=400))
        assert spool.flush(SECONDS)
        assert students(spool) == [f"s-{number:06}" for number in range(401)]
        assert spool.status().on_disk
    assert "can be written again" in caplog.text


def test_full_disk_is_survived_and_no_sequence_is_used_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "none") as disk:
        with filled(disk / "spool.db", 100) as spool:
            stream = spool.pending(0, 1)[0].stream
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            spool.put(observations(5000, first=100))
            assert spool.flush(SECONDS)
            rows = spool.pending(0, 10_000)
            assert [row.sequence for row in rows] == list(range(1, 5101))
            assert [row.stream == stream for row in rows] == [True] * 100 + [False] * 5000
            assert "cannot be written" in caplog.text
            for row in rows[:4000]:
                spool.acknowledge(row.sequence)
            filler.unlink()
            spool.put(observations(1, first=5100))
            assert spool.flush(SECONDS)
            assert [row.sequence for row in spool.pending(0, 10_000)] == list(range(4001, 5102))
            assert "can be written again" in caplog.text
        with filled(disk / "spool.db", 1) as spool:
            again = spool.pending(0, 10_000)
    assert [row.sequence for row in again] == list(range(4001, 5103))
    assert {row.stream for row in again} == {rows[-1].stream}


def test_a_disk_that_becomes_read_only_is_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with failing_disk(tmp_path) as disk, filled(disk / "spool.db", 10) as spool:
        becomes_read_only(disk)
        with pytest.raises(OSError, match="Read-only"):
            (disk / "new").touch()
        for number in range(3):
            spool.put(observations(10, first=10 + 10 * number))
            assert spool.flush(SECONDS)
        assert students(spool) == [f"s-{number:06}" for number in range(40)]
        for row in spool.pending(0, 25):
            spool.acknowledge(row.sequence)
        spool.put(observations(1, first=40))
        assert spool.flush(SECONDS)
        assert students(spool) == [f"s-{number:06}" for number in range(25, 41)]
        status = spool.status()
        assert (status.depth, status.dropped, status.on_disk) == (16, 0, False)
    assert caplog.text.count("cannot be written") == 1
    assert "16 observations were never written and are lost" in caplog.text


def test_a_disk_that_is_read_only_at_the_start_is_used_once_it_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "none") as disk:
        path = disk / "spool.db"
        with filled(path, 10) as spool:
            before = spool.pending(0, 100)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        seconds = [1000.0]
        with Spool(SpoolSettings(path=path), monotonic=lambda: seconds[0]) as spool:
            spool.put(observations(3))
            assert spool.flush(SECONDS)
            held = spool.pending(0, 100)
            assert len(held) == 3
            assert held[0].sequence > before[-1].sequence
            assert held[0].stream != before[0].stream
            assert not spool.status().on_disk
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            seconds[0] += 60
            spool.put(observations(1, first=3))
            assert spool.flush(SECONDS)
            rows = spool.pending(0, 100)
            assert rows[:13] == before + held
            assert spool.status().on_disk
        with filled(path, 1) as spool:
            assert spool.pending(0, 100)[:14] == rows
    assert "cannot be written" in caplog.text


def test_a_disk_that_makes_the_writer_wait_keeps_nobody_else_waiting(path: Path) -> None:
    with filled(path, 5) as spool:
        stream = spool.pending(0, 1)[0].stream
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # the writer has to wait from here to the end of this block
            spool.put(observations(5, first=5))
            assert spool.status().depth == 10
            assert not spool.flush(0.0)
            other.execute("ROLLBACK")
        assert spool.flush(SECONDS)
        assert [row.stream for row in spool.pending(0, 100)] == [stream] * 10


def test_spool_that_cannot_be_opened_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    seconds = 1000.0
    with Spool(SpoolSettings(path=blocked / "spool.db"), monotonic=lambda: seconds) as spool:
        spool.put(observations(3))
        assert spool.flush(SECONDS)
        assert students(spool) == ["s-000000", "s-000001", "s-000002"]
        for row in spool.pending(0, 10):
            spool.acknowledge(row.sequence)
        assert spool.status().depth == 0
        seconds += 100
        spool.put(observations(2, first=3))
        assert spool.flush(SECONDS)
        seconds += 7
        assert students(spool) == ["s-000003", "s-000004"]
        assert (spool.status().depth, spool.status().oldest_seconds) == (2, 7.0)
    assert "cannot be written" in caplog.text


def test_what_memory_cannot_hold_either_is_counted_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with filled(blocked / "spool.db", 15_000) as spool:
        for first in (15_000, 30_000):
            spool.put(observations(15_000, first=first))
            assert spool.flush(SECONDS)
        assert students(spool) == [f"s-{number:06}" for number in range(25_000, 45_000)]
        assert (spool.status().depth, spool.status().dropped) == (20_000, 25_000)
    assert caplog.text.count("memory is full too") == 1


def test_a_damaged_file_that_cannot_be_set_aside_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "none") as disk:
        (disk / "spool.db").write_bytes(b"damaged" * 1000)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        seconds = [1000.0]
        with Spool(SpoolSettings(path=disk / "spool.db"), monotonic=lambda: seconds[0]) as spool:
            for number in range(6):
                spool.put(observations(1, first=number))
                assert spool.flush(SECONDS)
                seconds[0] += 60
            assert len(students(spool)) == 6
    assert caplog.text.count("cannot be renamed") == 1
