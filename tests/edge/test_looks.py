"""Whose turn it is to be looked at."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edge.looks import ANEW_EVERY, MOST, PER_SECOND, Looks
from edge.records import Box, Face
from edge.suppression import Boxes
from edge.tracked import OTHER_PROPOSALS
from edge.tracker import LOST_AFTER, SAME_FACE_GAP, Tracker


def face(x: float, y: float = 100.0) -> Face:
    return Face(Box(x - 30, y - 40, x + 30, y + 40), np.zeros((5, 2), np.float32), 0.99)


def seated(count: int) -> list[Face]:
    return [face(100 + 128 * (i % 10), 100 + 200 * (i // 10)) for i in range(count)]


def looked_at(tracker: Tracker, looks: Looks, faces: list[Face], now: float, shed_level: int = 0) -> list[Face]:
    """The faces that a search looks at because they are due; it finds these and the unsure ones."""
    tracked, later = looks.share(tracker.tracks, now, shed_level)
    due, unsure = (at(faces, boxes) for boxes in (tracked.due, tracked.unsure))
    tracker.update(due + unsure, now, later)
    return due


def at(faces: list[Face], boxes: Boxes) -> list[Face]:
    return [one for one in faces if [one.box.x1, one.box.y1] in boxes[:, :2].tolist()]


@pytest.mark.parametrize(("searches_per_second", "people"), [(15, 4), (15, 30), (5, 30), (30, 30), (2.5, 30), (15, 60)])
def test_all_are_looked_at_in_turn_and_none_waits_much_longer_than_the_others(
    searches_per_second: float, people: int
) -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(people)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    times: Counter[Box] = Counter()
    for search in range(1, round(4 * searches_per_second) + 1):
        found = looked_at(tracker, looks, faces, search / searches_per_second)
        assert len(found) <= PER_SECOND / searches_per_second + 1
        times.update(one.box for one in found)
    assert [track.track_id for track in tracker.tracks] == list(range(1, people + 1))
    # Among those that wait equally long the first come first: the last are looked at four times a second, not six.
    # Now and then a track is searched for anew instead.
    a_second = min(searches_per_second, PER_SECOND / people * 4 / 6) * (1 - 1 / ANEW_EVERY)
    assert min(times.values()) >= 4 * a_second - 1


def test_after_a_pause_the_looks_that_were_not_needed_are_not_made_up_for() -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(2 * MOST)
    looks.share([], 0.0)
    tracker.update(faces, 60.0)
    assert len(looked_at(tracker, looks, faces, 60.1)) == MOST


@pytest.mark.parametrize("level", [1, 2])
def test_a_device_that_sheds_load_sheds_looks(level: int) -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(20)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    looks_taken = sum(len(looked_at(tracker, looks, faces, i / 15, level)) for i in range(1, 31))
    assert looks_taken <= 2 * (PER_SECOND >> level) + 1


def test_however_much_is_shed_nobody_is_lost_while_waiting() -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(60)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    for i in range(1, 20):
        looked_at(tracker, looks, faces, i / 3.75, shed_level=2)
    assert [track.track_id for track in tracker.tracks] == list(range(1, 61))


@pytest.mark.parametrize("searches_per_second", [15, 10, 7.5, 5])
@pytest.mark.parametrize("asked", [0, 1, 6, 15, 29, 30])
def test_nobody_of_thirty_waits_longer_than_a_face_may_be_taken_for_the_same(
    searches_per_second: float, asked: int
) -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(30)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    for track in tracker.tracks:
        track.probe_due = 0.0 if track.track_id <= asked else 60.0
    for search in range(1, round(4 * searches_per_second) + 1):
        now = search / searches_per_second
        assert max(now - track.seen_at for track in tracker.tracks) <= SAME_FACE_GAP + 1e-9
        looked_at(tracker, looks, faces, now)


def test_everybody_is_searched_for_anew_in_turn_and_few_at_a_time() -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(30)
    tracker.update(faces, 0.0)
    anew: Counter[Box] = Counter()
    for i in range(ANEW_EVERY):
        tracked, _ = looks.share(tracker.tracks, i / 10)
        found = at(faces, tracked.unsure)
        assert len(found) == 30 / ANEW_EVERY
        anew.update(one.box for one in found)
        tracker.update(faces, i / 10)
    assert anew == Counter(one.box for one in faces)


def test_a_box_of_the_wrong_scale_that_is_accepted_whenever_it_is_asked_for_gives_way_to_the_face_in_it() -> None:
    tracker, looks = Tracker(), Looks()
    true = face(400)
    wrong = Face(Box(346, 28, 454, 172), true.landmarks, 0.99)  # 1.8 times as large
    tracker.update([wrong], 0.0)
    for i in range(1, ANEW_EVERY + round(LOST_AFTER * 10) + 2):
        tracked, later = looks.share(tracker.tracks, i / 10)
        tracker.update(at([wrong], tracked.due) or [true], i / 10, later)
    assert [track.face for track in tracker.tracks] == [true]


def test_a_clock_that_goes_back_is_a_new_start() -> None:
    tracker, looks = Tracker(), Looks()
    for now in (59.8, 59.9, 60.0):
        looks.share(tracker.tracks, now)
        tracker.update([face(100 + 100 * (now - 60)), face(800)], now)
    tracked, later = looks.share(tracker.tracks, 10.0)
    assert (len(tracked.due), later, tracked.others) == (0, [], OTHER_PROPOSALS + MOST)
    assert tracked.unsure[:, 0].tolist() == pytest.approx([70, 770])
    tracker.update([face(100), face(800)], 10.0)
    assert [track.track_id for track in tracker.tracks] == [1, 2]
    tracked, _ = looks.share(tracker.tracks, 10.1)
    assert len(tracked.due) == 2


def test_looks_that_nobody_needs_go_to_what_is_found_elsewhere() -> None:
    tracker, looks = Tracker(), Looks()
    tracker.update(seated(2), 0.0)
    looks.share([], 0.0)
    tracked, _ = looks.share(tracker.tracks, 0.1)
    assert tracked.others == OTHER_PROPOSALS + PER_SECOND / 10 - 2


def test_who_is_to_be_asked_is_looked_at_sooner_and_nobody_is_forgotten() -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(30)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    asked = {one.box for one in faces[:6]}
    for track in tracker.tracks:
        track.probe_due = 0.0 if track.face.box in asked else 60.0
    times: Counter[bool] = Counter()
    for frame in range(1, 61):
        times.update(one.box in asked for one in looked_at(tracker, looks, faces, frame / 15))
    assert len(tracker.tracks) == 30
    assert times[True] / 6 > 1.5 * times[False] / 24


def test_who_was_missed_is_searched_for_and_not_expected() -> None:
    tracker, looks = Tracker(), Looks()
    tracker.update([face(100), face(400)], 0.0)
    tracker.update([face(400)], 0.1)
    tracked, _ = looks.share(tracker.tracks, 0.2)
    assert tracked.due[:, 0].tolist() == [370]
    assert tracked.unsure[:, 0].tolist() == [70]


def test_two_who_are_about_to_cross_are_searched_for_as_if_they_were_not_known() -> None:
    tracker, looks = Tracker(), Looks()
    for now in (0.0, 0.1, 0.2):
        tracker.update([face(100 + 250 * now), face(220 - 250 * now), face(800)], now)
    tracked, later = looks.share(tracker.tracks, 0.3)
    assert later == []
    assert tracked.due[:, 0].tolist() == [770]
    assert len(tracked.unsure) == 2


def test_who_waits_for_a_turn_is_neither_lost_nor_missed() -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(22)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    tracked, later = looks.share(tracker.tracks, 0.1)
    assert (len(tracked.due), len(tracked.unsure), len(later)) == (18, 1, 3)
    shown = tracker.update(at(faces, tracked.due) + at(faces, tracked.unsure), 0.1, later)
    assert len(shown) == 22
    assert [track.missed for track in tracker.tracks] == [0] * 22


def test_after_a_long_gap_nobody_is_expected_anywhere() -> None:
    tracker, looks = Tracker(), Looks()
    tracker.update(seated(3), 0.0)
    tracked, later = looks.share(tracker.tracks, LOST_AFTER + 0.1)
    assert (len(tracked.due), len(tracked.unsure), later) == (0, 0, [])
