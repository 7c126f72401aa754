"""A room watched with the real detector: what a search costs, and that tracked faces are followed as truly as new ones.

Who somebody is comes from where the heads were put, so that every name can be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import cv2
import numpy as np
import pytest

from edge.config import Settings
from edge.embedder import Embedding
from edge.gallery import Gallery, new_student
from edge.haar import HaarDetector
from edge.interpreter import Network
from edge.looks import ANEW_EVERY, PER_SECOND
from edge.mtcnn import MAX_PROPOSALS, MtcnnDetector
from edge.pipeline import Pipeline
from edge.records import Box, Emotion, Face, Frame, Reduced
from edge.tracked import OTHER_PROPOSALS, UNSURE_PROPOSALS, Tracked
from edge.tracker import LOST_AFTER, Track
from tests.edge.heads import Head, room, seats

RATE = 10.0
START = datetime(2026, 1, 1, tzinfo=UTC)


class Watch:
    """The pipeline before heads that a test moves; embedder and classifier know where they are."""

    def __init__(self, settings: Settings, detector: MtcnnDetector) -> None:
        self._pipeline = Pipeline(settings, detector, self, self, threshold=0.5)
        self._templates = np.eye(64, 192, dtype=np.float32)
        gallery = Gallery("toy")
        for number, template in enumerate(self._templates):
            gallery = gallery.with_student(new_student(f"s-{number}", "C", [template]))
        self._pipeline.use_gallery(gallery.searchable(date(2026, 1, 1)))
        self._heads: list[Head] = []
        self._frames = 0
        self.read: list[Box] = []
        """Where an expression was read."""

    def show(self, heads: list[Head], reduced: bool = False) -> list[Track]:
        """One more frame, a tenth of a second later."""
        self._heads = heads
        image = room(heads)
        small = cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        frame = Frame(image, START, self._frames / RATE, self._frames, Reduced(small, (2.0, 2.0)) if reduced else None)
        self._pipeline.process(frame)
        self._frames += 1
        return self._pipeline.tracks

    def embed(self, image: np.ndarray, face: Face) -> Embedding:
        return self._templates[self._heads.index(nearest(self._heads, face.box))]

    def classify(self, image: np.ndarray, box: Box) -> Emotion:
        self.read.append(box)
        return Emotion((0.1, 0.6, 0.1, 0.1, 0.1))


def nearest(heads: list[Head], box: Box) -> Head:
    return min(heads, key=lambda head: distance(head, box))


def distance(head: Head, box: Box) -> float:
    return float(np.hypot(head.x - box.centre[0], head.y - box.centre[1]))


def on(head: Head, tracks: list[Track], now: float) -> list[Track]:
    """The tracks whose face is expected within a quarter of its height of head."""
    return [track for track in tracks if distance(head, track.face_at(now).box) < head.height / 4]


@pytest.fixture
def watch(settings: Settings, detector: MtcnnDetector) -> Watch:
    return Watch(settings, detector)


@pytest.fixture
def crops(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Crops that each network was given since the counter was cleared."""
    given: Counter[str] = Counter()
    run = Network.__call__

    def counting(network: Network, pixels: np.ndarray) -> list[np.ndarray]:
        given[network.entry.name] += len(pixels)
        return run(network, pixels)

    monkeypatch.setattr(Network, "__call__", counting)
    return given


