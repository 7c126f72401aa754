"""When faces are looked for, and what is known of them in between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.config import Settings
from edge.looks import PER_SECOND
from edge.pipeline import LONGEST_CARRY, Pipeline
from edge.records import Box, Emotion, Face, Frame
from edge.tracked import Tracked
from tests.edge.test_pipeline import FRONTAL, HAPPY, PICTURE, START, Room

EMPTY = np.full((720, 1280, 3), 120, np.uint8)


def every(settings: Settings, frames: int) -> Settings:
    return replace(settings, detector=replace(settings.detector, every=frames))


def watch(pipeline: Pipeline, images: list[np.ndarray], rate: float = 10.0) -> None:
    for number, image in enumerate(images):
        pipeline.process(Frame(image, START, number / rate, number))


def noisy(level: int, seed: int) -> np.ndarray:
    """An even wall as a sensor sees it in dim light."""
    return np.clip(np.random.default_rng(seed).normal(level, 8, EMPTY.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("frames", "searches"), [(1, 30), (2, 15), (3, 10)])
def test_faces_are_looked_for_in_every_nth_frame(settings: Settings, frames: int, searches: int) -> None:
    room = Room(people=1, enrolled=1)
    watch(Pipeline(every(settings, frames), room, room, room, threshold=0.5), [PICTURE] * 30)
    assert room.searched == searches


@pytest.mark.parametrize("rate", [2.0, 10.0, 30.0])
def test_they_are_looked_for_often_enough_to_keep_a_track_whatever_the_config(settings: Settings, rate: float) -> None:
    room = Room(people=1, enrolled=1)
    pipeline = Pipeline(every(settings, 30), room, room, room, threshold=0.5)
    pipeline.shed(2)
    pipeline.use_gallery(room.search)
    frames = round(10 * rate)
    watch(pipeline, [PICTURE] * frames, rate)
    assert room.searched >= min(frames, 10 / (LONGEST_CARRY + 1 / rate) - 1)
    assert [track.track_id for track in pipeline.tracks] == [1]
    assert pipeline.tracks[0].student_id == "s-0"


def test_a_device_that_sheds_load_looks_at_fewer_faces_in_fewer_searches(settings: Settings) -> None:
    room = Room(people=30, enrolled=30)
    due: list[int] = []

    def detect(image: np.ndarray, scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        due.append(len(tracked.due) if tracked else 0)
        return room.faces

    room.detect = detect  # type: ignore[method-assign]
    pipeline = Pipeline(every(settings, 1), room, room, room, threshold=0.5)
    pipeline.shed(1)
    watch(pipeline, [PICTURE] * 40)
    assert len(due) == 20
    assert sum(due) <= 4 * PER_SECOND / 2


def test_a_face_is_read_in_the_frames_between_where_it_has_moved_to(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    read: list[tuple[float, Box]] = []
    now = 0.0

    def detect(image: np.ndarray, scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        left = 100 * now
        landmarks = (FRONTAL + [left, 100]).astype(np.float32)
        return [Face(Box(left, 100, left + 60, 160), landmarks, 0.99)]

    def classify(image: np.ndarray, box: Box) -> Emotion:
        read.append((now, box))
        return HAPPY

    room.detect = detect  # type: ignore[method-assign]
    room.embed = lambda image, face: room.templates[0]  # type: ignore[method-assign]
    room.classify = classify  # type: ignore[method-assign]
    settings = every(replace(settings, emotion=replace(settings.emotion, reading_seconds=0.05)), 3)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    for number in range(40):
        now = number / 10
        pipeline.process(Frame(PICTURE, START, now, number))
    between = [(at, box) for at, box in read if at > 2 and round(at * 10) % 3]
    assert len(between) >= 10
    for at, box in between:
        assert box.x1 == pytest.approx(100 * at, abs=3)
        assert box.width == pytest.approx(60)


def test_a_still_empty_room_is_searched_once_a_second(settings: Settings) -> None:
    room = Room(people=0, enrolled=0)
    watch(Pipeline(every(settings, 1), room, room, room, threshold=0.5), [noisy(120, seed) for seed in range(31)])
    assert 3 <= room.searched <= 4


@pytest.mark.parametrize("side", [60, 150])
def test_somebody_who_comes_in_is_looked_for_at_once(settings: Settings, side: int) -> None:
    room = Room(people=0, enrolled=0)
    pipeline = Pipeline(every(settings, 1), room, room, room, threshold=0.5)
    watch(pipeline, [noisy(120, seed) for seed in range(5)])
    before = room.searched
    coming = noisy(120, 6)
    coming[300 : 300 + side, 600 : 600 + side] = 160
    pipeline.process(Frame(coming, START, 0.5, 5))
    assert room.searched == before + 1


def test_pupils_who_do_not_move_are_not_frozen(settings: Settings) -> None:
    room = Room(people=2, enrolled=2)
    pipeline = Pipeline(every(settings, 1), room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    watch(pipeline, [PICTURE] * 50)
    assert room.searched == 50
    assert len(room.classified) >= 16


def test_thirty_students_who_appear_at_once_are_named_within_two_seconds(settings: Settings) -> None:
    room = Room(people=30, enrolled=30)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    wide = np.tile(PICTURE, (1, 2, 1))
    watch(pipeline, [wide] * 20)
    assert {track.student_id for track in pipeline.tracks} == {f"s-{i}" for i in range(30)}
    assert room.embedded <= 20 * settings.recognition.embeddings_per_frame
