"""The daemon: the camera's frames through the pipeline, what it observes to spool and broker."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from datetime import UTC, datetime

from edge import authorisation
from edge.camera import NewestFrame, open_camera
from edge.camera.device import without_password
from edge.config import Settings
from edge.health import Health
from edge.loading import EnrolledStudents, load_parts
from edge.pipeline import Pipeline
from edge.publisher import Publisher
from edge.spool import Spool

logger = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 2.0
"""Between looks at the authorisation and the gallery file: an erased student is forgotten in this time."""
SECONDS_PER_DAY = 86_400


def observe(settings: Settings, stop: threading.Event) -> None:
    """Observe until `stop` is set or the source ends.

    Raises AuthorisationError when observing is not authorised or no longer, ModelError,
    GalleryError, SpoolError and CameraError. Whatever ends it, observations made so far are in the
    spool, and the broker is told that the classroom is offline.
    """
    authorisation.require(settings.authorisation, datetime.now(UTC))
    parts = load_parts(settings)
    pipeline = parts.pipeline(settings)
    enrolled = EnrolledStudents(settings, parts.faces)
    _follow_gallery(enrolled, pipeline)
    health = Health(parts.models, settings.spool.path.parent)
    with (
        Spool(settings.spool) as spool,
        Publisher(settings.mqtt, settings.classroom, spool, settings.spool.max_age_days * SECONDS_PER_DAY) as publisher,
        NewestFrame(open_camera(settings.camera)) as camera,
    ):
        logger.info("observing %s from %s", settings.classroom, without_password(settings.camera.source))
        meter = _Meter()
        now = time.monotonic()
        housekeeping_at, health_at = now + HOUSEKEEPING_SECONDS, now + settings.health.interval_seconds
        try:
            for frame in camera.frames(stop):
                began = time.monotonic()
                observations = pipeline.process(frame)
                if observations:
                    spool.put(observations)
                now = time.monotonic()
                meter.add(now - began)
                if now >= housekeeping_at:
                    housekeeping_at = now + HOUSEKEEPING_SECONDS
                    authorisation.require(settings.authorisation, datetime.now(UTC))
                    _follow_gallery(enrolled, pipeline)
                if now >= health_at:
                    health_at = now + settings.health.interval_seconds
                    rate, durations = meter.read(now)
                    publisher.publish_health(health.message(spool, publisher, rate, camera.dropped, durations))
        finally:
            spool.put(pipeline.finish())
    logger.info("stopped after %d frames", pipeline.frames)


def _follow_gallery(enrolled: EnrolledStudents, pipeline: Pipeline) -> None:
    search = enrolled.changed()
    if search is not None:
        pipeline.use_gallery(search)
        logger.info("gallery: %d students", search.students)


class _Meter:
    """Frames a second and time per frame since the last reading."""

    def __init__(self) -> None:
        self._durations: deque[float] = deque(maxlen=4096)
        self._frames = 0
        self._since = time.monotonic()

    def add(self, duration: float) -> None:
        self._durations.append(duration)
        self._frames += 1

    def read(self, now: float) -> tuple[float, list[float]]:
        """(frames a second, seconds per frame), and begin again."""
        rate = self._frames / max(now - self._since, 1e-9)
        durations = list(self._durations)
        self._durations.clear()
        self._frames, self._since = 0, now
        return rate, durations
