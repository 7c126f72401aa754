"""Observations one by one, and of whom there are any."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from central.arrivals import Seen
from central.store.records import Observed, Records, Sighting
from central.store.store import Store
from central.store.student_changes import create
from central.store.students import Profile
from tests.central.stored import NOW


@pytest.fixture
def records(store: Store) -> Records:
    return Records(store)


def see(store: Store, student: str, *seconds: float, room: str = "room-101", late: bool = False) -> None:
    """seconds: after NOW, one observation each, numbered by them."""
    number = UUID(int=2 if late else 1)
    observed = [
        Seen(room, number, round(second * 10) + 10_000, student, "happy", after(second), late) for second in seconds
    ]
    store.save(observed, NOW)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_pages_of_a_student_follow_each_other_from_the_newest_without_gap_or_repeat(
    store: Store, records: Records
) -> None:
    see(store, "s-1", *range(7))
    see(store, "s-1", 3, 4, room="room-102")  # at the same moments, elsewhere
    see(store, "s-2", 0.5)
    first = records.page("s-1", None, 2)
    see(store, "s-1", 100)  # what comes meanwhile shifts nothing
    pages = [first]
    while pages[-1].next is not None:
        pages.append(records.page("s-1", pages[-1].next, 2))
    found = [one for page in pages for one in page.items]
    assert [one.observed_at for one in found] == [after(second) for second in (6, 5, 4, 4, 3, 3, 2, 1, 0)]
    assert len(set(found)) == 9
    assert [len(page.items) for page in pages] == [2, 2, 2, 2, 1]
    assert [page.total for page in pages] == [9, 10, 10, 10, 10]


def test_a_page_that_is_just_full_is_the_last(store: Store, records: Records) -> None:
    see(store, "s-1", 0, 1)
    assert records.page("s-1", None, 2).next is None
    assert records.page("s-2", None, 2).items == ()


@pytest.mark.parametrize(
    "after",
    ["", "1", "1.2", "1.2.3.4", "a.b.c", "-1.2.3", "1.2.3\n", "1.2.\u0663", f"{10**15}.1.1", f"{10**15 - 1}.1.1"],
)
def test_a_page_after_nothing_is_refused(records: Records, after: str) -> None:
    with pytest.raises(ValueError, match="next"):
        records.page("s-1", after, 2)


def test_all_of_a_student_come_oldest_first_however_many_they_are(store: Store, records: Records) -> None:
    seconds = [number / 10 for number in range(4_500)]
    for first in range(0, len(seconds), 500):
        see(store, "s-1", *seconds[first : first + 500])
    see(store, "s-2", 1)
    assert [one.observed_at for one in records.each("s-1")] == [after(second) for second in seconds]
    some = list(records.each("s-1", after(1), after(2)))
    assert (len(some), some[0].observed_at, some[-1].observed_at) == (10, after(1), after(1.9))


def test_what_was_seen_since_a_moment_is_without_what_came_late(store: Store, records: Records) -> None:
    see(store, "s-1", 3, -1)
    see(store, "s-2", 0, room="room-102")
    see(store, "s-1", 4, late=True)
    assert records.live_since(NOW) == [
        Observed("s-2", "room-102", "happy", NOW, False),
        Observed("s-1", "room-101", "happy", after(3), False),
    ]


def test_a_student_was_last_seen_in_whichever_room_and_an_older_observation_does_not_change_it(
    store: Store, records: Records
) -> None:
    see(store, "s-1", 5)
    see(store, "s-1", 7, room="room-102")
    see(store, "s-1", 2, late=True)
    see(store, "s-2", 9)
    assert records.last_seen(["s-1", "s-3"]) == {"s-1": after(7)}
    assert records.last_seen([]) == {}


def test_students_without_a_profile_are_listed_those_seen_last_first(store: Store, records: Records) -> None:
    see(store, "s-1", 5, 6)
    see(store, "s-1", 3, room="room-102")
    see(store, "s-2", 9)
    see(store, "s-3", 8)
    with store.writing() as connection:
        create(connection, Profile(student_id="s-3", display_name="Ada", consent_reference="form 1"), NOW)
    two = Sighting("s-2", ("room-101",), after(9), after(9), 1)
    one = Sighting("s-1", ("room-101", "room-102"), after(3), after(6), 3)
    assert records.unknown() == [two, one]
    assert records.unknown(1) == [two]
