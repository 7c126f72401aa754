"""Which tracked faces a search looks at: a bounded number of them, the one that has waited longest first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edge.suppression import intersections
from edge.tracked import Tracked
from edge.tracker import LOST_AFTER, Track

PER_SECOND = 180
"""Looks at tracked faces: six a second at each of thirty."""
MOST = 72
"""In one search, however long ago the last one was."""
HEAD_START = 0.2
"""Seconds by which a track that is to be asked who it is waits less: an answer is surer where a face was just found."""


class Looks:
    """Divides the looks of each search among the tracks."""

    def __init__(self) -> None:
        self._searches = 0
        self._searched_at = -math.inf

    def share(self, tracks: Sequence[Track], now: float) -> tuple[Tracked, list[Track]]:
        """(Where a search at now, monotonic seconds, expects them, those whose turn comes later).

        Where a track was missed, and where two overlap, faces are looked for as if nobody were known there.
        """
        most = max(1, round(min(PER_SECOND * (now - self._searched_at), MOST)))
        self._searches, self._searched_at = self._searches + 1, now
        present = [track for track in tracks if now - track.seen_at <= LOST_AFTER]
        boxes = np.array([track.expected_box(now) for track in present], np.float32).reshape(-1, 4)
        shared, area, _ = intersections(boxes, boxes)
        sure = (shared.sum(axis=1) <= area[:, 0]) & np.array([track.missed == 0 for track in present], bool)
        waiting = sorted(np.nonzero(sure)[0].tolist(), key=lambda i: _waits_since(present[i], now))
        due, later = waiting[:most], waiting[most:]
        tracked = Tracked(boxes[due], boxes[later], boxes[~sure], self._searches)
        return tracked, [present[i] for i in later]


def _waits_since(track: Track, now: float) -> float:
    return track.seen_at - (HEAD_START if track.probe_due <= now else 0.0)
