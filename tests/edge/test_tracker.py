from __future__ import annotations

import numpy as np
import pytest

from edge.records import Box, Face, Match
from edge.tracker import LOST_AFTER, Tracker


def face(x: float, y: float = 100.0, side: float = 60.0) -> Face:
    return Face(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), np.zeros((5, 2), np.float32), 0.99)


def named(tracker: Tracker, x: float, student_id: str, similarity: float = 0.7) -> int:
    (track,) = [t for t in tracker.update([face(x)], 0.0) if t.face.box.centre[0] == x]
    for _ in range(3):
        tracker.vote(track, Match(student_id, similarity), 0.0)
    assert track.student_id == student_id
    return track.track_id


def test_a_moving_face_stays_one_track() -> None:
    tracker = Tracker()
    ids = {tracker.update([face(100 + 20 * i)], i * 0.1)[0].track_id for i in range(20)}
    assert len(ids) == 1


def test_a_face_that_jumps_further_than_its_width_is_another_track() -> None:
    tracker = Tracker()
    first = tracker.update([face(100)], 0.0)[0].track_id
    assert tracker.update([face(300)], 0.1)[0].track_id != first


def test_a_face_of_another_size_is_another_track() -> None:
    tracker = Tracker()
    first = tracker.update([face(100)], 0.0)[0].track_id
    assert tracker.update([face(100, side=120)], 0.1)[0].track_id != first


def test_a_track_survives_a_missed_detection_and_moves_on_as_expected() -> None:
    tracker = Tracker()
    for i in range(5):
        (track,) = tracker.update([face(100 + 30 * i)], i * 0.1)
    tracker.update([], 0.5)
    tracker.update([], 0.6)
    (again,) = tracker.update([face(100 + 30 * 7)], 0.7)  # 90 px further: beyond reach without the velocity
    assert again.track_id == track.track_id


def test_a_track_survives_a_short_occlusion_and_its_name_does_not() -> None:
    tracker = Tracker()
    first = named(tracker, 100, "s-001")
    for i in range(1, 9):
        tracker.update([], i * 0.1)
    (again,) = tracker.update([face(105)], 0.9)
    assert (again.track_id, again.student_id) == (first, None)  # somebody else may have come from behind the book


def test_a_track_ends_when_its_face_is_gone() -> None:
    tracker = Tracker()
    tracker.update([face(100)], 0.0)
    tracker.update([], LOST_AFTER + 0.01)
    assert tracker.tracks == []


def test_two_faces_that_pass_each_other_keep_their_tracks() -> None:
    tracker = Tracker()
    for i in range(21):
        faces = [face(100 + 10 * i, 100), face(300 - 10 * i, 130)]
        tracks = tracker.update(faces, i * 0.1)
        ids = {track.face.box.centre[1]: track.track_id for track in tracks}
        if i == 0:
            first = ids
    assert ids == first


@pytest.mark.parametrize("seed", range(40))
def test_when_two_cross_nobody_gets_the_name_of_the_other(seed: int) -> None:
    """Who is behind is not found meanwhile; faces are found some pixels off, and now and then not at all."""
    random = np.random.default_rng(seed)
    rate = float(random.choice([10.0, 15.0]))
    speeds = {"s-left": random.uniform(60, 250), "s-right": -random.uniform(0, 250) * random.integers(0, 2)}
    in_front = str(random.choice(list(speeds)))
    below = random.uniform(-25, 25)
    tracker = Tracker()
    at_the_end = {}
    for now in np.arange(-3, 3, 1 / rate):
        places = {who: 640 + speed * now for who, speed in speeds.items()}
        hidden = abs(places["s-left"] - places["s-right"]) < 45
        found = {
            who: face(x + random.normal(0, 1.2), 300 + below * (who == "s-left") + random.normal(0, 1.2))
            for who, x in places.items()
            if (who == in_front or not hidden) and random.random() > 0.03
        }
        tracks = {id(track.face): track for track in tracker.update(list(found.values()), now)}
        for who, one in found.items():
            track = tracks[id(one)]
            if track.probe_due <= now:
                tracker.vote(track, Match(who, 0.8), now)
            assert track.student_id in (None, who)
            at_the_end[who] = track.student_id
    assert at_the_end == {"s-left": "s-left", "s-right": "s-right"}


