"""The daemon's own parts, as it puts them together."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.config import Settings, parse
from edge.detector import RoomDetector
from edge.embedder import Embedder
from edge.gallery import Gallery, Search, Student
from edge.loading import Parts, load_parts
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.pipeline import Classifies, Identifies, Pipeline
from edge.records import Box, Emotion, Face, Frame
from edge.reporter import Reporter
from edge.tracked import Tracked
from edge.tracker import Tracker
from tests.benchmarks.frames import Room
from tests.benchmarks.side import Options, Seen

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FULL_ROOM = Room(30, 1280, 720)
"""The frame that students are enrolled from."""
CLASSIFIER, EMBEDDER, EMOTION = "face-classifier", "vggface", "emotion-original"
"""Names of the original system's models once they are converted."""

_CONFIG = """
classroom = "bench"
[authorisation]
basis = "safety"
approved_by = "the benchmark"
reference = "portraits in the public domain"
expires = 2099-12-31
[camera]
source = "/dev/video0"
[recognition]
gallery = "{folder}/gallery.bin"
key_file = "{folder}/gallery.key"
{recognition}
[mqtt]
host = "127.0.0.1"
tls = false
[spool]
path = "{folder}/spool.db"
[clock]
synchronised = "assumed"
[runtime]
threads = {threads}
{models}
"""


def settings(threads: int, int8_models: Path | None = None) -> Settings:
    """The defaults of the daemon; with int8_models the original system's networks in the place of ours."""
    folder = Path(tempfile.gettempdir())
    recognition = models = ""
    if int8_models is not None:
        recognition = (
            f'model = "{EMBEDDER}"\nmethod = "classifier"\nclassifier = "{CLASSIFIER}"\n[emotion]\nmodel = "{EMOTION}"'
        )
        models = f'models = "{int8_models}"'
    text = _CONFIG.format(folder=folder, threads=threads, recognition=recognition, models=models)
    return parse(text, folder / "edge.toml")


class DetectorAlone:
    """Our detector."""

    def __init__(self, options: Options, min_face: int) -> None:
        """min_face: pixels."""
        self._detector = MtcnnDetector(Manifest(), min_face=min_face, threads=options.threads)

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        return Seen(len(self._detector.detect(image)))


class EveryFace:
    """Equal work: every face of every frame is found, tracked, identified, read and counted in the report."""

    def __init__(self, options: Options, *, original_models: bool) -> None:
        """original_models: VGG-Face, its classifier and the 224x224 network, in 8 bits; else the shipped models."""
        chosen = settings(options.threads, options.int8_models if original_models else None)
        self._parts = load_parts(chosen)
        self._search = students(self._parts, options)
        self._tracker = Tracker()
        self._reporter = Reporter(chosen.report)

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        parts = self._parts
        frame = Frame(image, EPOCH, seconds, 0)
        tracks = self._tracker.update(parts.detector.detect(image), seconds)
        for track in tracks:
            match = self._search.identify(parts.embedder.embed(image, track.face), parts.threshold)
            self._tracker.vote(track, match, seconds)
            self._reporter.add(match.student_id or "unknown", parts.classifier.classify(image, track.face.box), frame)
        self._reporter.due(seconds)
        return Seen(len(tracks), identified=len(tracks), readings=len(tracks))


class Scheduled:
    """The daemon's pipeline: bounded work per frame, longest-waiting face first."""

    def __init__(self, options: Options, every: int) -> None:
        """every: faces are looked for in every so-many-th frame."""
        chosen = settings(options.threads)
        chosen = replace(chosen, detector=replace(chosen.detector, every=every))
        parts = load_parts(chosen)
        self._detector = CountingDetector(parts.detector)
        self._classifier = CountingClassifier(parts.classifier)
        counted = replace(parts, detector=self._detector, classifier=self._classifier)
        self._pipeline: Pipeline = counted.pipeline(chosen)
        self._pipeline.use_gallery(students(parts, options))
        self._sequence = 0

    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        before = self._detector.searches, self._classifier.readings
        self._pipeline.process(Frame(image, EPOCH + timedelta(seconds=seconds), seconds, self._sequence))
        self._sequence += 1
        named = sum(track.student_id is not None for track in self._pipeline.tracks)
        searches, readings = self._detector.searches - before[0], self._classifier.readings - before[1]
        return Seen(len(self._pipeline.tracks), identified=named, readings=readings, searches=searches)


class CountingDetector:
    """Counts how often faces are looked for, and how many are found."""

    def __init__(self, detector: RoomDetector) -> None:
        self._detector = detector
        self.searches = 0
        self.found = 0

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        faces = self._detector.detect(image, scale, tracked)
        self.searches += 1
        self.found += len(faces)
        return faces


class CountingClassifier:
    """Counts how often an expression is read."""

    def __init__(self, classifier: Classifies) -> None:
        self._classifier = classifier
        self.readings = 0

    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        self.readings += 1
        return self._classifier.classify(image, box)


def students(parts: Parts, options: Options) -> Identifies:
    """The search for everybody in the frame of `options.enrolment`. Raises ValueError when one is not found there."""
    if parts.faces is not None:
        return parts.faces.among(parts.faces.labels)
    if options.enrolment is None:
        return Search(())
    if not isinstance(parts.embedder, Embedder):
        raise ValueError("students can only be enrolled with the embedder that the settings name")
    image = np.load(options.enrolment)
    found = parts.detector.detect(image)
    enrolled = []
    for number, (x, y) in enumerate(FULL_ROOM.seats(), start=1):
        near = [face for face in found if np.hypot(*np.subtract(face.box.centre, (x, y))) < face.box.width]
        if not near:
            raise ValueError(f"no face is found in seat {number} of the enrolment frame")
        embedding = parts.embedder.embed(image, near[0])
        enrolled.append(Student(f"s-{number:03}", "benchmark", date(2026, 1, 1), None, embedding[None]))
    return Gallery("mobilefacenet", tuple(enrolled)).searchable(date(2026, 1, 1))
