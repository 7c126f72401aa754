"""`classpulse-converter evaluate faces` on the portraits of the demo."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from converter.__main__ import main

PEOPLE = {"obama": ("obama.jpg", "obama2.jpg"), "biden": ("biden.jpg",), "hopper": ("grace_hopper.jpg",)}


def test_people_with_one_picture_each_are_too_little(
    portraits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for person, names in PEOPLE.items():
        (tmp_path / person).mkdir()
        shutil.copy(portraits / names[0], tmp_path / person)
    assert main(["evaluate", "faces", "--images", str(tmp_path)]) == 1
    assert "no person has two pictures with a face; give two or more of some" in capsys.readouterr().err


def test_a_folder_of_people_alone_gives_thresholds(
    portraits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for person, names in PEOPLE.items():
        (tmp_path / person).mkdir()
        for name in names:
            shutil.copy(portraits / name, tmp_path / person)
    (tmp_path / "hopper" / "broken.jpg").write_bytes(b"nothing")
    figures = tmp_path / "out" / "figures.json"
    assert main(["evaluate", "faces", "--images", str(tmp_path), "--json", str(figures)]) == 0
    told = capsys.readouterr().out
    threshold = json.loads(figures.read_text())["threshold_at_far"]["0.01"]
    assert f"threshold {threshold:.4f} keeps FAR at 1.00%: a guess, of too few people" in told
    assert re.search(r"^full size: TAR 1\.0000 at FAR 1\.00%", told, re.MULTILINE)
    assert "unreadable: hopper/broken.jpg" in told
