"""Composed classrooms before the real pipeline: a few clips for CI; `python -m tests.classrooms` plays hundreds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.face_figures import read_aliases
from edge.config import Settings
from edge.loading import Parts, load_parts
from tests.classrooms.casting import Casting
from tests.classrooms.people import People
from tests.classrooms.play import play
from tests.classrooms.tally import Tally

pytestmark = pytest.mark.data

ALIASES = Path(__file__).parent / "lfw_aliases.txt"


@pytest.fixture(scope="module")
def parts(module_settings: Settings) -> Parts:
    return load_parts(module_settings)


@pytest.fixture(scope="module")
def casting(data_dir: Path, parts: Parts) -> Casting:
    people = People(data_dir / "images", parts.detector)
    return Casting(people, parts.embedder, read_aliases(ALIASES))


def test_nobody_is_taken_for_somebody_else_and_the_enrolled_are_named_soon(
    casting: Casting, parts: Parts, module_settings: Settings
) -> None:
    tally = Tally()
    for seed in range(3):
        tally.add(play(casting.room(seed, 6.0, 10.0), module_settings, parts), f"--seed {seed}")
    told = tally.table() + "\n".join(tally.failures)
    assert tally.tracks_of_enrolled >= 50, told
    assert tally.tracks_of_strangers >= 25, told
    assert tally.wrongly_named == 0, told
    assert tally.named_strangers == 0, told
    assert tally.wrong_observations == 0, told
    assert tally.named_in_time >= 0.9 * tally.appearances, told
    assert tally.observations >= 20, told


def test_a_seed_gives_the_same_room_again(casting: Casting) -> None:
    first, second = (casting.room(7, 1.0, 10.0) for _ in range(2))
    for (one, people), (other, again) in zip(first.scene.frames(), second.scene.frames(), strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert people == again
    assert first.gallery.names() == second.gallery.names()
