"""The loop with fakes for the networks: who is looked at, how often, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from edge.config import Settings
from edge.embedder import unit
from edge.gallery import Gallery, new_student
from edge.pipeline import Pipeline
from edge.records import LABELS, Box, Emotion, Face, Frame, Observation, Reduced
from edge.tracked import Tracked
from edge.tracker import CONFIRMED_FOR

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
FRONTAL = np.array([[20, 25], [40, 25], [30, 37], [22, 50], [38, 50]], np.float32)
PICTURE = np.random.default_rng(0).integers(0, 256, (200, 2100, 3), np.uint8)
"""Sharp wherever a face is said to be."""
HAPPY = Emotion((0.02, 0.9, 0.03, 0.03, 0.02))


class Room:
    """People at fixed places: detector, embedder and classifier of one scene, counting their calls."""

    def __init__(self, people: int, enrolled: int) -> None:
        random = np.random.default_rng(1)
        self.faces = [Face(Box(100 * i, 100, 100 * i + 60, 160), FRONTAL + [100 * i, 100], 0.99) for i in range(people)]
        self.templates = [unit(random.normal(size=192).astype(np.float32)) for _ in range(people)]
        self.searched = 0
        self.embedded = 0
        self.classified: list[int] = []
        gallery = Gallery("toy")
        for i in range(enrolled):
            gallery = gallery.with_student(new_student(f"s-{i}", "C", [self.templates[i]]))
        self.search = gallery.searchable(date(2026, 1, 1))

    def detect(self, image: np.ndarray, scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        self.searched += 1
        return self.faces

    def embed(self, image: np.ndarray, face: Face) -> np.ndarray:
        self.embedded += 1
        return self.templates[int(face.landmarks[2, 0] // 100)]

    def classify(self, image: np.ndarray, box: Box) -> Emotion:
        self.classified.append(int(box.x1 // 100))
        return HAPPY


def run(room: Room, settings: Settings, seconds: float, rate: float = 10.0) -> list[Observation]:
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    observations = []
    for i in range(int(seconds * rate)):
        now = i / rate
        observations += pipeline.process(Frame(PICTURE, START + timedelta(seconds=now), now, i))
    return observations


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, report=replace(settings.report, interval_seconds=2.0))


def test_an_enrolled_face_becomes_observations(settings: Settings) -> None:
    observations = run(Room(people=1, enrolled=1), settings, seconds=6.5)
    assert [(o.student_id, o.emotion) for o in observations] == [("s-0", "happy")] * 3
    assert observations[0].observed_at - START <= timedelta(seconds=2)


def test_a_stranger_is_never_classified_nor_reported(settings: Settings) -> None:
    room = Room(people=2, enrolled=1)
    observations = run(room, settings, seconds=10)
    assert {o.student_id for o in observations} == {"s-0"}
    assert set(room.classified) == {0}


def test_with_nobody_enrolled_no_expression_is_ever_computed(settings: Settings) -> None:
    room = Room(people=3, enrolled=0)
    assert run(room, settings, seconds=10) == []
    assert room.classified == []
    assert room.embedded > 0


def test_a_stranger_who_takes_a_students_place_is_never_classified(settings: Settings) -> None:
    room = Room(people=2, enrolled=1)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    student, stranger = room.faces[0], room.templates[1]
    room.faces = [student]
    for i in range(30):
        pipeline.process(Frame(PICTURE, START, i / 10, i))
    read = len(room.classified)
    assert read > 0
    room.faces = []
    for i in range(30, 34):
        pipeline.process(Frame(PICTURE, START, i / 10, i))
    room.faces, room.templates[0] = [student], stranger
    for i in range(34, 200):
        pipeline.process(Frame(PICTURE, START, i / 10, i))
    assert len(room.classified) == read


@pytest.mark.parametrize("points", [
    FRONTAL + [[0, 0], [0, 0], [0, 12], [0, 0], [0, 0]],  # nose at the mouth: looking down
    FRONTAL + [[0, 0], [0, 0], [13, 0], [0, 0], [0, 0]],  # nose beside the eye: looking away
])  # fmt: skip
def test_a_face_that_looks_down_or_away_keeps_its_name_and_is_not_read(settings: Settings, points: np.ndarray) -> None:
    room = Room(people=1, enrolled=1)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    frontal = list(room.faces)
    away = [replace(frontal[0], landmarks=points + np.float32([0, 100]))]

    def watch(faces: list[Face], begin: float, end: float) -> int:
        room.faces = faces
        before = len(room.classified)
        for i in range(round(begin * 10), round(end * 10)):
            pipeline.process(Frame(PICTURE, START, i / 10, i))
        return len(room.classified) - before

    assert watch(frontal, 0, 3) > 0
    probes = room.embedded
    assert watch(away, 3, 60) == 0
    assert room.embedded == probes  # asked while it looks away, the answer could only be wrong
    assert [track.student_id for track in pipeline.tracks] == ["s-0"]
    assert watch(frontal, 60, 63) > 0
    assert room.embedded > probes  # and asked again before it is read


def test_a_name_that_no_probe_has_confirmed_for_long_is_not_reported(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    blurred = np.full_like(PICTURE, 127)  # no probe is taken of a face without lines, whatever it is taken for
    for i in range(600):
        pipeline.process(Frame(PICTURE if i < 20 else blurred, START, i / 10, i))
    last = settings.recognition.recheck_seconds + CONFIRMED_FOR + 0.5
    assert len(room.classified) <= (last + 1) / settings.emotion.reading_seconds


def test_work_per_frame_is_bounded_and_nobody_is_left_out(settings: Settings) -> None:
    room = Room(people=20, enrolled=20)
    settings = replace(
        settings,
        recognition=replace(settings.recognition, embeddings_per_frame=2),
        emotion=replace(settings.emotion, readings_per_frame=3),
    )
    observations = run(room, settings, seconds=12)
    assert room.embedded <= 120 * 2
    assert len(room.classified) <= 120 * 3
    assert {o.student_id for o in observations} == {f"s-{i}" for i in range(20)}


def test_a_track_is_read_at_its_interval_not_in_every_frame(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    run(room, settings, seconds=10)
    assert 19 <= len(room.classified) <= 21


def test_a_forgotten_student_is_unknown_from_the_next_frame(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    for i in range(10):
        pipeline.process(Frame(PICTURE, START, i / 10, i))
    read = len(room.classified)
    assert read >= 2
    pipeline.use_gallery(Gallery("toy").searchable(date(2026, 1, 1)))
    # Neither what is seen from now on nor what was read before is published.
    assert [o for i in range(10, 100) for o in pipeline.process(Frame(PICTURE, START, i / 10, i))] == []
    assert pipeline.finish() == []
    assert len(room.classified) == read


def test_forgetting_one_student_keeps_the_readings_of_the_others(settings: Settings) -> None:
    room = Room(people=2, enrolled=2)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    for i in range(19):
        assert pipeline.process(Frame(PICTURE, START, i / 10, i)) == []
    remaining = Gallery("toy").with_student(new_student("s-1", "C", [room.templates[1]]))
    pipeline.use_gallery(remaining.searchable(date(2026, 1, 1)))
    assert [o.student_id for o in pipeline.process(Frame(PICTURE, START, 2.0, 20))] == ["s-1"]


def test_faces_found_in_a_reduced_frame_are_cropped_from_the_full_one(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    shown: list[tuple[np.ndarray, object]] = []
    settings = replace(settings, detector=replace(settings.detector, every=1))
    small = Face(Box(20, 50, 50, 80), (FRONTAL + np.float32([0, 100]) - np.float32([-10, 0])) / 2, 0.99)
    room.detect = lambda image, scale, tracked: shown.append((image, scale)) or [small]
    room.embed = lambda image, face: shown.append((image, face.landmarks)) or room.templates[0]
    room.classify = lambda image, box: shown.append((image, box)) or HAPPY
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    image, reduced = PICTURE, np.zeros((100, 100, 3), np.uint8)
    for i in range(3):
        pipeline.process(Frame(PICTURE, START, i / 10, i, Reduced(reduced, (2.0, 2.0), (-10.0, 0.0))))
    assert [one.shape for one, _ in shown] == [reduced.shape, image.shape] * 3 + [image.shape]
    assert shown[0][1] == 2.0
    assert shown[1][1] == pytest.approx(FRONTAL + np.float32([0, 100]))
    assert shown[-1][1] == Box(30, 100, 90, 160)


def test_an_interval_ends_on_time_although_the_camera_is_lost(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    for i in range(18):
        assert pipeline.process(Frame(PICTURE, START + timedelta(seconds=i / 10), i / 10, i)) == []
    assert pipeline.idle(1.9) == []
    assert [o.student_id for o in pipeline.idle(2.1)] == ["s-0"]
    hour_later = Frame(PICTURE, START + timedelta(hours=1), 3600.0, 99)
    assert pipeline.process(hour_later) == []


def test_every_label_can_be_reported(settings: Settings) -> None:
    for label in LABELS:
        room = Room(people=1, enrolled=1)
        emotion = Emotion(tuple(0.9 if each == label else 0.025 for each in LABELS))
        room.classify = lambda image, box, emotion=emotion: emotion
        assert {o.emotion for o in run(room, settings, seconds=5)} == {label}
