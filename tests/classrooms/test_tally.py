"""The judge of composed classrooms calls right what is right and wrong what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from edge.records import Box, Face, Observation
from edge.tracker import Track
from tests.classrooms.scene import EPOCH, Seen
from tests.classrooms.tally import ClipTally, Tally


def box(x: float) -> Box:
    return Box(x, 100, x + 60, 170)


def seen(person: str, student_id: str | None, x: float = 100, *, clear: bool = True) -> Seen:
    return Seen(person, student_id, box(x), clear)


def track(student_id: str | None, x: float = 100, now: float = 0.0, number: int = 1) -> Track:
    made = Track(number, Face(box(x), np.zeros((5, 2), np.float32), 0.99), now, 3, 10.0)
    made.student_id = student_id
    return made


def judged(*frames: tuple[float, list[Seen], list[Track]]) -> Tally:
    clip = ClipTally()
    for now, people, tracks in frames:
        clip.frame(now, people, tracks, frozenset({"Ann", "Ben"}))
    tally = Tally()
    tally.add(clip, "clip")
    return tally


def test_the_right_name_is_right() -> None:
    tally = judged((0.0, [seen("Ann", "s-ann")], [track("s-ann")]))
    assert (tally.tracks_of_enrolled, tally.wrongly_named) == (1, 0)


def test_another_students_name_is_wrong_even_for_one_frame() -> None:
    people = [seen("Ann", "s-ann")]
    tally = judged((0.0, people, [track("s-ben")]), (0.1, people, [track("s-ann", now=0.1)]))
    assert (tally.tracks_of_enrolled, tally.wrongly_named) == (1, 1)
    assert tally.failures[0] == "clip: Ann was named s-ben"


def test_a_named_stranger_is_wrong() -> None:
    tally = judged((0.0, [seen("Zoe", None)], [track("s-ann")]))
    assert (tally.tracks_of_strangers, tally.named_strangers) == (1, 1)


def test_an_unknown_stranger_is_right() -> None:
    tally = judged((0.0, [seen("Zoe", None)], [track(None)]))
    assert (tally.tracks_of_strangers, tally.named_strangers) == (1, 0)


@pytest.mark.parametrize(
    "people",
    [
        [seen("Ann", "s-ann", clear=False)],  # something before the face
        [seen("Ann", "s-ann"), seen("Ben", "s-ben", 130)],  # two heads in one place
        [seen("Ann", "s-ann", 400)],  # nobody there
    ],
)
def test_nothing_is_judged_where_nobody_can_say_whose_face_it_is(people: list[Seen]) -> None:
    tally = judged((0.0, people, [track("s-zoe")]))
    assert (tally.tracks_of_enrolled, tally.tracks_of_strangers) == (0, 0)


def test_a_track_that_was_not_found_in_this_frame_is_not_judged() -> None:
    assert judged((0.5, [seen("Ann", "s-ann")], [track("s-ben", now=0.0)])).tracks_of_enrolled == 0


@pytest.mark.parametrize(("named_at", "in_time"), [(1.9, 1), (2.1, 0), (None, 0)])
def test_a_name_counts_within_two_seconds_of_appearing(named_at: float | None, in_time: int) -> None:
    people = [seen("Ann", "s-ann")]
    frames = []
    for number in range(31):
        now = 5.0 + number / 10
        known = named_at is not None and now - 5.0 >= named_at - 1e-9
        frames.append((now, people, [track("s-ann" if known else None, now=now)]))
    tally = judged(*frames)
    assert (tally.appearances, tally.named_in_time) == (1, in_time)


def test_whoever_is_hidden_starts_to_appear_again() -> None:
    frames = []
    for number in range(40):
        people = [seen("Ann", "s-ann", clear=number not in range(10, 15))]
        frames.append((number / 10, people, [track("s-ann" if number >= 30 else None, now=number / 10)]))
    assert judged(*frames).named_in_time == 1


def test_a_right_name_counts_although_somebody_else_is_near() -> None:
    """Whose face a wrong name is on cannot be said there; a right name says it itself."""
    people = [seen("Ann", "s-ann"), seen("Ben", "s-ben", 130)]
    frames = [(number / 10, people, [track("s-ann", now=number / 10)]) for number in range(31)]
    tally = judged(*frames)
    assert (tally.appearances, tally.named_in_time, tally.wrongly_named) == (2, 1, 0)


def test_a_right_name_elsewhere_does_not_count() -> None:
    frames = [(n / 10, [seen("Ann", "s-ann")], [track("s-ann", 170, now=n / 10)]) for n in range(31)]
    assert (judged(*frames).appearances, judged(*frames).named_in_time) == (1, 0)


def test_tallies_add_up() -> None:
    whole = Tally()
    for student_id in ("s-ann", "s-ben"):
        whole.merge(judged((0.0, [seen("Ann", "s-ann")], [track(student_id)])))
    assert (whole.clips, whole.tracks_of_enrolled, whole.wrongly_named, len(whole.failures)) == (2, 2, 1, 1)


def test_whoever_was_not_named_in_time_is_not_given_a_second_chance() -> None:
    def seen_at(tenth: int) -> list[Seen]:
        return [seen("Ann", "s-ann", clear=tenth not in range(55, 60))]

    never = [(n / 10, seen_at(n), [track(None, now=n / 10)]) for n in range(80)]
    second = [(n / 10, seen_at(n), [track("s-ann" if n >= 65 else None, now=n / 10)]) for n in range(80)]
    for frames in (never, second):
        assert (judged(*frames).appearances, judged(*frames).named_in_time) == (1, 0)


def test_whoever_leaves_too_soon_is_not_counted() -> None:
    frames = [(n / 10, [seen("Ann", "s-ann")], [track(None, now=n / 10)]) for n in range(15)]
    assert judged(*frames).appearances == 0


def test_an_observation_of_somebody_who_was_not_there_is_wrong() -> None:
    clip = ClipTally()
    clip.frame(0.0, [seen("Ann", "s-ann"), seen("Zoe", None, 400)], [], frozenset())
    clip.report([Observation("s-ann", "happy", EPOCH), Observation("s-ben", "sad", EPOCH)])
    assert (clip.observations, clip.wrong_observations) == (2, 1)
