"""The one loop: a frame in, and now and then observations out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.config import Settings
from edge.detector import RoomDetector
from edge.embedder import Embedding
from edge.gallery import Search
from edge.looks import Looks
from edge.motion import StillRoom
from edge.pose import faces_camera
from edge.quality import worth_a_probe
from edge.records import Box, Emotion, Face, Frame, Match, Observation
from edge.reporter import Reporter
from edge.tracked import Tracked
from edge.tracker import Track, Tracker

LONGEST_CARRY = 0.4
"""Seconds between two searches for faces, whatever the config and the load: tracks end a second after the last one."""


class Embeds(Protocol):
    def embed(self, image: NDArray[np.uint8], face: Face) -> Embedding:
        """An embedding of a face in an (H, W, 3) RGB image."""


class Identifies(Protocol):
    students: int
    """How many it can tell of."""
    student_ids: frozenset[str]
    """Who they are."""

    def identify(self, embedding: Embedding, threshold: float) -> Match:
        """Who an embedding is: an enrolled student, or unknown below threshold."""


class Classifies(Protocol):
    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        """The expression of the face at box in an (H, W, 3) RGB image."""


class Pipeline:
    """Detect, track, identify, classify, report; work per frame is bounded whatever the room holds."""

    def __init__(
        self, settings: Settings, detector: RoomDetector, embedder: Embeds, classifier: Classifies, threshold: float
    ) -> None:
        """threshold: similarity, or confidence, from which a probe is an enrolled student."""
        self._detector = detector
        self._embedder = embedder
        self._classifier = classifier
        self._threshold = threshold
        self._probes_per_frame = settings.recognition.embeddings_per_frame
        self._readings_per_frame = settings.emotion.readings_per_frame
        self._reading_seconds = settings.emotion.reading_seconds
        self._tracker = Tracker(
            probes=settings.recognition.probes, recheck_seconds=settings.recognition.recheck_seconds
        )
        self._looks = Looks()
        self._reporter = Reporter(settings.report)
        self._search: Identifies = Search(())
        self._last = 0.0
        self._shed_level = 0
        self._every = settings.detector.every
        self._room = StillRoom()
        self._searched_at = -math.inf
        self._since_search = 0
        self.frames = 0
        """Frames processed so far."""

    @property
    def tracks(self) -> list[Track]:
        """Faces in view, known or not."""
        return self._tracker.tracks

    def use_gallery(self, search: Identifies) -> None:
        """Identify by another search from now on; every track must be named anew."""
        self._search = search
        self._reporter.keep(search.student_ids)
        for track in self._tracker.tracks:
            track.unname()

    def use_settings(self, settings: Settings, threshold: float) -> None:
        """Work by other settings from now on: those of report, and how often and how surely a face is looked at."""
        self._threshold = threshold
        self._probes_per_frame = settings.recognition.embeddings_per_frame
        self._readings_per_frame = settings.emotion.readings_per_frame
        self._reading_seconds = settings.emotion.reading_seconds
        self._reporter.use_settings(settings.report)

    def shed(self, level: int) -> None:
        """Do half (1) or a quarter (2) of the searches for faces, embeddings and readings; 0: all of them."""
        self._shed_level = level

    def process(self, frame: Frame) -> list[Observation]:
        """Look at one frame. Returns the observations of the interval that it ends, mostly none."""
        now = frame.monotonic
        tracks = self._tracks(frame)
        askable = [track for track in tracks if track.probe_due <= now]
        for track in _longest_waiting(askable, lambda t: t.probe_due, self._most(self._probes_per_frame)):
            face = track.face_at(now)
            if worth_a_probe(frame.image, face):
                embedding = self._embedder.embed(frame.image, face)
                self._tracker.vote(track, self._search.identify(embedding, self._threshold), now)
            else:
                track.probe_later(now)
        # Only faces with an enrolled identity are ever read, and only if their lids can be seen.
        readable = [
            track
            for track in tracks
            if track.reading_due <= now and track.confirmed(now) and faces_camera(track.face.landmarks)
        ]
        for track in _longest_waiting(readable, lambda t: t.reading_due, self._most(self._readings_per_frame)):
            track.reading_due = now + self._reading_seconds
            if track.student_id is not None:
                emotion = self._classifier.classify(frame.image, track.face_at(now).box)
                self._reporter.add(track.student_id, emotion, frame)
        self.frames += 1
        self._last = now
        return self._reporter.due(now)

    def _tracks(self, frame: Frame) -> list[Track]:
        """The tracks whose face frame shows: found in it, or carried on from the last search."""
        now = frame.monotonic
        self._since_search += 1
        waited = now - self._searched_at
        if self._since_search < self._every << self._shed_level and 0 <= waited < LONGEST_CARRY:
            return self._tracker.carried()
        self._searched_at, self._since_search = now, 0
        # Only an empty room is taken for still: a pupil who does not move is there all the same.
        if not self._tracker.tracks and self._room.is_still(frame.image, now):
            return []
        tracked, later = self._looks.share(self._tracker.tracks, now, self._shed_level)
        faces = self._faces(frame, tracked)
        return self._tracker.update(faces, now, [later[row] for row in tracked.showing])

    def _faces(self, frame: Frame, tracked: Tracked) -> list[Face]:
        """The faces in frame, in full-frame pixels."""
        reduced = frame.reduced
        if reduced is None:
            return self._detector.detect(frame.image, tracked=tracked)
        found = self._detector.detect(reduced.image, reduced.scale[1], tracked.reduced(reduced))
        return [reduced.to_frame(face) for face in found]

    def _most(self, per_frame: int) -> int:
        return max(1, per_frame >> self._shed_level)

    def idle(self, now: float) -> list[Observation]:
        """The observations of the interval that ended by now (monotonic seconds), where no frame comes to say so."""
        return self._reporter.due(now)

    def finish(self) -> list[Observation]:
        """Close the interval that is under way: nobody will see its end."""
        return self._reporter.close(self._last)


def _longest_waiting(tracks: list[Track], due: Callable[[Track], float], most: int) -> list[Track]:
    """At most `most` of the tracks, the one that has waited longest first."""
    return sorted(tracks, key=due)[:most]
