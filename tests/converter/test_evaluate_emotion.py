"""`evaluate emotion` says how the shipped model fares, also where pictures are bad."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.__main__ import main
from converter.robustness import CHANGES
from edge.records import LABELS


@pytest.fixture
def labelled(portraits: Path, tmp_path: Path) -> Path:
    """A portrait called happy, and a grey square of each other label."""
    image = cv2.imread(str(portraits / "obama.jpg"), cv2.IMREAD_GRAYSCALE)
    for label in LABELS:
        (tmp_path / label).mkdir()
        picture = cv2.resize(image, (48, 48)) if label == "happy" else np.full((48, 48), 128, np.uint8)
        cv2.imwrite(str(tmp_path / label / "one.png"), picture)
    return tmp_path


def test_bad_pictures_are_judged_one_kind_after_the_other(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, chart = tmp_path / "figures.json", tmp_path / "coverage.png"
    arguments = ["--robustness", "--coverage", str(chart), "--json", str(out)]
    assert main(["evaluate", "emotion", str(labelled), *arguments]) == 0
    figures = json.loads(out.read_text())
    assert list(figures["robustness"]) == list(CHANGES)
    # The pictures are 48 px already: that row is the plain figure.
    assert figures["robustness"]["48 px"]["macro_f1"] == figures["macro_f1"]
    assert figures["coverage"][0] == {"confidence": 0.0, "share": 1.0, "accuracy": figures["accuracy"]}
    assert cv2.imread(str(chart)) is not None
    said = capsys.readouterr().out
    assert "light doubled" in said
    wrongly = sum(row[LABELS.index("tired")] for row in figures["confusion"][:-1])
    assert f"called tired without a yawn or closed eyes: {wrongly} of 4 " in said
    assert "confidence at least 0.0: 100.0% of the faces get a label" in said


def test_larger_pictures_of_the_same_names_are_taken_instead(labelled: Path, tmp_path: Path) -> None:
    larger, out = tmp_path / "larger", tmp_path / "figures.json"
    (larger / "happy").mkdir(parents=True)
    (larger / "happy" / "one.png").write_bytes(b"no picture")
    assert main(["evaluate", "emotion", str(labelled), "--larger", str(larger), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert figures["unreadable"] == [str(larger / "happy" / "one.png")]
    assert figures["count"] == 4


def test_accuracy_is_told_apart_by_source(labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, out = tmp_path / "manifest.csv", tmp_path / "figures.json"
    rows = [f"{label},one,{'web' if label == 'happy' else 'film'}" for label in LABELS]
    manifest.write_text("label,name,source\n" + "\n".join(rows) + "\n")
    assert main(["evaluate", "emotion", str(labelled), "--manifest", str(manifest), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    pooled = (figures["accuracy_by_source"]["web"] + 4 * figures["accuracy_by_source"]["film"]) / 5
    assert pooled == pytest.approx(figures["accuracy"])
    assert "accuracy by source: film" in capsys.readouterr().out
