"""What the database knows of each classroom's device."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from central.arrivals import Health, Rejection, Status
from central.store.device_records import DeviceRecord, Rejected, device_records
from central.store.store import Store
from tests.central.stored import NOW, seen

LATER = NOW + timedelta(minutes=1)


def records(store: Store) -> list[DeviceRecord]:
    with store.reading() as connection:
        return device_records(connection)


def test_device_has_what_it_last_said_and_since_when(store: Store) -> None:
    store.save([Status("room-101", True), Health("room-101", {"camera": "failed"})], NOW)
    store.save([Status("room-101", True), Health("room-101", {"camera": "working"})], LATER)
    assert records(store) == [DeviceRecord("room-101", True, NOW, {"camera": "working"}, LATER, 0, 0, {})]


def test_classroom_of_which_only_observations_or_rejections_came_is_there_too(store: Store) -> None:
    store.save([seen(1, classroom="room-102"), Rejection("room-101", "payload", "")], NOW)
    store.save([Rejection("room-101", "payload", ""), Rejection("", "topic", "")], LATER)
    first, second = records(store)
    assert (first.classroom, first.online, first.rejected) == ("room-101", None, {"payload": Rejected(2, LATER)})
    assert (second.classroom, second.online, second.received) == ("room-102", None, 1)


def test_what_is_missing_is_counted_for_each_classroom_and_adds_up(store: Store) -> None:
    other = UUID(int=2)
    store.save([seen(1), seen(5)], NOW)
    store.save([seen(9, stream=other)], NOW)  # a fresh stream of the same spool: 6 to 8 are lost between
    store.save([seen(1, classroom="room-102"), seen(2, classroom="room-102")], NOW)
    assert [(one.received, one.missing) for one in records(store)] == [(3, 6), (2, 0)]
    totals = store.totals()
    assert (totals.received, totals.missing) == (5, 6)
