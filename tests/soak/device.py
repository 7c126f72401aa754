"""The process under test: the true daemon with the true models; only the pace, or the picture, is made up.

    python -m tests.soak.device CONFIG film SECONDS     the config's clip, each frame when the one before was looked at
    python -m tests.soak.device CONFIG empty SECONDS    a still room without people, at the config's pace

It writes a line with the seconds that have passed in the picture, now and then.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from edge import config
from edge.camera import Camera
from edge.camera.clip import Clip
from edge.camera.source import stamped
from edge.config import CameraSettings, Settings
from edge.daemon import Daemon
from edge.errors import ClassPulseError
from edge.journal import configure_logging
from edge.loading import Parts, load_parts
from edge.notify import Notifier
from edge.pipeline import Pipeline
from edge.records import Frame, Observation
from edge.service import Service
from tests.cameras import WithoutDevice

TOLD_EVERY = 10.0
"""Seconds of the picture between two lines."""
_PATIENCE = 1.0
"""Seconds after which a frame counts as passed over: a daemon may rest."""
_GREY, _NOISE = 120, 4.0
"""Of the empty room: the wall, and the standard deviation of the sensor's noise, in grey levels."""
_PICTURES = 8


@dataclass(frozen=True)
class EagerParts(Parts):
    """Parts of a pipeline that says when it is done with a frame."""

    done: threading.Semaphore

    def pipeline(self, settings: Settings) -> Pipeline:
        return _EagerPipeline(self, settings)


class _EagerPipeline(Pipeline):
    def __init__(self, parts: EagerParts, settings: Settings) -> None:
        super().__init__(settings, parts.detector, parts.embedder, parts.classifier, parts.threshold)
        self._done = parts.done

    def process(self, frame: Frame) -> list[Observation]:
        observations = super().process(frame)
        self._done.release()
        return observations


class Film(Clip):
    """A clip in a loop for so many seconds of it, as fast as the daemon can look."""

    def __init__(self, settings: CameraSettings, seconds: float, done: threading.Semaphore) -> None:
        super().__init__(settings, realtime=False)
        self._seconds, self._done = seconds, done

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        began: float | None = None
        told_at = 0.0
        for frame in super().frames(stop):
            began = frame.monotonic if began is None else began
            position = frame.monotonic - began
            if position >= min(told_at, self._seconds):
                _tell(position)
                told_at += TOLD_EVERY
            if position >= self._seconds:
                return
            yield frame
            self._done.acquire(timeout=_PATIENCE)


class EmptyRoom(WithoutDevice):
    """A wall, as a sensor sees it, for so many seconds."""

    def __init__(self, settings: CameraSettings, seconds: float) -> None:
        self._step, self._seconds = 1.0 / settings.frames_per_second, seconds
        random = np.random.default_rng(0)
        size = (_PICTURES, settings.height, settings.width, 3)
        self._pictures = np.clip(random.normal(_GREY, _NOISE, size), 0, 255).astype(np.uint8)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        began, told_at = time.monotonic(), 0.0
        for sequence in count():
            position = time.monotonic() - began
            if position >= min(told_at, self._seconds):
                _tell(position)
                told_at += TOLD_EVERY
            if stop.wait((sequence + 1) * self._step - position):
                return
            yield stamped(self._pictures[sequence % _PICTURES], sequence)


def _tell(position: float) -> None:
    sys.stdout.write(f"{position:.1f}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("picture", choices=("film", "empty"))
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    configure_logging(20, None)
    try:
        settings = config.load(arguments.config)
        service = Service(arguments.config, Notifier(None))
        service.follow_signals()
        done = threading.Semaphore(0)
        parts = EagerParts(**vars(load_parts(settings)), done=done)
        camera: Camera = (
            Film(settings.camera, arguments.seconds, done)
            if arguments.picture == "film"
            else EmptyRoom(settings.camera, arguments.seconds)
        )
        Daemon(settings, service, camera=camera, parts=parts).run()
    except ClassPulseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
