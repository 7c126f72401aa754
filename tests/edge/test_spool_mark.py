"""A spool that is older than what was sent from it: no number of a stream is given to two observations."""

from __future__ import annotations

import json
import shutil
import uuid
import zlib
from pathlib import Path

import pytest

from edge.config import SpoolSettings
from edge.spool import Spool
from edge.spool_age import Moment
from tests.edge.spooling import SECONDS, filled, observations


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def test_a_journal_that_was_cut_gives_no_number_twice(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with filled(path, 10) as spool:
        stream = spool.pending(0, 1)[0].stream
    kept = path.read_bytes()
    with filled(path, 5) as spool:
        assert [row.sequence for row in spool.pending(10, 100)] == [11, 12, 13, 14, 15]
    path.write_bytes(kept)  # the card says that it wrote, and did not
    with filled(path, 2) as spool:
        rows = spool.pending(10, 100)
        assert [(row.sequence, row.stream == stream) for row in rows] == [(16, False), (17, False)]
        assert spool.status().dropped == 5
    assert "lacks the last 5 observations" in caplog.text
    with filled(path, 1) as spool:
        assert {row.stream for row in spool.pending(15, 100)} == {rows[0].stream}


def stream_of(boot: str, path: Path, first: int = 0) -> uuid.UUID:
    """The stream of an observation made in that boot."""
    with Spool(SpoolSettings(path=path), now=lambda: Moment(boot, 1.0, None)) as spool:
        spool.put(observations(1, first=first))
        assert spool.flush(SECONDS)
        return spool.pending(0, 100)[-1].stream


def started(boot: str, path: Path) -> None:
    """A run in that boot in which nobody was seen."""
    with Spool(SpoolSettings(path=path), now=lambda: Moment(boot, 1.0, None)) as spool:
        assert spool.flush(SECONDS)


def test_every_boot_begins_a_fresh_stream_and_a_restart_within_one_does_not(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = stream_of("one", path)
    assert stream_of("one", path) == first
    assert "fresh stream" not in caplog.text
    second = stream_of("two", path)
    assert second != first
    assert "a fresh stream is begun: the device was started anew" in caplog.text
    with Spool(SpoolSettings(path=path), now=lambda: Moment("two", 1.0, None)) as spool:
        assert spool.flush(SECONDS)
        rows = [(row.sequence, row.stream) for row in spool.pending(0, 10)]
    assert rows == [(1, first), (2, first), (3, second)]  # what waited is sent under the stream it has


def test_a_machine_that_does_not_tell_its_boots_apart_begins_a_fresh_stream_each_time(path: Path) -> None:
    assert stream_of("", path) != stream_of("", path)


@pytest.mark.parametrize("boot", ["one", "two"])
def test_a_backup_put_back_gives_no_number_of_a_stream_to_another_observation(
    path: Path, tmp_path: Path, boot: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    state = tmp_path / "state"
    stream = stream_of("one", state / "spool.db")
    shutil.copytree(state, tmp_path / "backup")  # the spool and its mark, as an administrator would
    assert stream_of("one", state / "spool.db", first=100) == stream
    state.rename(tmp_path / "old")
    shutil.copytree(tmp_path / "backup", state)
    started(boot, state / "spool.db")  # which makes the mark its own, and must not vouch for the stream by that
    with Spool(SpoolSettings(path=state / "spool.db"), now=lambda: Moment(boot, 1.0, None)) as spool:
        spool.put(observations(1, first=200))
        assert spool.flush(SECONDS)
        waited, new = spool.pending(0, 10)
    assert (waited.stream, waited.sequence, waited.observation.student_id) == (stream, 1, "s-000000")
    assert (new.stream == stream, new.sequence) == (False, 2)
    assert {"one": "put back from a copy", "two": "started anew"}[boot] in caplog.text


def test_a_backup_copied_over_the_files_is_known_by_its_time(path: Path) -> None:
    first = stream_of("one", path)
    mark = path.with_name("spool.db.mark")
    content = json.loads(mark.read_bytes().rpartition(b"}")[0] + b"}")
    text = json.dumps(content | {"written_at": content["written_at"] - 3600}).encode()
    mark.write_bytes(text + b" %08x" % zlib.crc32(text))  # of an hour ago, and the inode is the same
    second = stream_of("one", path)
    assert second != first
    assert stream_of("one", path) == second


def test_without_its_mark_a_spool_begins_a_fresh_stream(path: Path) -> None:
    with filled(path, 1) as spool:
        first = spool.pending(0, 100)[-1].stream
    path.with_name("spool.db.mark").write_bytes(b"damaged")
    with filled(path, 1) as spool:
        assert spool.pending(0, 100)[-1].stream != first
