"""Identification on research pictures: figures that must hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converter.__main__ import main

pytestmark = [pytest.mark.data, pytest.mark.converter]

ALIASES = Path(__file__).parent / "lfw_aliases.txt"


def test_enrolled_people_of_lfw_are_named_and_strangers_are_not(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    arguments = ["--images", str(data_dir / "images"), "--aliases", str(ALIASES), "--json", str(out)]
    assert main(["evaluate", "identification", *arguments]) == 0
    figures = json.loads(out.read_text())
    assert figures["rank1"]["share"] >= 0.99
    assert figures["at_fpir"]["0.01"]["tpir"]["share"] >= 0.975
    shipped = figures["shipped"]
    assert shipped["tpir"]["share"] >= 0.975
    assert shipped["fpir"]["share"] <= 0.01
    assert shipped["misidentified"]["share"] <= 0.001
