"""A running pipeline and the gallery file beside it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge import gallery
from edge.config import Settings
from edge.embedder import unit
from edge.errors import GalleryError
from edge.following import GalleryFollower


class Pipeline:
    """Keeps what it was told to identify by."""

    def __init__(self) -> None:
        self.students: list[int] = []

    def use_gallery(self, search: Any) -> None:
        self.students.append(search.students)


def save(settings: Settings, students: int) -> None:
    chosen = settings.recognition
    enrolled = gallery.Gallery(chosen.model)
    for number in range(students):
        template = unit(np.random.default_rng(number).normal(size=192).astype(np.float32))
        enrolled = enrolled.with_student(gallery.new_student(f"s-{number}", "C", [template]))
    gallery.save(enrolled, chosen.gallery, gallery.read_key(chosen.key_file))


@pytest.fixture
def pipeline(settings: Settings) -> Any:
    settings.recognition.key_file.write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
    settings.recognition.key_file.chmod(0o600)
    return Pipeline()


def test_who_is_enrolled_or_forgotten_is_followed(settings: Settings, pipeline: Any) -> None:
    follower = GalleryFollower(settings, None, pipeline)
    save(settings, 2)
    follower.follow()
    follower.follow()
    save(settings, 1)
    follower.follow()
    assert pipeline.students == [0, 2, 1]


def test_while_the_gallery_cannot_be_read_nobody_is_identified(
    settings: Settings, pipeline: Any, caplog: pytest.LogCaptureFixture
) -> None:
    save(settings, 2)
    follower = GalleryFollower(settings, None, pipeline)
    settings.recognition.gallery.write_bytes(b"half a file")
    with caplog.at_level(logging.ERROR):
        follower.follow()
        follower.follow()
    assert (pipeline.students, len(caplog.records)) == ([2, 0], 1)
    save(settings, 3)
    follower.follow()
    assert pipeline.students == [2, 0, 3]


def test_only_who_was_taken_out_of_the_gallery_is_forgotten(settings: Settings, pipeline: Any) -> None:
    save(settings, 3)
    forgotten: list[frozenset[str]] = []
    follower = GalleryFollower(settings, None, pipeline, forgotten.append)
    save(settings, 2)
    follower.follow()
    assert forgotten == [{"s-2"}]
    for content in (b"half a file", None):  # unreadable, gone: that erases nobody
        settings.recognition.gallery.unlink()
        if content is not None:
            settings.recognition.gallery.write_bytes(content)
        follower.follow()
    save(settings, 1)
    follower.follow()
    assert forgotten == [{"s-2"}]


def test_who_is_taken_out_just_before_a_reload_is_forgotten(settings: Settings, pipeline: Any) -> None:
    save(settings, 3)
    forgotten: list[frozenset[str]] = []
    follower = GalleryFollower(settings, None, pipeline, forgotten.append)
    save(settings, 2)
    follower.use_settings(settings)
    follower.follow()
    assert (forgotten, pipeline.students) == ([{"s-2"}], [3, 2])


def test_a_reload_that_names_another_gallery_forgets_nobody(settings: Settings, pipeline: Any) -> None:
    save(settings, 3)
    forgotten: list[frozenset[str]] = []
    follower = GalleryFollower(settings, None, pipeline, forgotten.append)
    other = settings.recognition.gallery.with_name("other")
    elsewhere = replace(settings, recognition=replace(settings.recognition, gallery=other))
    save(elsewhere, 2)
    follower.use_settings(elsewhere)
    follower.follow()
    assert (forgotten, pipeline.students) == ([], [3, 2])


def test_a_gallery_that_cannot_be_read_at_the_start_ends_it(settings: Settings, pipeline: Any) -> None:
    settings.recognition.gallery.write_bytes(b"half a file")
    with pytest.raises(GalleryError):
        GalleryFollower(settings, None, pipeline)
