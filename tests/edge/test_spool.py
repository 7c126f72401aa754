"""Nothing handed to the spool is lost, forgotten twice, or left behind on the disk."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import tracemalloc
import weakref
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.errors import SpoolError
from edge.records import Observation
from edge.spool import LIVE_SECONDS, Spool
from edge.wire import WireError
from tests.edge.spooling import SECONDS, filled, observations, students


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


def test_memory_does_not_grow_with_what_is_handed_over_while_nobody_sends(path: Path) -> None:
    now, calls, size = 0.0, 200, 100
    with Spool(SpoolSettings(path=path), monotonic=lambda: now) as spool:
        assert spool.flush(SECONDS)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(calls):
            now += LIVE_SECONDS
            spool.put(observations(size, first=number * size))
            assert spool.flush(SECONDS)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < 10 * calls * size  # bytes; an entry of each would be ten times that
        assert spool.late_up_to() == (calls - 1) * size


def test_the_times_of_what_is_late_are_not_kept_while_nobody_sends(path: Path) -> None:
    class Moment(float):
        """A reading of the clock that can be counted while it lives."""

    kept = weakref.WeakSet[Moment]()
    now = 0.0

    def clock() -> float:
        moment = Moment(now)
        kept.add(moment)
        return moment

    with Spool(SpoolSettings(path=path), monotonic=clock) as spool:
        for number in range(20):
            now += LIVE_SECONDS
            spool.put(observations(1, first=number))
            assert spool.flush(SECONDS)
        assert len(kept) < 5


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


def test_invalid_observation_is_refused_and_the_rest_goes_on(path: Path) -> None:
    with filled(path, 1) as spool:
        with pytest.raises(WireError):
            spool.put([*observations(1), Observation("Mia Example", "happy", datetime.now(UTC))])
        assert spool.flush(SECONDS)
        assert spool.status().depth == 1


def test_second_process_may_not_use_the_same_spool(path: Path) -> None:
    with filled(path, 1), pytest.raises(SpoolError, match="another classpulse-edge"), Spool(SpoolSettings(path=path)):
        pass


def test_log_tells_no_student_id(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path.write_bytes(b"damaged")
    with filled(path, 3):
        pass
    assert "s-0000" not in caplog.text
