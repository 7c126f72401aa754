"""Which tracked faces a search looks at: a bounded number of them, the one that has waited longest first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edge.suppression import intersections
from edge.tracked import OTHER_PROPOSALS, Tracked
from edge.tracker import LOST_AFTER, Track

PER_SECOND = 180
"""Looks at tracked faces: six a second at each of thirty. Half or a quarter of them where load is shed, but never so
few that a track would end before its turn."""
MOST = 72
"""In one search, however long ago the last one was."""
HEAD_START = 0.1
"""Seconds by which a track that is to be asked who it is waits less: an answer is surer where a face was just found.
With more of it, one of thirty would wait longer than `tracker.SAME_FACE_GAP`."""
ANEW_EVERY = 15
"""Searches, one to two seconds: so often each track is searched for as if nobody were known there. The last network
alone accepts a box of a wrong scale as often as it is asked, and a sure track hides what lies around it."""


class Looks:
    """Divides the looks of each search among the tracks."""

    def __init__(self) -> None:
        self._searches = 0
        self._searched_at = -math.inf

    def share(self, tracks: Sequence[Track], now: float, shed_level: int = 0) -> tuple[Tracked, list[Track]]:
        """(Where a search at now, monotonic seconds, expects them, those whose turn comes later).

        Where a track was missed, where two overlap, and now and then everywhere, faces are looked for as if nobody
        were known there. shed_level: 1, 2: half, a quarter of the looks.
        """
        present = [track for track in tracks if now - track.seen_at <= LOST_AFTER]
        per_second = max(PER_SECOND >> shed_level, 2 * len(present) / LOST_AFTER)
        # Where the clock went back, nobody can say how long anybody has waited.
        passed = now - self._searched_at if now >= self._searched_at else math.inf
        most = max(1, round(min(per_second * passed, MOST)))
        self._searches, self._searched_at = self._searches + 1, now
        boxes = np.array([track.expected_box(now) for track in present], np.float32).reshape(-1, 4)
        shared, area, _ = intersections(boxes, boxes)
        sure = (shared.sum(axis=1) <= area[:, 0]) & np.array([self._is_sure(track, now) for track in present], bool)
        waiting = sorted(np.nonzero(sure)[0].tolist(), key=lambda i: _waits_since(present[i], now))
        due, later = waiting[:most], waiting[most:]
        others = OTHER_PROPOSALS + most - len(due)
        tracked = Tracked(boxes[due], boxes[later], boxes[~sure], self._searches, others)
        return tracked, [present[i] for i in later]

    def _is_sure(self, track: Track, now: float) -> bool:
        anew = (self._searches + track.track_id) % ANEW_EVERY == 0
        return track.missed == 0 and track.seen_at <= now and not anew


def _waits_since(track: Track, now: float) -> float:
    return track.seen_at - (HEAD_START if track.probe_due <= now else 0.0)
