"""Against peers and on the research data: figures that must hold."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from converter.__main__ import main

pytestmark = [pytest.mark.data, pytest.mark.converter]

ALIASES = Path(__file__).parent / "lfw_aliases.txt"


def figures_of(arguments: list[str], tmp_path: Path) -> dict[str, object]:
    out = tmp_path / "figures.json"
    assert main([*arguments, "--json", str(out)]) == 0
    return dict(json.loads(out.read_text()))


@pytest.mark.parametrize("part", ["photos", "video", "lfw"])
def test_our_detector_and_mtcnn_find_the_same_faces(data_dir: Path, tmp_path: Path, part: str) -> None:
    folder = data_dir / part
    if part == "lfw":
        folder = tmp_path / "lfw"
        for path in random.Random(0).sample(sorted((data_dir / "images").glob("*/*.jpg")), 300):
            target = folder / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    arguments = ["evaluate", "detector", "--images", str(folder), "--peer", "mtcnn", "--min-face", "20", "--every", "5"]
    figures = figures_of(arguments, tmp_path)
    assert figures["recall"] >= 0.98
    assert figures["peer_recall"] >= 0.98
    assert figures["landmark_error"] <= 0.03


def test_lfw_end_to_end(data_dir: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "faces", "--images", str(data_dir / "images"), "--pairs", str(data_dir / "pairs.csv")]
    figures = figures_of([*arguments, "--aliases", str(ALIASES)], tmp_path)
    assert figures["accuracy"] >= 0.98
    assert figures["tar"]["0.001"] >= 0.985


def test_the_expression_model_is_honestly_better_than_the_baseline(data_dir: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "emotion", str(data_dir / "val"), "--manifest", str(data_dir / "manifest.csv")]
    figures = figures_of(arguments, tmp_path)
    assert figures["macro_f1"] >= 0.70  # histogram of gradients and logistic regression: 0.55
    assert min(figures["recall"].values()) > 0.4  # no label is given up
