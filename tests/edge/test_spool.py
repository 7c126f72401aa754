"""Nothing handed to the spool is lost, forgotten twice, or left behind on the disk."""

from __future__ import annotations

import logging
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.errors import SpoolError
from edge.records import Observation
from edge.spool import LIVE_SECONDS, Spool
from edge.wire import WireError

SECONDS = 20.0


def observations(count: int, *, first: int = 0, ago: timedelta = timedelta(0)) -> list[Observation]:
    moment = datetime.now(UTC).replace(microsecond=0) - ago
    return [Observation(f"s-{first + number:06}", "happy", moment) for number in range(count)]


def students(spool: Spool) -> list[str]:
    return [row.observation.student_id for row in spool.pending(0, 1_000_000)]


@contextmanager
def filled(path: Path, count: int) -> Iterator[Spool]:
    with Spool(SpoolSettings(path=path)) as spool:
        spool.put(observations(count))
        assert spool.flush(SECONDS)
        yield spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def test_observations_come_out_as_they_went_in(path: Path) -> None:
    with Spool(SpoolSettings(path=path)) as spool:
        put = observations(3)
        spool.put(put[:1])
        spool.put(put[1:])
        assert spool.flush(SECONDS)
        rows = spool.pending(0, 10)
    assert [row.observation for row in rows] == put
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert len({row.stream for row in rows}) == 1


def test_pending_is_a_window(path: Path) -> None:
    with filled(path, 10) as spool:
        assert [row.sequence for row in spool.pending(3, 4)] == [4, 5, 6, 7]
        assert [row.sequence for row in spool.pending(3, 100, up_to=5)] == [4, 5]
        assert spool.pending(10, 100) == []
        for sequence in range(1, 9):
            spool.acknowledge(sequence)
        assert [row.sequence for row in spool.pending(0, 4)] == [9, 10]


def test_stream_and_sequence_go_on_after_a_restart(path: Path) -> None:
    with filled(path, 3) as spool:
        before = spool.pending(0, 10)
        for row in before:
            spool.acknowledge(row.sequence)
    with filled(path, 1) as spool:
        (after,) = spool.pending(0, 10)
    assert (after.stream, after.sequence) == (before[0].stream, 4)


def test_only_what_is_not_acknowledged_survives_a_restart(path: Path) -> None:
    with filled(path, 3) as spool:
        spool.acknowledge(2)
        assert spool.status().depth == 2
    with Spool(SpoolSettings(path=path)) as spool:
        assert spool.flush(SECONDS)
        assert students(spool) == ["s-000000", "s-000002"]
        assert spool.status().depth == 2


def test_acknowledged_observation_leaves_no_trace_on_the_disk(path: Path, tmp_path: Path) -> None:
    with filled(path, 50) as spool:
        assert any(b"s-000013" in file.read_bytes() for file in tmp_path.iterdir())
        for row in spool.pending(0, 50):
            spool.acknowledge(row.sequence)
    assert not any(b"s-0000" in file.read_bytes() for file in tmp_path.iterdir())


def test_spool_can_be_read_by_its_owner_only(path: Path, tmp_path: Path) -> None:
    with filled(path, 1):
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_observations_survive_kill_9(path: Path) -> None:
    script = """
        import os, sys
        from datetime import datetime, UTC
        from pathlib import Path
        from edge.config import SpoolSettings
        from edge.records import Observation
        from edge.spool import Spool
        with Spool(SpoolSettings(path=Path(sys.argv[1]))) as spool:
            spool.put([Observation(f"s-{i}", "sad", datetime.now(UTC)) for i in range(100)])
            assert spool.flush(20)
            os.kill(os.getpid(), 9)
    """
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False)
    assert result.returncode == -9
    with filled(path, 1) as spool:
        rows = spool.pending(0, 200)
    assert [row.sequence for row in rows] == list(range(1, 102))
    assert len({row.stream for row in rows}) == 1


def test_what_is_old_or_from_before_is_late(path: Path) -> None:
    now = 1000.0
    with filled(path, 2):
        pass
    with Spool(SpoolSettings(path=path), monotonic=lambda: now) as spool:
        spool.put(observations(1))
        assert spool.flush(SECONDS)
        assert spool.late_up_to() == 2
        now += LIVE_SECONDS / 2
        spool.put(observations(1))
        assert spool.flush(SECONDS)
        now += LIVE_SECONDS / 2
        assert spool.late_up_to() == 3
        now += LIVE_SECONDS / 2
        assert spool.late_up_to() == 4


