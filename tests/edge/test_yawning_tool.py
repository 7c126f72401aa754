"""The tool that shows clips to the pipeline: a yawn is tired, talking is not, and what the gate refuses is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.config import Settings
from edge.records import Box, Emotion, Face, Frame
from edge.tracked import Tracked
from tests.conftest import PORTRAITS
from tests.yawning import told
from tests.yawning.__main__ import NOT_MEASURED, main, watch_clips
from tests.yawning.spans import Span, parse_spans, seconds_outside
from tests.yawning.timeline import timeline
from tests.yawning.verdict import Verdict, judge, tired_runs
from tests.yawning.watching import Watched, refusal_of, watch

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
RATE = 10.0
SIZE = (200, 200, 3)
FRONTAL = np.array([[80, 80], [120, 80], [100, 105], [84, 130], [116, 130]], np.float32)
TURNED = FRONTAL + np.array([[0, 0], [0, 0], [25, 0], [0, 0], [0, 0]], np.float32)
LOOKING_DOWN = FRONTAL + np.array([[0, 0], [0, 0], [0, 20], [0, 0], [0, 0]], np.float32)
UPSIDE_DOWN = FRONTAL * np.array([1, -1], np.float32) + np.array([0, 200], np.float32)
"""Mirrored: eyes below the mouth, as no face has them."""
LOOKING_UP = FRONTAL - np.array([[0, 0], [0, 0], [0, 20], [0, 0], [0, 0]], np.float32)
TIRED = Emotion((0.02, 0.02, 0.04, 0.02, 0.9))
NEUTRAL = Emotion((0.02, 0.02, 0.9, 0.02, 0.04))
CLOSED, OPEN = 10, 200
"""Grey levels that stand for a mouth."""


class Actor:
    """A clip of one face, and the detector and classifier that see it: each frame's grey tells what the mouth does."""

    def __init__(
        self, is_open: Callable[[float], bool], landmarks: Callable[[float], NDArray[np.float32]] = lambda _: FRONTAL
    ) -> None:
        """Both: of the seconds of the clip."""
        self._is_open = is_open
        self._landmarks = landmarks
        self._now = 0.0

    def frames(self, seconds: float) -> Iterator[Frame]:
        for i in range(round(seconds * RATE)):
            self._now = i / RATE
            image = np.full(SIZE, OPEN if self._is_open(self._now) else CLOSED, np.uint8)
            yield Frame(image, START + timedelta(seconds=self._now), 1000.0 + self._now, i)

    def detect(self, image: NDArray[np.uint8], scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        return [Face(Box(70, 60, 130, 140), self._landmarks(self._now), 0.99)]

    def classify(self, image: NDArray[np.uint8], box: Box) -> Emotion:
        return TIRED if image[0, 0, 0] == OPEN else NEUTRAL


def watched(actor: Actor, settings: Settings, seconds: float = 25.0) -> Watched:
    return watch("clip", actor.frames(seconds), settings, actor, actor)


def talks(now: float) -> bool:
    """Half a second of an open mouth, again and again."""
    return now % 1.2 < 0.5


def yawns_and_talks(now: float) -> bool:
    return 11 <= now < 14 or (not 10 <= now < 15 and talks(now))


def turns_away(now: float) -> NDArray[np.float32]:
    return TURNED if 5 <= now < 10 else FRONTAL


def test_a_yawn_of_three_seconds_is_published_once_as_tired(settings: Settings) -> None:
    clip = watched(Actor(yawns_and_talks), settings)
    assert [report.span for report in clip.tired_reports] == [Span(10.0, 15.0)]
    assert judge(clip, [Span(11.0, 14.0)]).passed


def test_talking_reads_as_tired_and_is_never_published_so(settings: Settings) -> None:
    clip = watched(Actor(talks), settings)
    assert sum(reading.called_tired() for reading in clip.taken) >= 10
    assert clip.tired_reports == []
    assert judge(clip, []).passed


def test_a_yawn_across_the_end_of_an_interval_is_published_once(settings: Settings) -> None:
    clip = watched(Actor(lambda now: 13.4 <= now < 16.4), settings)
    assert [report.span for report in clip.tired_reports] == [Span(15.0, 20.0)]


def test_faces_that_turn_away_are_classified_and_not_reported(settings: Settings) -> None:
    clip = watched(Actor(lambda now: 5 <= now < 10, turns_away), settings)
    assert [reading.refused for reading in clip.refused] == ["away"] * 10  # as many as would have been read
    assert all(reading.called_tired(0.5) for reading in clip.refused)
    assert not any(reading.called_tired() for reading in clip.taken)
    assert [(report.label, report.span.begin) for report in clip.reports] == [
        ("neutral", begin) for begin in (0.0, 10.0, 15.0, 20.0)
    ]


def test_one_person_is_one_face_and_read_twice_a_second(settings: Settings) -> None:
    clip = watched(Actor(talks), settings, seconds=10.0)
    assert clip.seconds == pytest.approx(10.0)
    assert (clip.frames, clip.faces, clip.most_faces) == (100, 1, 1)
    assert 19 <= len(clip.taken) <= 20


def test_a_clip_without_frames_is_told_as_empty(settings: Settings) -> None:
    clip = watched(Actor(talks), settings, seconds=0.0)
    assert (clip.seconds, clip.frames, clip.readings, clip.reports) == (0.0, 0, (), ())
    assert "read tired    nothing" in told.text(clip, None)


@pytest.mark.parametrize(
    ("landmarks", "refusal"),
    [(FRONTAL, None), (TURNED, "away"), (LOOKING_DOWN, "down"), (LOOKING_UP, "up"), (UPSIDE_DOWN, "away")],
)
def test_the_refusal_says_where_a_face_looks(landmarks: NDArray[np.float32], refusal: str | None) -> None:
    assert refusal_of(Face(Box(70, 60, 130, 140), landmarks, 0.99)) == refusal


def test_a_yawn_that_was_missed_and_a_report_without_one_fail(settings: Settings) -> None:
    clip = watched(Actor(yawns_and_talks), settings)
    verdict = judge(clip, [Span(2.0, 4.5), Span(20.5, 24.0)])
    assert verdict == Verdict(((Span(2.0, 4.5), False), (Span(20.5, 24.0), False)), 5.0, 5.0, 1)
    assert not verdict.passed


def test_runs_of_tired_are_told_apart(settings: Settings) -> None:
    clip = watched(Actor(lambda now: now < 2 or 4 <= now < 6), settings, seconds=8.0)
    first, second = tired_runs(clip.taken)
    assert first.span.end < 2 <= 4 <= second.span.begin
    assert (first.student, first.surest) == ("face-1", 0.9)


def test_the_text_names_yawns_and_readings_that_stayed_unpublished(settings: Settings) -> None:
    clip = watched(Actor(talks), settings, seconds=10.0)
    tired = sum(reading.called_tired() for reading in clip.taken)
    text = told.text(clip, judge(clip, [Span(1.0, 4.0)]))
    assert f"{tired} of {len(clip.taken)}" in text
    assert "the yawn at 1.0-4.0 s: tired was NOT published" in text


def test_spans_are_read_as_written() -> None:
    assert parse_spans("12.0-17.5,30-35") == (Span(12.0, 17.5), Span(30.0, 35.0))
    assert parse_spans("none") == ()


@pytest.mark.parametrize("text", ["", "5", "5-", "7-5", "1-3,2-4", "a-b", "-1-3"])
def test_what_is_no_span_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_spans(text)


def test_seconds_outside_are_those_in_none() -> None:
    assert seconds_outside([Span(0, 5), Span(10, 15)], [Span(4, 6), Span(9, 11)]) == pytest.approx(8.0)


def test_the_picture_is_a_png_of_lines(settings: Settings) -> None:
    pytest.importorskip("matplotlib")
    clip = watched(Actor(lambda now: 5 <= now < 10, turns_away), settings)
    assert timeline([clip, clip], [Span(5, 10)]).startswith(b"\x89PNG")


def test_nobody_in_the_demo_is_published_as_tired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo = PORTRAITS.parent / "classroom.mp4"
    assert main([str(demo), "--yawns", "none", "--json", str(tmp_path / "told.json")]) == 0
    (clip,) = json.loads((tmp_path / "told.json").read_text())["clips"]
    assert len(clip["readings"]) >= 60
    assert {report["label"] for report in clip["published"]} >= {"neutral"}
    assert clip["verdict"]["seconds_tired"] == 0
    assert "classroom.mp4: 12.0 s, 180 frames" in capsys.readouterr().out


def test_a_missing_clip_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "no.avi")]) == NOT_MEASURED
    assert "no.avi: there is no such clip; write the path" in capsys.readouterr().err


