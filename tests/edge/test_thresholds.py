from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from edge.config import parse
from edge.embedder import Embedding, unit
from edge.errors import GalleryError
from edge.gallery import Gallery, Student
from edge.thresholds import calibrate
from tests.conftest import CONFIG

SHIPPED = 0.55


def embedding(seed: int) -> Embedding:
    return unit(np.random.default_rng(seed).normal(size=192).astype(np.float32))


def near(vector: Embedding, similarity: float, seed: int) -> Embedding:
    """A unit vector of that cosine to vector."""
    other = embedding(seed)
    other = unit(other - (other @ vector) * vector)
    return unit(similarity * vector + np.sqrt(1 - similarity**2) * other)


def student(number: int, *embeddings: Embedding) -> Student:
    return Student(f"s-{number:03}", "C", date(2026, 1, 1), None, np.stack(embeddings))


def room(count: int = 20, own: float = 0.8) -> Gallery:
    """Students who look like nobody else, with three pictures each."""
    people = [embedding(n) for n in range(count)]
    return Gallery(
        "m",
        tuple(
            student(n, person, near(person, own, 1000 + n), near(person, own, 2000 + n))
            for n, person in enumerate(people)
        ),
    )


def test_a_room_of_people_who_differ_keeps_the_shipped_threshold_on_thin_evidence() -> None:
    found = calibrate(room(), [], SHIPPED, SHIPPED, share=0.01)
    assert (found.threshold, found.thin) == (SHIPPED, True)
    assert (found.strangers, found.named) == (60, 0)
    assert (found.recognised, found.genuine) == (60, 60)
    assert (found.unlike, found.alike) == ((), ())


def test_what_is_advised_can_be_written_in_the_config(tmp_path: Path) -> None:
    between = [near(unit(-embedding(0) - embedding(1)), 0.99, 5000 + n) for n in range(10)]  # as far from both
    found = calibrate(room(2), between, SHIPPED, SHIPPED, share=0.5)
    assert not found.thin
    text = CONFIG.format(folder=tmp_path).replace("[recognition]\n", f"[recognition]\nthreshold = {found.threshold}\n")
    assert parse(text, tmp_path / "edge.toml").recognition.threshold == found.threshold


def test_enough_strangers_may_lower_it_to_what_they_need() -> None:
    strangers = [embedding(5000 + n) for n in range(500)]
    found = calibrate(room(), strangers, SHIPPED, SHIPPED, share=0.01)
    assert not found.thin
    assert found.threshold < SHIPPED
    scores = sorted(max(float((s.embeddings @ probe).max()) for s in room().students) for probe in strangers)
    assert found.threshold < scores[-1]  # a few may be named, that is what the share allows
    assert calibrate(room(), strangers, found.threshold, SHIPPED, share=0.01).named <= 0.01 * found.strangers


def test_strangers_who_look_like_students_raise_it() -> None:
    strangers = [near(embedding(n), 0.7, 7000 + n) for n in range(20)]
    found = calibrate(room(), strangers, SHIPPED, SHIPPED, share=0.01)
    assert found.named == 20
    assert found.threshold == pytest.approx(0.7, abs=0.001)
    assert calibrate(room(), strangers, found.threshold, SHIPPED, share=0.01).named == 0


def test_students_who_look_alike_are_told() -> None:
    twin = near(embedding(3), 0.9, 77)
    found = calibrate(Gallery("m", (*room().students, student(99, twin))), [], SHIPPED, SHIPPED, share=0.05)
    assert [pair[:2] for pair in found.alike] == [("s-003", "s-099")]
    assert found.alike[0][2] == pytest.approx(0.9, abs=1e-4)


def test_students_who_look_alike_are_no_strangers_to_each_other() -> None:
    twin = near(embedding(3), 0.9, 77)
    found = calibrate(Gallery("m", (*room().students, student(99, twin))), [], SHIPPED, SHIPPED, share=0.01)
    assert (found.named, found.strangers) == (0, 61)
    assert found.threshold == SHIPPED


def test_it_is_told_for_whom_a_stranger_is_taken() -> None:
    strangers = [embedding(5000), near(embedding(7), 0.6, 301), near(embedding(4), 0.7, 302)]
    found = calibrate(room(), strangers, SHIPPED, SHIPPED, share=0.05)
    assert [each[:2] for each in found.taken] == [(2, "s-004"), (1, "s-007")]
    assert found.taken[0][2] == pytest.approx(0.7, abs=1e-4)


def test_a_student_whose_pictures_differ_is_told() -> None:
    odd = student(98, embedding(300), near(embedding(300), 0.9, 301), near(embedding(300), 0.2, 302))
    found = calibrate(Gallery("m", (*room().students, odd)), [], SHIPPED, SHIPPED, share=0.05)
    assert found.unlike == ("s-098",)
    assert found.recognised == found.genuine - 1


def test_a_student_with_one_picture_is_only_a_stranger_to_the_others() -> None:
    found = calibrate(Gallery("m", (student(1, embedding(1)), student(2, embedding(2)))), [], SHIPPED, SHIPPED, 0.01)
    assert (found.genuine, found.strangers) == (0, 2)


@pytest.mark.parametrize("count", [0, 1])
def test_a_gallery_without_two_students_says_so(count: int) -> None:
    with pytest.raises(GalleryError, match="two enrolled students"):
        calibrate(room(count), [], SHIPPED, SHIPPED, share=0.01)
