from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.__main__ import main
from converter.detector_figures import Agreement, Drawn, drawn_boxes, frames_below, match
from converter.difference_sheet import EXTRA, MISSED
from edge.errors import PictureError
from edge.pictures import read_picture
from edge.records import Box, Face

XML = """<?xml version='1.0'?>
<dataset><images>
  <image file='one.png'><box top='62' left='178' width='92' height='112'/></image>
</images></dataset>
"""


def face(x: float, shift: float = 0.0) -> Face:
    return Face(Box(x, 0, x + 10, 10), np.full((5, 2), shift, np.float32), 0.9)


def test_each_box_is_matched_once_and_the_best_overlap_first() -> None:
    ours = [Box(0, 0, 10, 10), Box(1, 0, 11, 10)]
    assert match(ours, [Box(1, 0, 11, 10)], 0.5) == [(1, 0)]


def test_recall_precision_and_landmarks_are_counted() -> None:
    agreement = Agreement()
    peers = [face(0), face(100)]
    agreement.add("a", [face(1, shift=3.0), face(200)], [Drawn(f.box) for f in peers], peers)
    figures = agreement.figures()
    assert (figures["recall"], figures["precision"], figures["count"]) == (0.5, 0.5, 1)
    assert figures["landmark_error"] == pytest.approx(np.hypot(3, 3) / 10)
    assert figures["missed"] == ["a [100, 0, 110, 10]"]
    assert len(figures["extra"]) == 1


def test_ignored_boxes_are_neither_asked_for_nor_held_against_it() -> None:
    agreement = Agreement()
    agreement.add("a", [face(0)], [Drawn(face(0).box, ignore=True), Drawn(face(50).box, ignore=True)])
    figures = agreement.figures()
    assert (figures["faces"], figures["recall"], figures["precision"]) == (0, 1.0, 1.0)


def test_faces_below_the_minimum_size_count_on_neither_side() -> None:
    agreement = Agreement(min_face=20)
    small, large = face(0), Face(Box(100, 0, 130, 30), face(0).landmarks, 0.9)
    agreement.add("a", [small, large], [Drawn(large.box), Drawn(face(300).box)])
    figures = agreement.figures()
    assert (figures["faces"], figures["recall"], figures["precision"]) == (1, 1.0, 1.0)


@pytest.fixture
def pictures(tmp_path: Path, portraits: Path) -> Path:
    (tmp_path / "boxes.xml").write_text(XML)
    image = cv2.cvtColor(read_picture(portraits / "astronaut.png"), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(tmp_path / "one.png"), image)
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    return tmp_path


def test_the_command_measures_against_drawn_boxes(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = pictures / "figures.json"
    assert main(["evaluate", "detector", "--images", str(pictures), "--json", str(out), "--min-face", "60"]) == 0
    figures = json.loads(out.read_text())
    assert (figures["recall"], figures["precision"], figures["count"]) == (1.0, 1.0, 1)
    assert figures["unreadable"] == ["broken.jpg"]
    assert "unreadable: broken.jpg" in capsys.readouterr().out


def test_listed_pictures_that_are_not_there_are_named(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    xml = XML.replace("</images>", "<image file='gone.png'/></images>")
    (pictures / "boxes.xml").write_text(xml)
    (pictures / "broken.mp4").write_bytes(b"no clip")
    assert main(["evaluate", "detector", "--images", str(pictures), "--min-face", "60"]) == 0
    said = capsys.readouterr().out
    assert "absent: gone.png" in said
    assert "unreadable: broken.mp4" in said


def test_a_clip_gives_every_nth_frame(tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for shade in range(10):
        writer.write(np.full((48, 64, 3), 20 * shade, np.uint8))
    writer.release()
    frames = list(frames_below(tmp_path, 3))
    assert [name for name, _ in frames] == ["clip.avi#0", "clip.avi#3", "clip.avi#6", "clip.avi#9"]
    assert [int(image.mean()) for _, image in frames] == pytest.approx([0, 60, 120, 180], abs=3)


def test_the_sheet_shows_what_only_one_side_found(pictures: Path) -> None:
    (pictures / "boxes.xml").write_text(XML.replace("left='178'", "left='20'"))
    sheet = pictures / "sheet.png"
    assert main(["evaluate", "detector", "--images", str(pictures), "--min-face", "60", "--sheet", str(sheet)]) == 0
    drawn = cv2.imread(str(sheet))
    for colour in (MISSED, EXTRA):  # one tile each
        assert (drawn == colour).all(axis=2).sum() > 100


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("<dataset><image file='a'><box top='1'/></image></dataset>", "not a dlib-style list"),
        ("<dataset>", "not a dlib-style list"),
        ("<dataset/>", "lists boxes"),
    ],
)
def test_a_wrong_list_of_boxes_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "boxes.xml").write_text(content)
    with pytest.raises(PictureError, match=complaint):
        drawn_boxes(tmp_path)


def test_a_missing_folder_is_an_error_with_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "detector", "--images", str(tmp_path / "none")]) == 1
    assert "no such folder" in capsys.readouterr().err
