"""The daemon: the camera's frames through the pipeline, what it observes to spool and broker."""

from __future__ import annotations

import logging
import threading
import time

from edge.authorisation import Permission
from edge.camera import Camera, NewestFrame, open_camera
from edge.camera.clip import Clip
from edge.camera.device import without_password
from edge.camera.pictures import Pictures
from edge.capture import WatchedCamera
from edge.clock import Clock, SystemClock
from edge.config import Settings
from edge.errors import ClassPulseError
from edge.following import GalleryFollower
from edge.hangs import Hangs
from edge.health import Health
from edge.journal import (
    CONFIG_NEEDS_RESTART,
    CONFIG_REFUSED,
    CONFIG_RELOADED,
    HANG_BEFORE,
    STARTED,
    STOPPED,
    event,
)
from edge.load_shedding import LoadShedding
from edge.loading import Parts, load_parts
from edge.meter import Meter
from edge.publisher import Publisher
from edge.records import Frame
from edge.reload import read_again
from edge.service import Service
from edge.spool import Spool
from edge.spool_age import moments
from edge.status import Condition, StatusLine
from edge.watchdog import Watchdog

logger = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 2.0
"""Between looks at the authorisation and the gallery file: an erased student is forgotten in this time."""
SECONDS_PER_DAY = 86_400
_TICK = 0.25
"""Seconds that the loop waits for a frame before it looks at everything else."""

# How long one step of each thread may take, seconds.
_CAPTURE_LIMIT = 15.0
"""A network camera is given up after 5 s, picamera2 starts in a few; the longest wait between frames is 1 s."""
_PIPELINE_LIMIT = 20.0
"""The first frame allocates the networks of the pyramid."""
_SPOOL_LIMIT = 60.0
"""A worn SD card may take tens of seconds for one write."""
_MQTT_LIMIT = 180.0
"""Name servers that do not answer hold up a connection for minutes (resolv.conf(5): servers x attempts x timeout)."""