@pytest.mark.parametrize("people", [0, 4, 30, 60])
def test_a_search_is_bounded_whatever_the_room_holds(watch: Watch, crops: Counter[str], people: int) -> None:
    heads = seats(people)
    for i in range(10):
        crops.clear()
        watch.show(heads)
        assert crops["mtcnn-rnet"] <= (UNSURE_PROPOSALS + OTHER_PROPOSALS + PER_SECOND / RATE if i else MAX_PROPOSALS)
    assert len(watch.show(heads)) == people
    for _ in range(5):
        crops.clear()
        watch.show(heads)
        assert crops["mtcnn-pnet"] == (people > 0)  # a still room without tracks is not even searched
        spare, anew = max(0, PER_SECOND / RATE - people), -(-people // ANEW_EVERY)
        assert crops["mtcnn-rnet"] <= OTHER_PROPOSALS + spare + 10 * anew
        assert crops["mtcnn-onet"] <= PER_SECOND / RATE + 3 + 2 * anew  # and now and then one looked at twice


def test_tracked_faces_are_placed_as_a_search_of_that_frame_alone_would_place_them(
    watch: Watch, detector: MtcnnDetector
) -> None:
    for i in range(40):
        heads = [replace(head, x=head.x + 12 * np.sin(i / 4 + head.who)) for head in seats(8)]
        tracks = watch.show(heads)
    alone = detector.detect(room(heads))
    assert len(tracks) == len(alone) == 8
    for track in tracks:
        face = max(alone, key=lambda face: face.box.iou(track.face.box))
        assert face.box.iou(track.face.box) > 0.85
        assert np.abs(face.landmarks - track.face.landmarks).mean() < 0.03 * face.box.height


def test_somebody_who_comes_into_a_full_room_is_found_within_three_frames(watch: Watch) -> None:
    heads = seats(30)
    for _ in range(10):
        watch.show(heads[1:])
    for _ in range(3):
        tracks = watch.show(heads)
    assert len(on(heads[0], tracks, 1.2)) == 1


def test_somebody_who_leaves_a_full_room_is_gone(watch: Watch) -> None:
    heads = seats(30)
    for _ in range(10):
        watch.show(heads)
    for _ in range(round((LOST_AFTER + 0.5) * RATE)):
        tracks = watch.show(heads[1:])
    assert on(heads[0], tracks, 2.4) == []
    assert len(tracks) == 29


def test_what_is_no_face_any_more_ends_the_track_although_p_net_still_proposes_it(
    watch: Watch, crops: Counter[str]
) -> None:
    heads = seats(4)
    for _ in range(5):
        watch.show(heads)
    veiled = [replace(head, veiled=True) for head in heads]
    crops.clear()
    watch.show(veiled)
    assert crops["mtcnn-onet"] >= 4  # it was asked, and refused
    for _ in range(round((LOST_AFTER + 0.5) * RATE)):
        tracks = watch.show(veiled)
    assert tracks == []


def test_who_moves_faster_than_expected_is_found_in_the_same_frame(watch: Watch) -> None:
    here, there = Head(300, 300), Head(332, 300)
    for _ in range(5):
        watch.show([here, Head(800, 300, who=1)])
    (track,) = on(there, watch.show([there, Head(800, 300, who=1)]), 0.5)
    assert (track.track_id, track.missed) in {(1, 0), (2, 0)}


@pytest.mark.parametrize("apart", [0, 40])
def test_two_who_cross_keep_their_names(watch: Watch, apart: float) -> None:
    for i in range(60):
        heads = [Head(340 + 10 * i, 300, who=0), Head(940 - 10 * i, 300 + apart, 80, who=1)]
        for track in watch.show(heads):
            clear = abs(heads[0].x - heads[1].x) > 120
            if clear and track.student_id is not None:
                who = heads.index(nearest(heads, track.face_at(i / RATE).box))
                assert track.student_id == f"s-{who}"
    assert {track.student_id for track in watch.show(heads)} == {"s-0", "s-1"}


def test_faces_tracked_in_a_reduced_frame_are_expected_there(watch: Watch, crops: Counter[str]) -> None:
    heads = [replace(head, height=110) for head in seats(5)]
    for _ in range(5):
        watch.show(heads, reduced=True)
    crops.clear()
    tracks = watch.show(heads, reduced=True)
    assert all(len(on(head, tracks, 0.5)) == 1 for head in heads)
    assert crops["mtcnn-onet"] <= 5 + 1
    assert crops["mtcnn-rnet"] <= 5 * 4  # without what is known each face takes three times as many


def test_haar_says_of_nobody_that_he_need_not_be_found(detector: MtcnnDetector) -> None:
    nowhere = np.empty((0, 4), np.float32)
    (head,) = seats(1)
    place = np.float32([[head.x - 30, head.y - 36, head.x + 30, head.y + 36]])
    tracked = Tracked(nowhere, place, nowhere, 0)
    HaarDetector(detector, min_face=40).detect(room([]), tracked=tracked)
    assert tracked.showing == []


def test_haar_finds_everybody_whoever_is_known(detector: MtcnnDetector) -> None:
    image = room(seats(3))
    haar = HaarDetector(detector, min_face=40)
    found = [face.box for face in haar.detect(image)]
    nowhere = np.empty((0, 4), np.float32)
    places = np.array([[box.x1, box.y1, box.x2, box.y2] for box in found], np.float32)
    assert [face.box for face in haar.detect(image, tracked=Tracked(nowhere, places, nowhere, 0))] == found


def test_in_a_room_where_nobody_is_known_yet_all_are_found_at_once(watch: Watch) -> None:
    assert len(watch.show(seats(30))) == 30


def test_where_nobody_is_any_more_no_name_is_read(watch: Watch) -> None:
    heads = seats(30)
    for _ in range(30):
        watch.show(heads)
    for track in watch.show(heads):
        assert track.student_id is not None
        track.reading_due = 0.0
    watch.read.clear()
    watch.show([])
    assert watch.read == []
