"""What timelines, trends and patterns say of observations that are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from central.arrivals import Seen
from central.store.expiry import Expiry
from central.store.history import Bucket, Counts, History, PatternCell, Span
from central.store.rollup_tables import Resolution
from central.store.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Berlin."""
TODAY = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
"""When it began there."""
ANGRY, HAPPY, TIRED = (1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 0, 0, 1)


class School:
    """A store and what is asked of it."""

    def __init__(self, store: Store) -> None:
        self.store, self.history = store, History(store, BERLIN)
        self._numbers = count(1)

    def see(self, student: str, label: str, minutes: float, room: str = "room-101", *, late: bool = False) -> None:
        """minutes: after nine o'clock."""
        at = MORNING + timedelta(minutes=minutes)
        self.store.save([Seen(room, UUID(int=1), next(self._numbers), student, label, at, late)], at)


@pytest.fixture
def school(path: Path) -> Iterator[School]:
    with Store(path, BERLIN) as store:
        yield School(store)


def span(start: float, end: float, resolution: Resolution = "minute") -> Span:
    """In minutes after nine o'clock."""
    return Span(MORNING + timedelta(minutes=start), MORNING + timedelta(minutes=end), resolution)


def minute(number: float, counts: Counts, students: int = 1) -> Bucket:
    return Bucket(MORNING + timedelta(minutes=number), counts, students, None)


def test_a_students_timeline_has_what_was_observed_in_any_room_and_nothing_of_others(school: School) -> None:
    school.see("s-1", "happy", 0)
    school.see("s-1", "happy", 0.5)
    school.see("s-1", "tired", 0.9, "room-102")
    school.see("s-1", "angry", 3)
    school.see("s-2", "angry", 1)
    found = school.history.student("s-1", span(0, 60))
    assert found.buckets == (minute(0, (0, 2, 0, 0, 1)), minute(3, ANGRY))
    assert (found.hidden, found.kept_since) == (False, None)


def test_a_span_includes_the_bucket_that_it_begins_in_and_not_the_one_after_its_end(school: School) -> None:
    for at in (1.9, 2.1, 4.9, 5.0):
        school.see("s-1", "happy", at)
    found = school.history.student("s-1", span(2.5, 5))
    assert (found.start, found.end) == (span(2, 5).start, span(2, 5).end)
    assert [bucket.at for bucket in found.buckets] == [minute(at, HAPPY).at for at in (2, 4)]


def test_what_comes_late_changes_history(school: School) -> None:
    school.see("s-1", "happy", 5)
    school.see("s-1", "tired", 2, late=True)
    assert school.history.student("s-1", span(0, 9)).buckets == (minute(2, TIRED), minute(5, HAPPY))


def test_coverage_is_the_part_of_the_minutes_with_anybody_in_the_room(school: School) -> None:
    for at in range(4):
        school.see("s-1", "happy", at)
    school.see("s-2", "happy", 3.5)
    school.see("s-2", "happy", 3.6)
    history = school.history
    for resolution in ("hour", "day"):
        (one,) = history.student("s-1", span(0, 9, resolution)).buckets
        (two,) = history.student("s-2", span(0, 9, resolution)).buckets
        (both,) = history.classroom("room-101", span(0, 9, resolution)).buckets
        (chosen,) = history.classroom("room-101", span(0, 9, resolution), ["s-1", "s-2"]).buckets
        assert (one.coverage, two.coverage, both.coverage, chosen.coverage) == (1.0, 0.25, 0.625, 0.625)


def test_a_day_begins_at_the_schools_midnight(school: School) -> None:
    school.see("s-1", "happy", -9 * 60)  # midnight
    school.see("s-1", "tired", -9 * 60 - 1)
    (day,) = school.history.student("s-1", Span(MORNING, MORNING + timedelta(hours=1), "day")).buckets
    assert (day.at, day.counts) == (TODAY, HAPPY)


def test_a_classrooms_timeline_is_of_everybody_or_of_those_who_may_be_seen(school: School) -> None:
    school.see("s-1", "happy", 0)
    school.see("s-2", "tired", 0)
    school.see("s-2", "angry", 0, "room-102")
    everybody, history = span(0, 60), school.history
    assert history.classroom("room-101", everybody).buckets == (minute(0, (0, 1, 0, 0, 1), 2),)
    assert history.classroom("room-101", everybody, ["s-1", "s-9"]).buckets == (minute(0, HAPPY),)
    assert history.classroom("room-101", everybody, []).buckets == ()
    assert history.classroom("room-103", everybody).buckets == ()


