"""The benchmark itself: its thirty faces, its judgement, and a short run without peers."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from edge.config import Settings
from edge.loading import load_recognition
from edge.manifest import Manifest
from tests.benchmarks import faces, frames, verdicts
from tests.benchmarks.__main__ import main
from tests.benchmarks.frames import Room
from tests.benchmarks.process import SideError, SideProcess
from tests.benchmarks.rounds import Row
from tests.benchmarks.side import Options
from tests.benchmarks.sides import FACENET, MTCNN, OURS


def row(side: str, turn_seconds: list[float], threads: int = 1) -> Row:
    return Row(side, threads, 4, 640, 480, turn_seconds, 30, 1.0, 1.0, 1.0, 1.0, 4.0, 0.0, 0.0, 0)


def test_thirty_faces_in_one_frame_are_found_and_told_apart(settings: Settings, tmp_path: Path) -> None:
    detector, embedder = load_recognition(settings, Manifest())
    room = Room(30, 1280, 720)
    cast = faces.cutouts(room.faces, detector, embedder)

    image = np.load(frames.write(tmp_path / "room", room, cast)[0])

    found = detector.detect(image)
    assert len(found) == 30
    embeddings = [embedder.embed(image, face) for face in found]
    assert max(float(a @ b) for a, b in combinations(embeddings, 2)) < 0.9


def test_a_ratio_is_judged_by_its_median_round() -> None:
    rows = [row(OURS, [1.0, 1.0, 2.0]), row(MTCNN, [9.0, 10.0, 10.0])]

    (verdict,) = verdicts.of_detectors(rows)

    assert verdict.holds
    assert verdict.measured == "9.0 (5.0 to 10.0)"


def test_a_detector_that_is_not_eight_times_faster_fails() -> None:
    (verdict,) = verdicts.of_detectors([row(OURS, [1.0]), row(MTCNN, [7.9])])

    assert not verdict.holds


def test_only_sides_with_as_many_threads_are_compared() -> None:
    rows = [row(OURS, [2.0], threads=0), row(MTCNN, [17.0], threads=0), row(OURS, [1.0], threads=1)]

    (verdict,) = verdicts.of_detectors(rows)

    assert verdict.measured.startswith("8.5 ")


def test_a_peer_without_its_environment_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SideError, match="make bench"):
        SideProcess(FACENET, Options(threads=1), tmp_path / "no-such-python")


def test_a_quick_run_writes_table_figures_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--only", "detectors", "--write", str(tmp_path)]) == 0

    assert "| 640x480 | 1 | ours |" in capsys.readouterr().out
    assert json.loads((tmp_path / "bench.json").read_text())["detectors"][0]["found"] > 3
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
