"""What `classpulse-edge bench` measures, and what it advises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.bench.advice import judge
from edge.bench.measure import Figures, measure, peak_memory
from edge.bench.room import Room, composed, face_height, seats_of
from edge.bench.stages import Stages, full_search
from edge.classifier import ClassifierSearch
from edge.config import CameraSettings, Settings
from edge.embedder import Embedding
from edge.errors import ClassPulseError
from edge.loading import Parts, load_parts
from edge.mtcnn import MtcnnDetector
from edge.records import Box, Emotion, Face, Frame, Match
from edge.tracked import Tracked
from tests.edge.test_classifier import folder_with

START = datetime(2026, 1, 1, tzinfo=UTC)
LANDMARKS = np.array([[20, 25], [40, 25], [30, 37], [22, 50], [38, 50]], np.float32)
PICTURE = np.random.default_rng(0).integers(0, 255, (100, 400, 3), np.uint8)
SEATS = ((50.0, 50.0), (150.0, 50.0), (250.0, 50.0))


class Device:
    """Models that take a given time, on a clock that only they move."""

    def __init__(self, detect: float, embed: float = 0.0, read: float = 0.0, faces: int = 3) -> None:
        self.detecting, self.embedding, self.reading, self.faces = detect, embed, read, faces
        self.now = 0.0

    def detect(self, image: np.ndarray, scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
        self.now += self.detecting
        move = [np.float32([x - 30, 12]) for x, _ in SEATS[: self.faces]]
        return [Face(Box(m[0], m[1], m[0] + 60, m[1] + 76), LANDMARKS + m, 0.99) for m in move]

    def embed(self, image: np.ndarray, face: Face) -> Embedding:
        self.now += self.embedding
        return np.eye(1, 192, dtype=np.float32)[0]

    def classify(self, image: np.ndarray, box: Box) -> Emotion:
        self.now += self.reading
        return Emotion((0.1, 0.6, 0.1, 0.1, 0.1))


class Nobody:
    students, student_ids = 0, frozenset[str]()

    def identify(self, embedding: Embedding, threshold: float) -> Match:
        return Match(None, 0.0)


def frames(seconds: float, rate: float) -> Iterator[Frame]:
    return (Frame(PICTURE, START, number / rate, number) for number in range(round(seconds * rate)))


def measured(settings: Settings, device: Device, seconds: float = 8.0, rate: float = 10.0) -> Figures:
    parts = Parts(device, device, device, None, 0.5, 0.5, {})
    room = Room("3 faces", 3, SEATS, frames(seconds, rate), 1 / rate)
    return measure(settings, parts, Nobody(), room, lambda _: None, lambda: device.now)


def test_the_stages_and_the_frame_add_up(settings: Settings) -> None:
    figures = measured(settings, Device(detect=0.02, embed=0.01, read=0.004))
    assert figures.stage_ms == {"detect": pytest.approx(20), "embed": pytest.approx(10), "read": pytest.approx(4)}
    assert figures.frame_ms[0] == pytest.approx(20)  # in most frames nothing but faces is looked for
    assert figures.frame_ms[2] > figures.frame_ms[1] > 20
    assert sum(figures.stage_share.values()) == pytest.approx(1)
    assert (figures.frames, figures.found) == (80, 3)
    assert figures.readings == pytest.approx(20, rel=0.1)  # one in reading_seconds


def test_a_slow_device_passes_frames_over_and_reads_more_rarely(settings: Settings) -> None:
    figures = measured(settings, Device(detect=1.0, read=0.5), seconds=60)
    assert figures.frames < 60
    assert figures.frames_per_second == pytest.approx(figures.frames / 60, rel=0.1)
    assert figures.readings is not None
    assert figures.readings < 5


def test_nobody_in_the_room_is_read_before_there_is_a_name(settings: Settings) -> None:
    assert measured(settings, Device(detect=0.02), seconds=1.0).readings is None


def test_too_few_frames_to_say_anything_is_an_error(settings: Settings) -> None:
    with pytest.raises(ClassPulseError, match="give more --seconds"):
        measured(settings, Device(detect=99.0), seconds=3)


def test_of_those_whose_turn_comes_later_only_who_shows_is_counted_as_found() -> None:
    class OneShows(Device):
        def detect(self, image: np.ndarray, scale: float = 1.0, tracked: Tracked | None = None) -> list[Face]:
            assert tracked is not None
            tracked.showing.append(1)
            return super().detect(image, scale, tracked)

    device = OneShows(detect=0.02, faces=1)
    stages = Stages(Parts(device, device, device, None, 0.5, 0.5, {}), Nobody(), SEATS, lambda: device.now)
    nowhere = np.empty((0, 4), np.float32)
    stages.detect(PICTURE, tracked=Tracked(nowhere, np.zeros((5, 4), np.float32), nowhere, 0))
    assert stages.found == [2]


def test_everybody_in_a_composed_room_is_found_named_and_read(settings: Settings) -> None:
    parts = load_parts(settings)
    room = composed(settings.camera, 15, 3.0)
    figures = measure(settings, parts, full_search(settings, parts), room, lambda _: None)
    assert figures.found == pytest.approx(15, abs=0.5)
    assert set(figures.stage_ms) == {"detect", "embed", "read"}
    assert figures.readings is not None
    assert figures.readings > 0


def test_where_a_classifier_names_the_students_it_is_measured_too(settings: Settings, tmp_path: Path) -> None:
    folder_with(tmp_path)
    by_classifier = replace(
        settings,
        recognition=replace(settings.recognition, method="classifier"),
        runtime=replace(settings.runtime, models=tmp_path / "models"),
    )
    parts = load_parts(by_classifier)
    search = full_search(by_classifier, parts)
    assert isinstance(search, ClassifierSearch)
    figures = measure(by_classifier, parts, search, composed(settings.camera, 1, 3.0), lambda _: None)
    assert figures.readings is not None
    assert figures.readings > 0


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720), (2304, 1296)])
def test_thirty_faces_can_be_found_in_frames_of_every_size(
    settings: Settings, detector: MtcnnDetector, width: int, height: int
) -> None:
    camera = replace(settings.camera, width=width, height=height, frames_per_second=1.0)
    (frame,) = composed(camera, 30, 1.0).frames
    assert frame.image.shape == (height, width, 3)
    assert len(detector.detect(frame.image)) == 30


def test_a_reduced_frame_is_measured_as_the_camera_would_give_it(settings: Settings) -> None:
    camera = replace(settings.camera, detection_width=640, frames_per_second=1.0)
    (frame,) = composed(camera, 4, 1.0).frames
    assert frame.reduced is not None
    assert frame.reduced.image.shape == (360, 640, 3)


def test_how_the_camera_hangs_does_not_hide_faces(settings: Settings) -> None:
    camera = CameraSettings("picamera2", rotation=90, region=(0.0, 0.0, 0.5, 0.5), masks=((0.0, 0.0, 0.5, 0.5),))
    frame = next(iter(composed(camera, 4, 1.0).frames))
    assert frame.image.shape == (720, 1280, 3)
    assert frame.image[:300, :300].any()


@pytest.mark.parametrize("faces", [0, 1, 10, 11, 30])
def test_seats_are_apart_and_inside_the_frame(faces: int) -> None:
    seats, size = seats_of(faces, 1280, 720), face_height(1280, 720)
    assert len(seats) == faces
    assert all(size / 2 < x < 1280 - size / 2 and size < y < 720 - size for x, y in seats)
    assert all(np.hypot(x - u, y - v) > size for x, y in seats for u, v in seats if (x, y) != (u, v))


FAST = Figures(
    "30 faces", 30, 30.0, 100, (30.0, 60.0, 80.0), 25.0, 0.05, {"detect": 25.0}, {"detect": 0.8, "embed": 0.1}, 19.0
)


def test_a_device_that_holds_the_cameras_frames_keeps_up(settings: Settings) -> None:
    verdict = judge(settings, FAST)
    assert verdict.keeps_up
    assert verdict.lines[-1] == "it keeps up"


def test_a_slow_search_for_faces_is_told_with_what_to_write(settings: Settings) -> None:
    verdict = judge(settings, replace(FAST, frames_per_second=6.4))
    assert not verdict.keeps_up
    told = "\n".join(verdict.lines)
    assert "30 faces, 1280x720: 6.4 frames a second, the camera gives 10" in told
    assert "80% of the time goes into looking for faces" in told
    assert "[detector] every = 2:" in told
    assert "[detector] min_face = 60:" in told
    assert "[camera] frames_per_second = 6:" in told


def test_what_is_set_already_is_not_advised_again(settings: Settings) -> None:
    set_already = replace(settings, detector=replace(settings.detector, every=2))
    told = "\n".join(judge(set_already, replace(FAST, frames_per_second=6.4)).lines)
    assert "every = 2" not in told
    assert "min_face = 60" in told


@pytest.mark.parametrize(
    ("stage", "advice"),
    [("embed", "[recognition] embeddings_per_frame = 3:"), ("read", "[emotion] readings_per_frame = 4:")],
)
def test_the_stage_that_takes_most_is_the_one_to_lower(settings: Settings, stage: str, advice: str) -> None:
    shares = {"detect": 0.1, "embed": 0.1, "read": 0.1, stage: 0.7}
    told = "\n".join(judge(settings, replace(FAST, frames_per_second=6.4, stage_share=shares)).lines)
    assert advice in told
    assert "min_face" not in told


def test_a_fast_device_that_reads_too_rarely_for_a_label_is_told_to_read_more(settings: Settings) -> None:
    verdict = judge(settings, replace(FAST, readings=5.0))
    assert not verdict.keeps_up
    assert "a label needs 6 readings in 10 s" in verdict.lines[1]
    assert "write [emotion] readings_per_frame = 16" in verdict.lines[2]


def test_faces_that_were_not_found_make_no_fast_device(settings: Settings) -> None:
    verdict = judge(settings, replace(FAST, found=2.0, readings=None))
    assert not verdict.keeps_up
    assert "only 2.0 of 30 faces were found, which are 72 px high here" in verdict.lines[1]


def test_peak_memory_is_what_the_kernel_says(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tpython\nVmPeak:\t 9 kB\nVmHWM:\t  204800 kB\nVmRSS:\t 1 kB\n")
    assert peak_memory(tmp_path) == 204800 * 1024
    assert peak_memory(tmp_path / "none") is None
