"""Keeps a running pipeline to the gallery file: who is enrolled is known, who is forgotten is not."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.classifier import FaceClassifier
from edge.config import Settings
from edge.errors import GalleryError
from edge.gallery import Search
from edge.journal import GALLERY_FAILED, GALLERY_LOADED, event
from edge.loading import EnrolledStudents
from edge.pipeline import Pipeline

logger = logging.getLogger(__name__)


class GalleryFollower:
    """Gives the pipeline a new search whenever file or day have changed."""

    def __init__(
        self,
        settings: Settings,
        faces: FaceClassifier | None,
        pipeline: Pipeline,
        forget: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        """forget: told who is in the file no more. Raises GalleryError when there is a gallery that cannot be read."""
        self._faces = faces
        self._pipeline = pipeline
        self._forget = forget
        self._failure: str | None = None
        self._enrolled = EnrolledStudents(settings, faces)
        self._update()

    def use_settings(self, settings: Settings) -> None:
        """Follow another file, or with another key; the file is read again in any case."""
        followed = self._enrolled
        self._enrolled = EnrolledStudents(settings, self._faces)
        if self._enrolled.same_gallery(followed):
            self._enrolled.enrolled = followed.enrolled  # or who is taken out before the next look is not forgotten

    def follow(self) -> None:
        """Look whether it has changed. While it cannot be read nobody is identified: who was forgotten is not known."""
        try:
            self._update()
        except GalleryError as error:
            if str(error) == self._failure:
                return
            self._failure = str(error)
            self._pipeline.use_gallery(Search(()))
            logger.error("nobody is identified: %s", error, extra=event(GALLERY_FAILED, reason=error))

    def _update(self) -> None:
        before = self._enrolled.enrolled
        search = self._enrolled.changed()
        if search is not None:
            self._failure = None
            self._pipeline.use_gallery(search)
            after = self._enrolled.enrolled
            # A gallery that is gone, or another one, forgets nobody: only a student taken out of this one is erased.
            if before is not None and after is not None and before - after:
                self._forget(before - after)
            logger.info("gallery: %d students", search.students, extra=event(GALLERY_LOADED, students=search.students))