def test_oldest_give_way_when_the_spool_is_full_and_are_counted(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    count = 60_000
    with Spool(SpoolSettings(path=path, max_megabytes=1)) as spool:
        for first in range(0, count, 10_000):
            spool.put(observations(10_000, first=first))
            assert spool.flush(SECONDS)
        kept, status = students(spool), spool.status()
    assert kept == [f"s-{number:06}" for number in range(count - len(kept), count)]
    assert status.depth == len(kept) > 10_000
    assert status.dropped == count - len(kept)
    assert "oldest observations are dropped" in caplog.text
    with Spool(SpoolSettings(path=path, max_megabytes=1)) as spool:
        assert spool.flush(SECONDS)
        assert spool.status().dropped == status.dropped


def test_observations_older_than_the_bound_are_dropped(path: Path) -> None:
    with Spool(SpoolSettings(path=path, max_age_days=1)) as spool:
        spool.put(observations(2, ago=timedelta(hours=25)) + observations(1, first=7, ago=timedelta(hours=23)))
        assert spool.flush(SECONDS)
        assert students(spool) == ["s-000007"]
        status = spool.status()
    assert status.dropped == 2
    assert 22 * 3600 < status.oldest_seconds < 24 * 3600


def test_invalid_observation_is_refused_and_the_rest_goes_on(path: Path) -> None:
    with filled(path, 1) as spool:
        with pytest.raises(WireError):
            spool.put([*observations(1), Observation("Mia Example", "happy", datetime.now(UTC))])
        assert spool.flush(SECONDS)
        assert spool.status().depth == 1


def test_second_process_may_not_use_the_same_spool(path: Path) -> None:
    with filled(path, 1), pytest.raises(SpoolError, match="another classpulse-edge"), Spool(SpoolSettings(path=path)):
        pass


@pytest.mark.parametrize("content", [b"", b"no spool at all" * 1000, bytes(20_000)])
def test_file_that_is_no_spool_is_set_aside(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(content)
    with filled(path, 2) as spool:
        assert students(spool) == ["s-000000", "s-000001"]
    (aside,) = path.parent.glob("spool.db.damaged-*Z")
    assert aside.read_bytes() == content
    assert "set aside" in caplog.text


def test_another_programs_database_is_set_aside(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with filled(path, 1) as spool:
        assert len(students(spool)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_spool_with_a_hole_or_cut_short_is_survived(path: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with filled(path, 2000) as spool:
        stream = spool.pending(0, 1)[0].stream
        copy = tmp_path / "copy"
        copy.mkdir()
        for name in ("spool.db", "spool.db-wal"):
            shutil.copy(tmp_path / name, copy / name)  # as kill -9 would leave them
    victim = chance.choice([copy / "spool.db", copy / "spool.db-wal"])
    size = victim.stat().st_size
    with victim.open("r+b") as file:
        offset = chance.randrange(size)
        if chance.random() < 0.5:
            file.truncate(offset)
        else:
            file.seek(offset)
            file.write(bytes(min(chance.choice([16, 512, 4096, 40_000]), size - offset)))
    with filled(copy / "spool.db", 3) as spool:
        rows = spool.pending(0, 10_000)
        assert [row.observation.student_id for row in rows[-3:]] == ["s-000000", "s-000001", "s-000002"]
        assert [row.sequence for row in rows] == sorted({row.sequence for row in rows})
        kept = [row for row in rows if row.stream == stream]
        assert len(kept) in (0, len(rows))  # all of one stream, or a new beginning


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
        for name in (path, path.with_name("spool.db-wal")):
            with name.open("r+b") as file:
                file.write(os.urandom(max(size, 1_000_000)))
        spool.pending(0, 10_000)
        for number in range(20):
            spool.put(observations(1, first=number))
            assert spool.flush(SECONDS)
        rows = spool.pending(0, 10_000)
        assert [row.observation.student_id for row in rows][-1] == "s-000019"
        assert rows[-1].stream != stream
        assert rows[-1].sequence > 5000
    assert "set aside" in caplog.text


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A tmpfs of 4 MB, where this may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a small disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_is_survived_and_no_sequence_is_used_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with small_disk(tmp_path / "disk") as disk:
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


def test_spool_that_cannot_be_opened_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with filled(blocked / "spool.db", 3) as spool:
        assert students(spool) == ["s-000000", "s-000001", "s-000002"]
        for row in spool.pending(0, 10):
            spool.acknowledge(row.sequence)
        assert spool.status().depth == 0
    assert "cannot be written" in caplog.text


def test_log_tells_no_student_id(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path.write_bytes(b"damaged")
    with filled(path, 3):
        pass
    assert "s-0000" not in caplog.text
