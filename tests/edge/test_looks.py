"""Whose turn it is to be looked at."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edge.looks import MOST, PER_SECOND, Looks
from edge.records import Box, Face
from edge.tracker import LOST_AFTER, Tracker


def face(x: float, y: float = 100.0) -> Face:
    return Face(Box(x - 30, y - 40, x + 30, y + 40), np.zeros((5, 2), np.float32), 0.99)


def seated(count: int) -> list[Face]:
    return [face(100 + 128 * (i % 10), 100 + 200 * (i // 10)) for i in range(count)]


def looked_at(tracker: Tracker, looks: Looks, faces: list[Face], now: float) -> list[Face]:
    """The faces that a search finds, which looks at those that are due and at nothing else."""
    tracked, later = looks.share(tracker.tracks, now)
    found = [one for one in faces if [one.box.x1, one.box.y1] in tracked.due[:, :2].tolist()]
    tracker.update(found, now, later)
    return found


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
    # Among those that wait equally long the first come first: the last are looked at five times a second, not six.
    assert min(times.values()) >= 4 * min(searches_per_second, PER_SECOND / people * 5 / 6) - 1


def test_after_a_pause_the_looks_that_were_not_needed_are_not_made_up_for() -> None:
    tracker, looks = Tracker(), Looks()
    faces = seated(2 * MOST)
    looks.share([], 0.0)
    tracker.update(faces, 60.0)
    assert len(looked_at(tracker, looks, faces, 60.1)) == MOST


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
    faces = seated(20)
    tracker.update(faces, 0.0)
    looks.share([], 0.0)
    tracked, later = looks.share(tracker.tracks, 0.1)
    assert (len(tracked.due), len(later)) == (18, 2)
    shown = tracker.update(faces[:18], 0.1, later)
    assert len(shown) == 20
    assert [track.missed for track in tracker.tracks] == [0] * 20


def test_after_a_long_gap_nobody_is_expected_anywhere() -> None:
    tracker, looks = Tracker(), Looks()
    tracker.update(seated(3), 0.0)
    tracked, later = looks.share(tracker.tracks, LOST_AFTER + 0.1)
    assert (len(tracked.due), len(tracked.unsure), later) == (0, 0, [])