class Daemon:
    """One run of the daemon on one classroom."""

    def __init__(
        self,
        settings: Settings,
        service: Service,
        clock: Clock | None = None,
        camera: Camera | None = None,
        parts: Parts | None = None,
    ) -> None:
        """Load the models and the gallery; nothing is opened yet that others use.

        clock: by default the one of this machine; camera, parts: by default those that settings name.
        Raises AuthorisationError when observing is not authorised, ModelError, GalleryError, and CameraError for a
        source that can never work.
        """
        self._settings, self._service = settings, service
        clock = clock or SystemClock(settings.clock.synchronised)
        self._permission = Permission(settings.authorisation, clock)
        camera = camera or open_camera(settings.camera)
        self._parts = parts or load_parts(settings)
        self._pipeline = self._parts.pipeline(settings)
        self._hangs = Hangs(settings.spool.path.parent)
        watchdog = Watchdog(service.notifier, service.watchdog_seconds, hangs=self._hangs.add)
        self._watchdog = watchdog
        self._heartbeat = watchdog.heartbeat("pipeline", _PIPELINE_LIMIT)
        self._paused = threading.Event()
        self._camera = WatchedCamera(
            camera,
            watchdog.heartbeat("capture", _CAPTURE_LIMIT),
            self._paused,
            lasting=not isinstance(camera, Clip | Pictures),
        )
        self._frames = NewestFrame(self._camera)
        self._spool = Spool(settings.spool, heartbeat=watchdog.heartbeat("spool", _SPOOL_LIMIT), now=moments(clock))
        self._gallery = GalleryFollower(settings, self._parts.faces, self._pipeline, self._spool.forget)
        self._publisher = Publisher(
            settings.mqtt,
            settings.classroom,
            self._spool,
            settings.spool.max_age_days * SECONDS_PER_DAY,
            heartbeat=watchdog.heartbeat("mqtt", _MQTT_LIMIT),
        )
        self._shedding = LoadShedding(settings)
        self._status = StatusLine(service.notifier)
        self._health = Health(self._parts.models, settings.spool.path.parent)
        self._meter = Meter()
        self._condition: Condition | None = None
        self._health_at = 0.0

    def run(self) -> None:
        """Observe until `service.stop` is set or the source ends.

        Raises SpoolError, and CameraError for a clip or folder that is damaged. Whatever ends it, observations made
        so far are in the spool, and the broker is told that the classroom is offline.
        """
        with self._watchdog, self._spool, self._publisher, self._frames:
            self._service.notifier.ready()
            source = without_password(self._settings.camera.source)
            logger.info("observing %s from %s", self._settings.classroom, source, extra=event(STARTED, camera=source))
            self._tell_of_hangs()
            try:
                self._loop()
            finally:
                self._service.notifier.stopping()
                self._heartbeat.rest()
                self._spool.put(self._pipeline.finish())
        logger.info("stopped after %d frames", self._pipeline.frames, extra=event(STOPPED))

    def _loop(self) -> None:
        self._health_at = time.monotonic() + self._settings.health.interval_seconds
        housekeeping_at = 0.0
        while not self._service.stop.is_set():
            self._heartbeat.beat()
            now = time.monotonic()
            if now >= housekeeping_at:  # before the first frame: nobody is looked at who must not be
                housekeeping_at = now + HOUSEKEEPING_SECONDS
                self._keep_house(now)
            frame = self._frames.take(_TICK)
            if frame is not None:
                self._look(frame)
            elif self._frames.ended:
                return
            else:
                self._close_interval(now)
            if self._service.reload.is_set():
                self._service.reload.clear()
                self._reload()
                housekeeping_at = 0.0

    def _look(self, frame: Frame) -> None:
        began = time.monotonic()
        if self._paused.is_set() or self._shedding.resting(began):
            return
        observations = self._pipeline.process(frame)
        if observations:
            self._spool.put(observations)
        ended = time.monotonic()
        self._meter.add(ended - began)
        self._shedding.worked(began, ended)

    def _close_interval(self, now: float) -> None:
        """Report what is due although no frame comes, so that a lost camera holds nothing back for later."""
        observations = self._pipeline.idle(now)
        if observations:
            self._spool.put(observations)

    def _keep_house(self, now: float) -> None:
        self._follow_permission()
        self._gallery.follow()
        self._pipeline.shed(self._shedding.check(now))
        condition = Condition(self._camera.state, self._permission.paused, self._publisher.state, self._shedding.level)
        self._status.update(condition, self._pipeline.frames, len(self._pipeline.tracks), self._depth)
        if condition != self._condition or now >= self._health_at:
            self._condition = condition
            self._health_at = now + self._settings.health.interval_seconds
            self._publish_health(condition, now)

    def _depth(self) -> int:
        return self._spool.status().depth

    def _follow_permission(self) -> None:
        if self._permission.check() is None:
            self._paused.clear()
        elif not self._paused.is_set():
            self._paused.set()
            self._spool.put(self._pipeline.finish())  # what was seen while it was allowed

    def _publish_health(self, condition: Condition, now: float) -> None:
        rate, durations = self._meter.read(now)
        observing = {
            "camera": condition.camera,
            "paused": condition.paused,
            "camera_failures": self._camera.failures,
            "authorisation_days_left": self._permission.days_left,
            "load_shed_level": condition.shed_level,
            "hangs_last_day": len(self._hangs.last_day()),
        }
        self._publisher.publish_health(
            self._health.message(self._spool, self._publisher, rate, self._frames.dropped, durations, observing)
        )

    def _reload(self) -> None:
        """Read the config again; the one before stays in use when it is wrong."""
        self._service.notifier.reloading()
        try:
            reloaded = read_again(self._service.config, self._settings)
        except ClassPulseError as error:
            logger.error("reload refused, the settings before stay in use:\n%s", error, extra=event(CONFIG_REFUSED))
            self._service.notifier.ready()
            return
        settings = self._settings = reloaded.settings
        self._permission.use_settings(settings.authorisation)
        self._gallery.use_settings(settings)
        self._pipeline.use_settings(settings, self._parts.threshold_of(settings))
        self._shedding.use_settings(settings)
        self._publisher.use_settings(settings.mqtt)
        applied = ", ".join(reloaded.applied) or "nothing has changed"
        logger.info("config reloaded: %s", applied, extra=event(CONFIG_RELOADED, keys=applied))
        if reloaded.needs_restart:
            keys = ", ".join(reloaded.needs_restart)
            logger.warning("used only after a restart: %s", keys, extra=event(CONFIG_NEEDS_RESTART, keys=keys))
        self._service.notifier.ready()

    def _tell_of_hangs(self) -> None:
        if hung := self._hangs.last_day():
            logger.error(
                "a run was ended because the thread %s hung; in the last 24 hours that happened %d times",
                hung[-1], len(hung), extra=event(HANG_BEFORE, thread=hung[-1], count=len(hung)),
            )  # fmt: skip