def test_where_one_face_is_found_and_two_were_expected_it_must_be_identified_anew() -> None:
    tracker = Tracker()
    tracker.update([face(100), face(130)], 0.0)
    for track, who in zip(tracker.tracks, ("s-001", "s-002"), strict=True):
        for _ in range(3):
            tracker.vote(track, Match(who, 0.7), 0.0)
    (found,) = tracker.update([face(112)], 0.1)
    assert found.student_id is None


def test_one_probe_names_nobody_and_three_agreeing_ones_do() -> None:
    tracker = Tracker(probes=3)
    (track,) = tracker.update([face(100)], 0.0)
    for expected in (None, None, "s-001"):
        tracker.vote(track, Match("s-001", 0.7), 0.0)
        assert track.student_id == expected


def test_votes_that_disagree_name_nobody() -> None:
    tracker = Tracker(probes=3)
    (track,) = tracker.update([face(100)], 0.0)
    for who in ("s-001", None, "s-001", "s-002", "s-002", None):
        tracker.vote(track, Match(who, 0.5), 0.0)
    assert track.student_id is None


def test_a_contradicting_probe_takes_the_name_away_at_once() -> None:
    tracker = Tracker()
    named(tracker, 100, "s-001")
    tracker.vote(tracker.tracks[0], Match("s-002", 0.8), 1.0)
    assert tracker.tracks[0].student_id is None


def test_one_unknown_probe_does_not_take_the_name_and_three_do() -> None:
    tracker = Tracker()
    named(tracker, 100, "s-001")
    track = tracker.tracks[0]
    for expected in ("s-001", "s-001", None):
        tracker.vote(track, Match(None, 0.2), 1.0)
        assert track.student_id == expected


def test_a_settled_track_is_probed_again_after_the_recheck_time() -> None:
    tracker = Tracker(recheck_seconds=10)
    named(tracker, 100, "s-001")
    assert tracker.tracks[0].probe_due == 10


def test_a_stranger_is_not_probed_in_every_frame() -> None:
    tracker = Tracker(recheck_seconds=10)
    (track,) = tracker.update([face(100)], 0.0)
    for _ in range(3):
        tracker.vote(track, Match(None, 0.1), 0.0)
    assert track.probe_due == 10


def test_one_student_is_never_in_two_tracks() -> None:
    tracker = Tracker()
    tracker.update([face(100), face(400)], 0.0)
    left, right = sorted(tracker.tracks, key=lambda t: t.face.box.x1)
    for track, similarity in ((left, 0.6), (right, 0.8)):
        for _ in range(3):
            tracker.vote(track, Match("s-001", similarity), 0.0)
    assert (left.student_id, right.student_id) == (None, "s-001")


def test_somebody_who_takes_a_place_after_a_gap_must_be_identified_anew() -> None:
    tracker = Tracker()
    named(tracker, 100, "s-001")
    tracker.update([], 0.4)
    (track,) = tracker.update([face(100)], 0.8)
    assert track.student_id is None
    assert track.probe_due <= 0.8


def test_one_missed_detection_does_not_cost_the_name() -> None:
    tracker = Tracker()
    named(tracker, 100, "s-001")
    tracker.update([], 0.1)
    (track,) = tracker.update([face(100)], 0.2)
    assert track.student_id == "s-001"


def test_slow_frames_without_a_miss_do_not_cost_the_name() -> None:
    tracker = Tracker()
    named(tracker, 100, "s-001")
    (track,) = tracker.update([face(105)], 0.7)
    assert track.student_id == "s-001"


def test_a_jump_within_reach_must_be_identified_anew() -> None:
    tracker = Tracker()
    named(tracker, 100, "s-001")
    (track,) = tracker.update([face(142)], 0.1)  # 0.7 face widths
    assert track.student_id is None


def test_a_look_alike_is_not_probed_in_every_frame() -> None:
    tracker = Tracker()
    tracker.update([face(100), face(400)], 0.0)
    left, right = sorted(tracker.tracks, key=lambda t: t.face.box.x1)
    for track, similarity in ((left, 0.8), (right, 0.6)):
        for _ in range(3):
            tracker.vote(track, Match("s-001", similarity), 0.0)
    assert right.probe_due > 0
