from __future__ import annotations

import struct
import zlib
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config import Settings
from edge.embedder import Embedder
from edge.enrolment import enrol
from edge.errors import GalleryError, PictureError
from edge.gallery import Search, load, read_key
from edge.mtcnn import MtcnnDetector
from edge.pictures import read_picture
from edge.portraits import Portrayer


class Enroller:
    """The shipped models and the test's own gallery."""

    def __init__(self, settings: Settings, detector: MtcnnDetector, embedder: Embedder, portraits: Path) -> None:
        self.settings, self.detector, self.embedder, self.portraits = settings, detector, embedder, portraits

    def add(self, student_id: str, *names: str, consent: str = "C-1", expires: date | None = None) -> None:
        portrayer = Portrayer(self.detector, self.embedder)
        portraits = [portrayer.from_file(self.portraits / name) for name in names]
        enrol(self.settings, self.embedder, student_id, consent, portraits, expires)

    def search(self, today: date = date(2026, 1, 1)) -> Search:
        recognition = self.settings.recognition
        return load(recognition.gallery, read_key(recognition.key_file), recognition.model).searchable(today)

    def who(self, name: str) -> str | None:
        image = read_picture(self.portraits / name)
        (face,) = self.detector.detect(image)
        embedding = self.embedder.embed(image, face)
        return self.search().identify(embedding, self.embedder.threshold).student_id


@pytest.fixture
def enroller(settings: Settings, detector: MtcnnDetector, embedder: Embedder, portraits: Path) -> Enroller:
    return Enroller(settings, detector, embedder, portraits)


def test_one_picture_is_enough_to_know_him_in_others_and_nobody_else(enroller: Enroller) -> None:
    enroller.add("s-001", "obama.jpg")
    who = {name: enroller.who(name) for name in ("obama2.jpg", "obama3.jpg")}
    others = {name: enroller.who(name) for name in ("biden.jpg", "grace_hopper.jpg", "astronaut.png")}
    assert who == {"obama2.jpg": "s-001", "obama3.jpg": "s-001"}
    assert set(others.values()) == {None}


def test_several_students_are_told_apart(enroller: Enroller) -> None:
    enroller.add("s-001", "obama.jpg", "obama2.jpg")
    enroller.add("s-002", "biden.jpg")
    enroller.add("s-003", "astronaut.png")
    found = {name: enroller.who(name) for name in ("obama3.jpg", "biden.jpg", "astronaut.png", "grace_hopper.jpg")}
    assert found == {"obama3.jpg": "s-001", "biden.jpg": "s-002", "astronaut.png": "s-003", "grace_hopper.jpg": None}


def test_no_picture_reaches_the_disk(enroller: Enroller, tmp_path: Path) -> None:
    enroller.add("s-001", "obama.jpg")
    files = sorted(path.name for path in tmp_path.rglob("*"))
    assert files == [".gallery.bin.lock", "gallery.bin", "gallery.key"]
    assert (tmp_path / "gallery.bin").stat().st_size < 4000


def test_a_picture_of_somebody_else_among_the_pictures_is_named(enroller: Enroller) -> None:
    with pytest.raises(PictureError, match=r"biden\.jpg: looks like another person"):
        enroller.add("s-001", "obama.jpg", "obama2.jpg", "biden.jpg")
    assert not enroller.settings.recognition.gallery.exists()


def test_a_student_enrolled_under_another_id_is_noticed(enroller: Enroller) -> None:
    enroller.add("s-001", "obama.jpg")
    with pytest.raises(PictureError, match="s-002: looks like s-001"):
        enroller.add("s-002", "obama2.jpg")


def test_enrolling_again_under_the_same_id_replaces_the_template(enroller: Enroller) -> None:
    enroller.add("s-001", "biden.jpg")
    enroller.add("s-001", "obama.jpg")
    assert enroller.who("obama2.jpg") == "s-001"
    assert enroller.who("biden.jpg") is None


def test_a_picture_without_a_face_is_refused(enroller: Enroller, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 200, np.uint8))
    with pytest.raises(PictureError, match=r"wall\.png: no face of 60 px or more"):
        enroller.add("s-001", str(tmp_path / "wall.png"))


def test_a_picture_of_two_people_is_refused(enroller: Enroller, tmp_path: Path, portraits: Path) -> None:
    pair = [cv2.resize(read_picture(portraits / name), (400, 500)) for name in ("obama.jpg", "grace_hopper.jpg")]
    cv2.imwrite(str(tmp_path / "two.png"), cv2.cvtColor(np.hstack(pair), cv2.COLOR_RGB2BGR))
    with pytest.raises(PictureError, match=r"two\.png: shows 2 faces"):
        enroller.add("s-001", str(tmp_path / "two.png"))


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 cut off", b"GIF89a"])
def test_an_unreadable_picture_is_named(enroller: Enroller, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.jpg").write_bytes(content)
    with pytest.raises(PictureError, match=r"broken\.jpg: not a picture"):
        enroller.add("s-001", str(tmp_path / "broken.jpg"))


def test_a_missing_picture_is_named(enroller: Enroller) -> None:
    with pytest.raises(PictureError, match=r"none\.jpg: cannot be read: No such file"):
        enroller.add("s-001", "none.jpg")


def test_enrolment_without_consent_changes_nothing(enroller: Enroller) -> None:
    with pytest.raises(GalleryError, match="consent"):
        enroller.add("s-001", "obama.jpg", consent=" ")
    assert not enroller.settings.recognition.gallery.exists()


def test_a_lost_key_is_not_silently_replaced(enroller: Enroller) -> None:
    enroller.add("s-001", "obama.jpg")
    enroller.settings.recognition.key_file.unlink()
    with pytest.raises(GalleryError, match="no gallery key there"):
        enroller.add("s-002", "biden.jpg")
    assert not enroller.settings.recognition.key_file.exists()


def test_a_picture_that_claims_a_billion_pixels_is_refused(enroller: Enroller, tmp_path: Path) -> None:
    header = struct.pack(">II5B", 70_000, 70_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    with pytest.raises(PictureError, match=r"bomb\.png"):
        enroller.add("s-001", str(tmp_path / "bomb.png"))


def test_a_picture_too_wide_for_warping_is_refused(enroller: Enroller, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((8, 17_000, 3), np.uint8))
    with pytest.raises(PictureError, match=r"17000x8 px; reduce it to 16384 px"):
        enroller.add("s-001", str(tmp_path / "wide.png"))


def test_a_consent_that_has_ended_is_refused(enroller: Enroller) -> None:
    with pytest.raises(GalleryError, match="the consent ended on 2020-01-01"):
        enroller.add("s-001", "obama.jpg", expires=date(2020, 1, 1))


def test_a_reference_that_would_play_with_the_terminal_is_refused(enroller: Enroller) -> None:
    with pytest.raises(GalleryError, match="one line of plain text"):
        enroller.add("s-001", "obama.jpg", consent="form\n\x1b[31m")
