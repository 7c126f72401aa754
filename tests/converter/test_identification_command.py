"""`classpulse-converter evaluate identification` on the portraits of the demo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.__main__ import main


@pytest.fixture
def people(portraits: Path, tmp_path: Path) -> Path:
    """Two people with several pictures, one of them mirrored, and two with one."""
    folder = tmp_path / "people"
    for person, names in {
        "obama": ("obama.jpg", "obama2.jpg", "obama3.jpg"),
        "biden": ("biden.jpg",),
        "collins": ("astronaut.png",),
        "hopper": ("grace_hopper.jpg",),
    }.items():
        (folder / person).mkdir(parents=True)
        for name in names:
            shutil.copy(portraits / name, folder / person)
    picture = cv2.imread(str(portraits / "astronaut.png"))
    cv2.imwrite(str(folder / "collins" / "mirrored.png"), np.ascontiguousarray(picture[:, ::-1]))
    (folder / "hopper" / "broken.jpg").write_bytes(b"nothing")
    return folder


def test_enrolled_people_are_named_and_strangers_are_not(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    json_file, chart = tmp_path / "figures.json", tmp_path / "chart.png"
    options = ["--enrol", "1", "--least", "2", "--draws", "3", "--sizes", "60"]
    files = ["--json", str(json_file), "--chart", str(chart)]
    assert main(["evaluate", "identification", "--images", str(people), *options, *files]) == 0
    told = capsys.readouterr().out
    assert "2 people enrolled, pictures of each: 1; 3 other pictures of them, 2 of 2 strangers; draws: 3\n" in told
    assert "full size: rank-1 1.0000 [0.4385, 1.0000]; no face found in 0.0 of 3\n" in told
    assert "as shipped (threshold 0.55, margin 0.05): TPIR 1.0000" in told
    assert ": a guess, of too few strangers" in told
    assert "\n60 px: rank-1 1.0000" in told
    assert "unreadable: hopper/broken.jpg" in told
    figures = json.loads(json_file.read_text())
    assert figures["shipped"]["fpir"]["share"] == 0
    assert figures["seeds"] == [0, 1, 2]
    assert figures["by_size"]["60"]["shipped"]["tpir"]["share"] == 1
    assert cv2.imread(str(chart)) is not None


def test_as_many_pictures_enrolled_as_there_are_is_refused(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "identification", "--images", str(people), "--enrol", "5"]) == 1
    assert "--least 5 leaves nothing to search for with --enrol 5" in capsys.readouterr().err
