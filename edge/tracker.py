"""Faces to tracks: the same face over frames, and who it is by vote over several probes."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from itertools import count

import numpy as np

from edge.records import Box, Face, Match

LOST_AFTER = 1.0
"""Seconds without a detection after which a track ends."""
REACH = 0.8
"""How far a face may lie from where its track expects it, in widths of the face."""
SIZE_CHANGE = 1.6
"""A face this many times larger or smaller than its track is another face."""
UNSURE_PROBE = 0.3
"""Seconds between probes while the votes do not agree yet."""
SAME_FACE_GAP, SAME_FACE_JUMP = 0.3, 0.5
"""Seconds without a detection, and face widths off the expected place, beyond which somebody else may have taken
the place: the track goes on, but who it is must be voted anew before anything is read or reported."""
CONFIRMED_FOR = 2.0
"""Seconds beyond the recheck interval for which a name holds that no probe could confirm, because the face looked away:
the track keeps it, and nothing is read or reported until a probe has."""
VELOCITY_SMOOTHING = 0.5
"""Weight of the newest displacement in a track's velocity."""


class Track:
    """One face over frames. Times are monotonic seconds."""

    def __init__(self, track_id: int, face: Face, now: float, probes: int, recheck_seconds: float) -> None:
        self.track_id = track_id
        self.face = face
        self.seen_at = now
        self.student_id: str | None = None
        """Who it is by unanimous vote of the last probes; None: unknown, or not decided yet."""
        self.similarity = -1.0
        """Mean similarity of the probes that named it."""
        self.probe_due = now
        self.reading_due = now
        self._votes: deque[Match] = deque(maxlen=probes)
        self._recheck_seconds = recheck_seconds
        self._confirmed_at = now
        self._velocity = np.zeros(2)
        self.missed = 0
        """Frames without its face since it was last seen."""

    def expected_box(self, now: float) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2 of the face if it moves on as it did."""
        box = self.face.box
        dx, dy = (self._velocity * max(0.0, now - self.seen_at)).tolist()
        return box.x1 + dx, box.y1 + dy, box.x2 + dx, box.y2 + dy

    def face_at(self, now: float) -> Face:
        """Its face where it should be now: as it was found, moved on for the time since."""
        if now == self.seen_at:
            return self.face
        landmarks = self.face.landmarks + (self._velocity * max(0.0, now - self.seen_at)).astype(np.float32)
        return Face(Box(*self.expected_box(now)), landmarks, self.face.confidence)

    def follow(self, face: Face, now: float, jump: float) -> None:
        """The face was found again, jump face widths from where it was expected."""
        elapsed = now - self.seen_at
        # A gap counts only where a frame lacked the face: a slow machine has long gaps between all frames.
        if jump > SAME_FACE_JUMP or (self.missed > 0 and elapsed > SAME_FACE_GAP):
            self.unname()
        self.missed = 0
        if elapsed > 0:
            moved = np.subtract(face.box.centre, self.face.box.centre) / elapsed
            self._velocity += VELOCITY_SMOOTHING * (moved - self._velocity)
        self.face, self.seen_at = face, now

    def vote(self, match: Match, now: float) -> None:
        """Count one probe: named when all of the last ones agree, unnamed when one contradicts."""
        self._votes.append(match)
        named = {vote.student_id for vote in self._votes}
        full = len(self._votes) == self._votes.maxlen
        if self.student_id is not None and match.student_id not in (None, self.student_id):
            self.unname()
            self._votes.append(match)
        elif full and len(named) == 1:
            self.student_id = match.student_id
            self.similarity = sum(vote.similarity for vote in self._votes) / len(self._votes)
        settled = full and len(named) == 1
        if settled:
            self._confirmed_at = now
        self.probe_due = now + (self._recheck_seconds if settled else UNSURE_PROBE if full else 0.0)

    def probe_later(self, now: float) -> None:
        """A probe was due, and the face could not be seen well enough for one."""
        self.probe_due = now + UNSURE_PROBE

    def confirmed(self, now: float) -> bool:
        """Whether it is an enrolled student, by probes that agreed not too long ago."""
        return self.student_id is not None and now - self._confirmed_at <= self._recheck_seconds + CONFIRMED_FOR

    def unname(self, pause: float = 0.0) -> None:
        """Forget who it is; it must be voted anew, after pause seconds at the earliest."""
        self.student_id, self.similarity = None, -1.0
        self._votes.clear()
        self.probe_due = self.seen_at + pause


class Tracker:
    """All faces in view."""

    def __init__(self, *, probes: int = 3, recheck_seconds: float = 10.0) -> None:
        """probes: how many must agree to name a track; recheck_seconds: how often a settled one is probed."""
        self._probes = probes
        self._recheck_seconds = recheck_seconds
        self._ids = count(1)
        self.tracks: list[Track] = []

    def update(self, faces: list[Face], now: float, later: Collection[Track] = ()) -> list[Track]:
        """Match the faces of one frame to tracks, nearest first, and begin new ones.

        later: tracks that were not looked at, and whose face shows where it is expected. Returns the tracks whose face
        is in this frame, in no particular order.
        """
        self.tracks = [track for track in self.tracks if now - track.seen_at <= LOST_AFTER]
        pairs = _pairs(self.tracks, faces, now)
        taken_tracks: set[int] = set()
        owner: dict[int, Track] = {}
        for distance, t, f in pairs:
            if t not in taken_tracks and f not in owner:
                self.tracks[t].follow(faces[f], now, distance)
                taken_tracks.add(t)
                owner[f] = self.tracks[t]
        for distance, t, f in pairs:
            # One face where two were seen before: the nearer track may not be the right one.
            if t not in taken_tracks and self.tracks[t].missed == 0 and distance <= SAME_FACE_JUMP:
                owner[f].unname()
        current = []
        for t, track in enumerate(self.tracks):
            if t in taken_tracks or track in later:
                current.append(track)
            else:
                track.missed += 1
        for f, face in enumerate(faces):
            if f not in owner:
                track = Track(next(self._ids), face, now, self._probes, self._recheck_seconds)
                self.tracks.append(track)
                current.append(track)
        return current

    def carried(self) -> list[Track]:
        """The tracks that were found when faces were last looked for: a frame in between shows them too."""
        return [track for track in self.tracks if track.missed == 0]

    def vote(self, track: Track, match: Match, now: float) -> None:
        """Count a probe of `track`. A student is in one place: the less similar of two namesakes loses."""
        track.vote(match, now)
        if track.student_id is None:
            return
        for other in self.tracks:
            if other is not track and other.student_id == track.student_id:
                loser = other if other.similarity < track.similarity else track
                loser.unname(UNSURE_PROBE)  # a look-alike must not be probed in every frame
                if loser is track:
                    return


def _pairs(tracks: list[Track], faces: list[Face], now: float) -> list[tuple[float, int, int]]:
    """Which face may be whose, nearest first: how far it is from where the track expects it, in face widths; the
    number of the track; that of the face."""
    if not tracks or not faces:
        return []
    expected = np.array([track.expected_box(now) for track in tracks])
    widths, heights = np.maximum(expected[:, 2:] - expected[:, :2], 1.0).T
    offsets = np.array([face.box.centre for face in faces]) - (expected[:, None, :2] + expected[:, None, 2:]) / 2
    distances = np.hypot(offsets[..., 0], offsets[..., 1]) / widths[:, None]
    growth = np.array([face.box.height for face in faces]) / heights[:, None]
    same = (distances <= REACH) & (growth >= 1 / SIZE_CHANGE) & (growth <= SIZE_CHANGE)
    return sorted((float(distances[t, f]), int(t), int(f)) for t, f in zip(*np.nonzero(same), strict=True))