def test_buckets_of_too_few_students_are_left_out_of_a_group_and_said_to_be(school: School) -> None:
    for student in ("s-1", "s-2", "s-3"):
        school.see(student, "happy", 0)
    for at in (1.1, 1.2, 1.3):
        school.see("s-1", "tired", at)
    school.see("s-1", "tired", 2)
    school.see("s-2", "tired", 2, "room-102")
    school.see("s-9", "angry", 1)
    group = school.history.group(["s-1", "s-2", "s-3"], span(0, 60), 3)
    assert (group.buckets, group.hidden) == ((minute(0, (0, 3, 0, 0, 0), 3),), True)
    two = school.history.group(["s-1", "s-2", "s-3"], span(2, 60), 2)
    assert (two.buckets, two.hidden) == ((minute(2, (0, 0, 0, 0, 2), 2),), False)
    assert school.history.group([], span(0, 60), 1).buckets == ()


@pytest.mark.parametrize("resolution", ["minute", "hour", "day"])
def test_whoever_changes_rooms_is_one_student_of_the_school_and_of_the_group(
    school: School, resolution: Resolution
) -> None:
    school.see("s-1", "happy", 0)
    school.see("s-1", "happy", 0.5, "room-102")
    school.see("s-2", "happy", 0.6, "room-102")
    (everybody,) = school.history.school(span(0, 60, resolution)).buckets
    (group,) = school.history.group(["s-1", "s-2"], span(0, 60, resolution), 2).buckets
    (room,) = school.history.classroom("room-102", span(0, 60, resolution)).buckets
    assert (everybody.students, group.students, room.students) == (2, 2, 2)
    assert everybody.observations == group.observations == 3
    assert everybody.coverage is None or everybody.coverage <= 1


def test_a_trend_is_the_last_hour_by_five_minutes_up_to_now(school: School) -> None:
    for at, label in ((-54.9, "tired"), (-55.1, "angry"), (4.9, "happy"), (5.0, "angry")):
        school.see("s-1", label, at)
    school.see("s-2", "happy", 1, "room-102")
    none: Counts = (0, 0, 0, 0, 0)
    now = MORNING + timedelta(minutes=4, seconds=55)
    wanted = {"room-101": (TIRED, *[none] * 10, HAPPY), "room-102": (*[none] * 11, HAPPY)}
    assert school.history.trends(now) == wanted
    assert school.history.trends(now, ["s-1"]) == {"room-101": wanted["room-101"]}
    assert school.history.trends(now, []) == school.history.trends(now + timedelta(days=1)) == {}


def test_the_pattern_of_a_week_goes_by_the_schools_clock_in_summer_too(school: School) -> None:
    half_a_year = 26 * 7 * 24 * 60  # minutes: a Monday at ten o'clock, since the clocks went forward
    school.see("s-1", "happy", 5)
    school.see("s-1", "tired", half_a_year)
    school.see("s-1", "tired", half_a_year - 60)
    school.see("s-2", "angry", 5)
    cells = school.history.pattern("s-1", MORNING, MORNING + timedelta(minutes=half_a_year + 1))
    assert cells == [PatternCell(0, 9, (0, 1, 0, 0, 1)), PatternCell(0, 10, TIRED)]


def test_two_spans_that_meet_count_each_hour_once(school: School) -> None:
    for at in (0, 59, 60, 90, 119, 120):
        school.see("s-1", "happy", at)
    middle, end = MORNING + timedelta(minutes=61), MORNING + timedelta(minutes=200)
    before, recent = (school.history.counts("s-1", *ends) for ends in ((MORNING, middle), (middle, end)))
    assert (before, recent) == ((0, 5, 0, 0, 0), HAPPY)
    assert school.history.counts("s-2", MORNING, end) == (0, 0, 0, 0, 0)


def test_a_timeline_says_what_is_no_longer_kept_at_its_resolution(school: School) -> None:
    school.see("s-1", "happy", 0)
    school.see("s-1", "happy", 60)
    Expiry(school.store).delete_before("minute", MORNING + timedelta(minutes=30), 10)
    minutes, hours = (school.history.student("s-1", span(0, 90, resolution)) for resolution in ("minute", "hour"))
    assert (len(minutes.buckets), minutes.kept_since) == (1, MORNING + timedelta(minutes=29))
    assert (len(hours.buckets), hours.kept_since) == (2, None)
