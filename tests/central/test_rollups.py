"""What is counted of each batch, and what is taken out again with a student."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central.store.expiry import Expiry
from central.store.removal import take_out
from central.store.store import Store
from tests.central.counted import TABLES, Row, counted, lessons, stored
from tests.central.stored import NOW, rows, seen

BERLIN = ZoneInfo("Europe/Berlin")
CLOCKS_GO_BACK = datetime(2026, 10, 24, 20, 30, tzinfo=UTC)
"""The evening before; there is a second hour from two to three."""
CLOCKS_GO_FORWARD = datetime(2026, 3, 28, 20, 30, tzinfo=UTC)
EMPTY: dict[str, list[Row]] = {table: [] for table in TABLES}


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        pytest.param("Europe/Berlin", NOW, id="a day like others"),
        pytest.param("Europe/Berlin", CLOCKS_GO_BACK, id="an hour comes twice"),
        pytest.param("Europe/Berlin", CLOCKS_GO_FORWARD, id="an hour never comes"),
        pytest.param("Asia/Kathmandu", NOW, id="hours begin a quarter past"),
        pytest.param("America/Santiago", datetime(2026, 9, 5, 20, 30, tzinfo=UTC), id="a day begins at one"),
    ],
)
def test_roll_ups_are_what_counting_by_hand_gives(path: Path, zone: str, start: datetime) -> None:
    school = lessons(1, start, 9)
    with Store(path, ZoneInfo(zone)) as store:
        for first in range(0, len(school), 100):
            store.save(school[first : first + 100], start)
    assert stored(path) == counted(school, ZoneInfo(zone))


def test_it_makes_no_difference_in_which_batches_observations_came(path: Path) -> None:
    school = lessons(1, NOW, 1)[:40]
    with Store(path, BERLIN) as store:
        for one in school:
            store.save([one], NOW)
    assert stored(path) == counted(school, BERLIN)


def test_repeats_are_counted_once(path: Path) -> None:
    school = lessons(2, NOW, 1)
    with Store(path, BERLIN) as store:
        store.save([*school[:100], *school[:50]], NOW)
        store.save(school[50:], NOW)
        store.save([replace(one, late=True) for one in school], NOW)
    assert stored(path) == counted(school, BERLIN)


def test_a_batch_that_fails_is_not_counted(store: Store, path: Path) -> None:
    rows(path, "CREATE TRIGGER fault BEFORE INSERT ON sightings BEGIN SELECT raise(ABORT, 'x'); END")
    with pytest.raises(Exception, match="x"):
        store.save([seen(1)], NOW)
    assert stored(path) == EMPTY


def test_who_was_seen_where_is_known_from_the_first_to_the_last(store: Store, path: Path) -> None:
    times = [NOW + timedelta(seconds=seconds) for seconds in (10, 0, 20, 5)]
    for sequence, at in enumerate(times[:2], 1):
        store.save([replace(seen(sequence, at=at), student_id="s-1")], NOW)
    store.save([replace(seen(sequence, at=at), student_id="s-1") for sequence, at in enumerate(times[2:], 3)], NOW)
    assert rows(path, "SELECT student_id, classroom, last_at - first_at, observations FROM sightings") == [
        ("s-1", "room-101", 20_000, 4)
    ]


@pytest.mark.parametrize("most", [20, 1000])
def test_a_student_who_is_taken_out_was_never_counted(path: Path, most: int) -> None:
    school = lessons(3, CLOCKS_GO_BACK, 5)
    with Store(path, BERLIN) as store:
        store.save(school, NOW)
        before = sum(len(stored(path)[table]) for table in TABLES if table.startswith("student"))
        deleted = 0
        while True:
            with store.writing() as connection:
                some = take_out(connection, "s-003", most)
            if not some:
                break
            deleted += some
    others = [one for one in school if one.student_id != "s-003"]
    after = counted(others, BERLIN)
    assert stored(path) == after
    assert deleted == before - sum(len(after[table]) for table in TABLES if table.startswith("student"))


@pytest.mark.parametrize("change", ["2026-04-04T15:00Z", "2026-10-03T15:30Z"])
def test_a_student_is_taken_out_of_hours_that_a_clock_change_made_shorter(path: Path, change: str) -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # by half an hour
    school = lessons(6, datetime.fromisoformat(change) - timedelta(hours=2), 4)
    others = [one for one in school if one.student_id != "s-003"]
    with Store(path, lord_howe) as store:
        store.save(school, NOW)
        with store.writing() as connection:
            while take_out(connection, "s-003", 1000):
                pass
    with Store(fresh := path.with_name("fresh.db"), lord_howe) as store:
        store.save(others, NOW)
    assert stored(path) == stored(fresh)


def test_a_student_can_be_taken_out_after_the_minutes_are_deleted(path: Path) -> None:
    school = lessons(4, NOW, 9)
    with Store(path, BERLIN) as store:
        store.save(school, NOW)
        Expiry(store).delete_before("minute", NOW + timedelta(days=1), 10_000)
        for student in {one.student_id for one in school}:
            with store.writing() as connection:
                while take_out(connection, student, 50):
                    pass
    assert stored(path) == EMPTY
