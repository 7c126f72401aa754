"""What the live picture shows, and what it tells of changes."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from central.arrivals import Seen, Status
from central.live import Change, Gone, LivePicture, LiveRoom, PresentStudent
from tests.central.stored import NOW, STREAM

PRESENT = timedelta(seconds=60)


class Picture(LivePicture):
    """One whose clock the test moves, fed as by the ingest."""

    def __init__(self) -> None:
        self.now = NOW
        super().__init__(PRESENT, lambda: self.now)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def see(
        self, student: str, label: str = "happy", room: str = "room-101", *, at: datetime | None = None,
        late: bool = False,
    ) -> None:  # fmt: skip
        with self.feeding:
            self.feed([Seen(room, STREAM, 1, student, label, at or self.now, late)], [])

    def status(self, room: str, online: bool) -> None:
        with self.feeding:
            self.feed([], [Status(room, online)])

    def shown(self) -> dict[str, tuple[str, str]]:
        return {one.student_id: (one.classroom, one.label) for one in self.snapshot().students}

    def news(self, version: int) -> tuple[Change, ...]:
        found = self.changes_since(version)
        assert found is not None
        return found[1]


@pytest.fixture
def picture() -> Picture:
    return Picture()


def test_the_newest_label_is_shown_and_since_when_it_is_the_same(picture: Picture) -> None:
    picture.see("s-001", "sad")
    picture.later(10)
    picture.see("s-001", "happy")
    picture.later(10)
    picture.see("s-001", "happy")
    assert picture.student("s-001") == PresentStudent(
        "s-001", None, None, "room-101", "happy", NOW + timedelta(seconds=10), NOW + timedelta(seconds=20)
    )
    assert picture.room("room-101") == LiveRoom("room-101", observed_at=NOW + timedelta(seconds=20))


def test_late_old_and_overtaken_observations_change_nothing(picture: Picture) -> None:
    picture.see("s-001", "happy")
    picture.see("s-001", "sad", late=True)
    picture.see("s-001", "sad", at=NOW - timedelta(seconds=1))
    picture.see("s-002", at=NOW - PRESENT)  # live when it was sent, but central was away
    assert picture.shown() == {"s-001": ("room-101", "happy")}


def test_a_student_who_is_not_seen_for_a_while_is_gone(picture: Picture) -> None:
    picture.see("s-001")
    picture.later(30)
    picture.see("s-002")
    picture.later(30)
    version = picture.snapshot().version
    assert picture.shown() == {"s-002": ("room-101", "happy")}
    assert picture.student("s-001") is None
    assert picture.news(version - 1) == (Gone("s-001", None, "room-101", picture.now),)


def test_a_device_whose_clock_is_ahead_keeps_nobody_in_view(picture: Picture) -> None:
    picture.see("s-001", at=NOW + timedelta(hours=3))
    picture.later(61)
    assert picture.shown() == {}


def test_after_the_clock_was_set_back_the_picture_goes_on(picture: Picture) -> None:
    picture.status("room-101", True)
    picture.see("s-001", "happy")
    picture.see("s-002", "sad")
    picture.later(-3600)
    version = picture.snapshot().version
    back = picture.now
    assert picture.room("room-101") == LiveRoom("room-101", True, back, back)
    picture.later(1)
    picture.see("s-001", "tired")
    now = picture.now
    assert picture.news(version) == (PresentStudent("s-001", None, None, "room-101", "tired", now, now),)
    assert picture.room("room-101") == LiveRoom("room-101", True, back, now)
    picture.later(59)
    assert picture.shown() == {"s-001": ("room-101", "tired")}


def test_who_went_before_the_clock_was_set_back_is_not_remembered_until_then(picture: Picture) -> None:
    picture.see("s-001")
    before = picture.snapshot().version
    picture.later(61)
    assert len(picture.news(before)) == 1
    picture.later(-3600)
    assert picture.changes_since(before) is None


def test_a_student_seen_in_another_classroom_moves_there(picture: Picture) -> None:
    picture.see("s-001", room="room-101")
    picture.later(5)
    picture.see("s-001", room="room-102")
    assert picture.shown() == {"s-001": ("room-102", "happy")}
    assert [room.classroom for room in picture.snapshot().rooms] == ["room-101", "room-102"]


def test_a_device_is_online_since_central_learnt_of_it(picture: Picture) -> None:
    picture.status("room-101", True)
    picture.later(5)
    picture.status("room-101", True)  # retained: it comes again with every connection
    assert picture.room("room-101") == LiveRoom("room-101", True, NOW)
    picture.status("room-101", False)
    assert picture.room("room-101") == LiveRoom("room-101", False, picture.now)
    assert picture.room("room-102") is None


def test_only_the_newest_change_of_each_is_told(picture: Picture) -> None:
    version = picture.snapshot().version
    for label in ("happy", "sad", "tired"):
        picture.see("s-001", label)
        picture.see("s-002", label)
    students = [change for change in picture.news(version) if isinstance(change, PresentStudent)]
    assert [(one.student_id, one.label) for one in students] == [("s-001", "tired"), ("s-002", "tired")]
    assert picture.news(picture.snapshot().version) == ()


def test_of_versions_it_cannot_know_a_snapshot_is_to_be_taken(picture: Picture) -> None:
    assert picture.changes_since(1_000_000) is None
    picture.see("s-001")
    before = picture.snapshot().version
    picture.later(61)
    assert len(picture.news(before)) == 1
    picture.later(301)  # so long ago somebody went
    assert picture.changes_since(before) is None


def test_names_and_groups_come_from_the_profiles(picture: Picture) -> None:
    picture.put_profile("s-001", "Ada", "7b")
    picture.see("s-001")
    picture.see("s-002")
    version = picture.snapshot().version
    picture.put_profile("s-001", "Ada L.", "7b")
    (change,) = picture.news(version)
    assert isinstance(change, PresentStudent)
    assert (change.name, change.group) == ("Ada L.", "7b")
    unknown = picture.student("s-002")
    assert unknown is not None
    assert (unknown.name, unknown.group) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.put_profile("s-001", "Ada", "7c"),  # teachers of 7b must not know any more
        lambda picture: picture.put_profiles([]),
        lambda picture: picture.put_profiles([("s-001", "Ada", None)]),
        lambda picture: picture.erase("s-001"),
    ],
)
def test_what_changes_who_may_know_makes_everybody_take_a_snapshot(
    picture: Picture, change: Callable[[Picture], None]
) -> None:
    picture.put_profile("s-001", "Ada", "7b")
    picture.see("s-001")
    version = picture.snapshot().version
    change(picture)
    assert picture.changes_since(version) is None


def test_an_erased_student_is_gone_at_once(picture: Picture) -> None:
    picture.put_profile("s-erased", "Ada", "7b")
    picture.see("s-erased")
    picture.see("s-002")
    picture.erase("s-erased")
    assert picture.shown() == {"s-002": ("room-101", "happy")}
    left = [one for one in gc.get_objects() if isinstance(one, PresentStudent | Gone)]
    assert "s-erased" not in {one.student_id for one in left}


def test_who_could_name_any_number_of_students_does_not_fill_the_memory(picture: Picture) -> None:
    for number in range(600):
        picture.see(f"s-{number}")
    assert len(picture.snapshot().students) == 500
    picture.see("s-999", room="room-102")
    assert picture.student("s-999") is not None


def test_after_a_restart_it_is_what_it_was(picture: Picture) -> None:
    read_back = [
        PresentStudent("s-001", None, None, "room-101", label, NOW, NOW + timedelta(seconds=second))
        for second, label in [(0, "sad"), (10, "happy"), (70, "happy")]
    ]
    gone = PresentStudent("s-002", None, None, "room-101", "sad", NOW, NOW)
    picture.later(75)
    picture.restore([gone, *read_back], [("room-101", True, NOW)], [("s-001", "Ada", "7b")])
    assert picture.snapshot().students == (
        PresentStudent(
            "s-001", "Ada", "7b", "room-101", "happy", NOW + timedelta(seconds=10), NOW + timedelta(seconds=70)
        ),
    )
    assert picture.room("room-101") == LiveRoom("room-101", True, NOW, NOW + timedelta(seconds=70))


def test_a_listener_hears_of_every_change_and_of_nothing_else(picture: Picture) -> None:
    heard: list[int] = []
    with picture.listening(lambda: heard.append(picture.snapshot().version)):
        picture.see("s-001")
        assert len(heard) == 1
        picture.snapshot()
        picture.see("s-001", late=True)
        assert len(heard) == 1
        picture.later(61)
        picture.snapshot()
        assert len(heard) == 2
    picture.see("s-001")
    assert len(heard) == 2
