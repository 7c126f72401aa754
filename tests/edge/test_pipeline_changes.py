"""A pipeline whose settings change, or that has to do less."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from edge.config import Settings
from edge.pipeline import Pipeline
from edge.records import Frame, Observation
from tests.edge.test_pipeline import PICTURE, START, Room


def run(pipeline: Pipeline, begin: float, seconds: float) -> list[Observation]:
    observations = []
    for step in range(int(seconds * 10)):
        now = begin + step / 10
        observations += pipeline.process(Frame(PICTURE, START + timedelta(seconds=now), now, step))
    return observations


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, report=replace(settings.report, interval_seconds=2.0))


def test_other_settings_are_used_from_the_next_frame(settings: Settings) -> None:
    room = Room(people=1, enrolled=1)
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    assert run(pipeline, 0, 4.5)
    tired_only = replace(settings, report=replace(settings.report, labels=("tired",)))
    pipeline.use_settings(tired_only, 0.5)
    assert run(pipeline, 4.5, 5) == []
    pipeline.use_settings(settings, 0.5)
    assert run(pipeline, 9.5, 5)


def test_under_heat_fewer_faces_are_looked_at_in_a_frame_and_still_everybody(settings: Settings) -> None:
    room = Room(people=16, enrolled=16)
    settings = replace(
        settings,
        recognition=replace(settings.recognition, embeddings_per_frame=4),
        emotion=replace(settings.emotion, readings_per_frame=8),
        report=replace(settings.report, interval_seconds=5.0),
    )
    pipeline = Pipeline(settings, room, room, room, threshold=0.5)
    pipeline.use_gallery(room.search)
    pipeline.shed(2)
    seen = run(pipeline, 0, 20)
    assert room.embedded <= 200 * 1
    assert len(room.classified) <= 200 * 2
    assert {observation.student_id for observation in seen} == {f"s-{i}" for i in range(16)}
    pipeline.shed(0)
    before = len(room.classified)
    run(pipeline, 20, 5)
    assert len(room.classified) - before > 50 * 2