def test_a_folder_without_models_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PORTRAITS.parent / "classroom.mp4"), "--models", str(tmp_path)]) == NOT_MEASURED
    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--yawns", "7-5"], ["other.avi", "--yawns", "1-2"], ["--png", "/no/such/a.png"]])
def test_wrong_options_are_refused_before_anything_is_watched(options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["clip.avi", *options])
    assert ended.value.code == NOT_MEASURED


@pytest.mark.data
def test_a_real_yawn_is_published_as_tired_and_nothing_else_is(data_dir: Path) -> None:
    """YawDD's clip: a man in a car yawns from 4.2 to 9.8 s, as the eye sees it, and keeps his mouth shut otherwise."""
    (clip,) = watch_clips([data_dir / "video" / "yawdd-1.avi"])
    yawn = Span(4.2, 9.8)
    assert judge(clip, [yawn]).passed, told.text(clip, None)
    assert {report.label for report in clip.reports} == {"neutral", "tired"}
    assert all(yawn.begin <= reading.at <= yawn.end for reading in clip.taken if reading.called_tired())


@pytest.mark.data
def test_nobody_who_does_not_yawn_is_published_as_tired(data_dir: Path) -> None:
    clips = watch_clips(sorted((data_dir / "video").glob("*.gif")))
    assert sum(len(clip.taken) for clip in clips) >= 15
    assert [clip.name for clip in clips if not judge(clip, []).passed] == []
