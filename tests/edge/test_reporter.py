from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from edge.config import ReportSettings
from edge.records import LABELS, Emotion, Frame, Observation
from edge.reporter import Reporter

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
SETTINGS = ReportSettings(interval_seconds=5.0)


def frame(now: float) -> Frame:
    return Frame(np.zeros((1, 1, 3), np.uint8), START + timedelta(seconds=now), now, 0)


def emotion(label: str, confidence: float = 0.8) -> Emotion:
    rest = (1 - confidence) / 4
    return Emotion(tuple(confidence if each == label else rest for each in LABELS))


def report(readings: list[tuple[float, Emotion]], settings: ReportSettings = SETTINGS) -> list[Observation]:
    """What one student's readings, (seconds, emotion) within one interval, become."""
    reporter = Reporter(settings)
    reporter.due(0.0)
    for now, reading in readings:
        reporter.add("s-001", reading, frame(now))
    return reporter.due(5.0)


def labels(readings: list[tuple[float, Emotion]], settings: ReportSettings = SETTINGS) -> list[str]:
    return [observation.emotion for observation in report(readings, settings)]


def test_the_majority_of_the_interval_is_reported_once() -> None:
    readings = [(0.5 * i, emotion("happy" if i % 3 else "neutral")) for i in range(9)]
    assert report(readings) == [Observation("s-001", "happy", START + timedelta(seconds=4))]


def test_nothing_is_reported_before_the_interval_ends() -> None:
    reporter = Reporter(SETTINGS)
    assert reporter.due(0.0) == []
    for i in range(5):
        reporter.add("s-001", emotion("happy"), frame(0.5 * i))
    assert reporter.due(4.9) == []


def test_fewer_than_three_readings_are_no_observation() -> None:
    assert labels([(1, emotion("happy")), (2, emotion("happy"))]) == []


def test_unsure_readings_are_no_observation() -> None:
    assert labels([(i, emotion("sad", 0.45)) for i in range(5)]) == []


def test_readings_that_contradict_each_other_are_no_observation() -> None:
    readings = [(0.5 * i, emotion(("happy", "sad", "angry")[i % 3], 0.7)) for i in range(9)]
    assert labels(readings) == []


def test_two_seconds_of_tired_win_over_a_neutral_majority() -> None:
    readings = [(0.4 * i, emotion("tired" if i < 6 else "neutral", 0.9)) for i in range(13)]
    assert labels(readings) == ["tired"]


def test_a_blink_is_not_tired() -> None:
    readings = [(0.5 * i, emotion("tired" if i == 4 else "neutral", 0.9)) for i in range(10)]
    assert labels(readings) == ["neutral"]


def test_interrupted_tired_is_not_sustained() -> None:
    readings = [(0.5 * i, emotion("neutral" if i % 4 == 3 else "tired", 0.6)) for i in range(10)]
    settings = replace(SETTINGS, confidence=0.55)
    assert labels(readings, settings) == []  # mean of tired is below the confidence, and no run lasts 2 s


def test_two_tired_readings_far_apart_are_not_a_run() -> None:
    readings = [(0.0, emotion("tired")), (2.6, emotion("tired")), (4.9, emotion("tired"))]
    assert labels([*readings, (4.95, emotion("neutral", 0.99))], replace(SETTINGS, confidence=0.7)) == []


def test_a_run_over_the_end_of_an_interval_counts_in_the_next() -> None:
    reporter = Reporter(SETTINGS)
    reporter.due(0.0)
    for i in range(8):
        reporter.add("s-001", emotion("neutral", 0.9), frame(0.5 * i))
    for now in (4.0, 4.5):
        reporter.add("s-001", emotion("tired", 0.9), frame(now))
    assert [o.emotion for o in reporter.due(5.0)] == ["neutral"]
    for now in (5.0, 5.5, 6.0):
        reporter.add("s-001", emotion("tired", 0.9), frame(now))
    for i in range(7):
        reporter.add("s-001", emotion("neutral", 0.9), frame(6.5 + 0.5 * i))
    assert [o.emotion for o in reporter.due(10.0)] == ["tired"]


def test_labels_that_may_not_be_published_are_dropped() -> None:
    readings = [(0.5 * i, emotion("sad")) for i in range(6)]
    assert labels(readings, replace(SETTINGS, labels=("tired",))) == []


def test_each_student_is_reported_apart() -> None:
    reporter = Reporter(SETTINGS)
    reporter.due(0.0)
    for i in range(4):
        reporter.add("s-001", emotion("happy"), frame(i))
        reporter.add("s-002", emotion("sad"), frame(i))
    assert {(o.student_id, o.emotion) for o in reporter.due(5.0)} == {("s-001", "happy"), ("s-002", "sad")}


def test_readings_count_in_one_interval_only() -> None:
    reporter = Reporter(SETTINGS)
    reporter.due(0.0)
    for i in range(4):
        reporter.add("s-001", emotion("happy"), frame(4 + 0.2 * i))
    assert len(reporter.due(5.0)) == 1
    assert reporter.due(10.0) == []


def test_a_pause_is_followed_by_one_report_not_a_burst() -> None:
    reporter = Reporter(SETTINGS)
    reporter.due(0.0)
    for i in range(4):
        reporter.add("s-001", emotion("happy"), frame(i))
    assert len(reporter.due(60.0)) == 1
    assert reporter.due(61.0) == []
