"""Plays frames to the real pipeline and writes down every reading, taken or refused, and what was published.

The pipeline, and with it tracker, gate and reporter, is the product's own at the settings it is given. Only who a face
is stands outside: every track counts as a student of its own from its first frame on, where the daemon asks embedder
and gallery. What the gate refuses is classified here too, beside the pipeline, and never reaches its reporter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.config import Settings
from edge.detector import RoomDetector
from edge.embedder import Embedding
from edge.pipeline import Classifies, Pipeline
from edge.pose import READABLE, Limits, faces_camera
from edge.quality import BLURRED, sharpness, worth_a_probe
from edge.records import LABELS, Box, Emotion, Face, Frame, Match, Observation
from edge.tracker import Track
from tests.yawning.spans import Span

TIRED = LABELS.index("tired")
Refusal = Literal["away", "up", "down"]
REFUSALS: tuple[Refusal, ...] = ("away", "up", "down")

_TURN, (_UP, _DOWN), _LONGEST = READABLE
_ANY = float("inf")


@dataclass(frozen=True)
class Reading:
    """One look at one face."""

    at: float
    """Seconds of the clip."""
    student: str
    emotion: Emotion
    refused: Refusal | None
    """Where the face looked, so that the gate refused it; None: it was read, and the reporter knows of it."""
    blurred: bool
    """Too much so for an embedding. The gate for readings does not ask."""
    recognisable: bool
    """Whether the daemon would have asked now who it is."""

    @property
    def tired(self) -> float:
        """The probability of tired, 0..1."""
        return self.emotion.probabilities[TIRED]

    def called_tired(self, confidence: float = 0.0) -> bool:
        """Whether tired is the likeliest label, and at least so sure."""
        return self.emotion.label == "tired" and self.emotion.confidence >= confidence


@dataclass(frozen=True)
class Report:
    """One label that the reporter published, and the interval it stands for."""

    student: str
    label: str
    span: Span


@dataclass(frozen=True)
class Watched:
    """A clip as the pipeline saw it."""

    name: str
    seconds: float
    frames: int
    faces: int
    """Tracks. A person is one, unless lost and found again; a box that was no face is one too."""
    most_faces: int
    """At one time."""
    confidence: float
    """Below which the reporter holds no reading for tired."""
    readings: tuple[Reading, ...]
    """In order of time, refused ones too."""
    reports: tuple[Report, ...]

    @property
    def taken(self) -> list[Reading]:
        return [reading for reading in self.readings if reading.refused is None]

    @property
    def refused(self) -> list[Reading]:
        return [reading for reading in self.readings if reading.refused is not None]

    @property
    def tired_reports(self) -> list[Report]:
        return [report for report in self.reports if report.label == "tired"]


class Nobody:
    """In the embedder's place: it knows no face, and the pipeline's empty gallery knows none either."""

    def embed(self, image: NDArray[np.uint8], face: Face) -> Embedding:
        return np.zeros(1, np.float32)


class Witness:
    """A classifier that hands on what another one says, and remembers which boxes of a frame were read."""

    def __init__(self, classifier: Classifies) -> None:
        self._classifier = classifier
        self.read: dict[Box, Emotion] = {}

    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        emotion = self.read[box] = self._classifier.classify(image, box)
        return emotion


class Watch:
    """One clip's way through a pipeline of its own."""

    def __init__(self, settings: Settings, detector: RoomDetector, classifier: Classifies) -> None:
        self._settings = settings
        self._classifier = classifier
        self._witness = Witness(classifier)
        self._pipeline = Pipeline(settings, detector, Nobody(), self._witness, threshold=1.0)
        self._interval_began = 0.0
        self._closes_at: float | None = None
        self._refused_until: dict[int, float] = {}
        self.faces: set[str] = set()
        self.most_faces = 0
        self.readings: list[Reading] = []
        self.reports: list[Report] = []

    def see(self, frame: Frame, at: float) -> None:
        """frame: seconds `at` of the clip."""
        self._witness.read.clear()
        observations = self._pipeline.process(frame)
        shown = [track for track in self._pipeline.tracks if track.missed == 0]
        self.most_faces = max(self.most_faces, len(shown))
        for track in shown:
            self.faces.add(_student(track))
            emotion = self._witness.read.get(track.face_at(frame.monotonic).box)
            if emotion is not None:
                self._note(frame, at, track, emotion, None)
            elif track.confirmed(frame.monotonic) and track.reading_due <= frame.monotonic:
                self._refused(frame, at, track)
            self._name(track, frame.monotonic)
        self._publish(observations, at)
        if self._closes_at is None or frame.monotonic >= self._closes_at:  # as the reporter has it
            self._closes_at = frame.monotonic + self._settings.report.interval_seconds
            self._interval_began = at

    def end(self, at: float) -> None:
        """The clip has ended; the reporter says what the interval under way holds, as when the daemon stops."""
        self._publish(self._pipeline.finish(), at)

    def _name(self, track: Track, now: float) -> None:
        """Let a track be a student of its own, by as many votes as the tracker wants."""
        for _ in range(self._settings.recognition.probes):
            track.vote(Match(_student(track), 1.0), now)

    def _refused(self, frame: Frame, at: float, track: Track) -> None:
        """A reading was due and not taken: note it, as often as readings would have been taken."""
        refusal = refusal_of(track.face)
        if refusal is not None and at >= self._refused_until.get(track.track_id, 0.0):
            self._refused_until[track.track_id] = at + self._settings.emotion.reading_seconds
            emotion = self._classifier.classify(frame.image, track.face_at(frame.monotonic).box)
            self._note(frame, at, track, emotion, refusal)

    def _note(self, frame: Frame, at: float, track: Track, emotion: Emotion, refusal: Refusal | None) -> None:
        face = track.face_at(frame.monotonic)
        blurred = sharpness(frame.image, face) < BLURRED
        recognisable = worth_a_probe(frame.image, face)
        self.readings.append(Reading(at, _student(track), emotion, refusal, blurred, recognisable))

    def _publish(self, observations: list[Observation], at: float) -> None:
        span = Span(self._interval_began, at)
        self.reports += [Report(observation.student_id, observation.emotion, span) for observation in observations]


def watch(
    name: str, frames: Iterable[Frame], settings: Settings, detector: RoomDetector, classifier: Classifies
) -> Watched:
    """What becomes of frames, whose `monotonic` is the clip's time."""
    watching = Watch(settings, detector, classifier)
    times: list[float] = []
    for frame in frames:
        times.append(frame.monotonic)
        watching.see(frame, frame.monotonic - times[0])
    passed = times[-1] - times[0] if times else 0.0
    watching.end(passed)
    return Watched(
        name,
        passed * len(times) / max(1, len(times) - 1),  # the last frame is shown for a while too
        len(times),
        len(watching.faces),
        watching.most_faces,
        settings.report.confidence,
        tuple(watching.readings),
        tuple(watching.reports),
    )


def refusal_of(face: Face) -> Refusal | None:
    """Why the pipeline's gate refuses a face; None: it does not."""
    if faces_camera(face.landmarks):
        return None
    limits: dict[Refusal, Limits] = {"up": (_ANY, (_UP, _ANY), _LONGEST), "down": (_ANY, (-_ANY, _DOWN), _LONGEST)}
    if not faces_camera(face.landmarks, (_TURN, (-_ANY, _ANY), _LONGEST)):
        return "away"
    return next(refusal for refusal, limit in limits.items() if not faces_camera(face.landmarks, limit))


def _student(track: Track) -> str:
    return f"face-{track.track_id}"
