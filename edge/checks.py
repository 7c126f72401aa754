"""Tries out what the daemon will need: the camera, the files for the broker, the broker, the speed of the models."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable

import numpy as np

from edge.camera import NewestFrame, open_camera
from edge.camera.device import without_password
from edge.capture import WatchedCamera
from edge.config import MqttSettings, Settings
from edge.connection import read_password, tls_context
from edge.errors import CameraError
from edge.loading import Parts
from edge.records import Box, Face
from edge.session import Session
from edge.watchdog import Heartbeat

_FIRST_FRAME_SECONDS = 15.0
_RUNS = 5
_LANDMARKS = np.array([[20, 25], [40, 25], [30, 37], [22, 50], [38, 50]], np.float32)
"""Of a face that looks straight ahead, in a box of 60 x 60."""


def check_camera(settings: Settings) -> str:
    """Open the camera and take a frame; says what it gave. Raises CameraError when it gives none."""
    source = without_password(settings.camera.source)
    watched = WatchedCamera(
        open_camera(settings.camera), Heartbeat("capture", float("inf")), threading.Event(), lasting=False
    )
    with NewestFrame(watched) as camera:
        frame = camera.take(_FIRST_FRAME_SECONDS)
    if frame is None:
        raise CameraError(
            f"{source}: no frame within {_FIRST_FRAME_SECONDS:.0f} s; check cable and power, "
            "and that no other program uses it"
        )
    height, width = frame.image.shape[:2]
    asked = (settings.camera.width, settings.camera.height)
    differs = "" if (width, height) == asked else f" (asked for {asked[0]}x{asked[1]})"
    return f"{source} gives {width}x{height}{differs}"


def check_broker_files(mqtt: MqttSettings) -> None:
    """Read the certificates, the key and the password. Raises BrokerError naming the file that is wrong."""
    if mqtt.tls:
        tls_context(mqtt.ca_file, mqtt.certificate_file, mqtt.key_file)
    if mqtt.password_file is not None:
        read_password(mqtt.password_file)


def check_broker(settings: Settings) -> str:
    """Connect as this classroom; says to what. Raises BrokerError when that fails.

    Nothing is published, so that a wrong access list of the broker does not show here.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        session = Session(settings.mqtt, settings.classroom, reader, trial=True)
        session.close()
    encrypted = "with TLS" if settings.mqtt.tls else "without TLS"
    return f"{settings.mqtt.host}:{settings.mqtt.port} accepts this device, {encrypted}"


def model_speed(settings: Settings, parts: Parts) -> dict[str, float]:
    """Seconds to detect in an empty frame, to embed a face and to read its expression, here and now."""
    image = np.full((settings.camera.height, settings.camera.width, 3), 127, np.uint8)
    face = Face(Box(0, 0, 60, 60), _LANDMARKS, 1.0)
    return {
        "detect": _seconds(lambda: parts.detector.detect(image)),
        "embed": _seconds(lambda: parts.embedder.embed(image, face)),
        "read": _seconds(lambda: parts.classifier.classify(image, face.box)),
    }


def _seconds(run: Callable[[], object]) -> float:
    run()  # the first one allocates
    durations = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        run()
        durations.append(time.perf_counter() - began)
    return statistics.median(durations)
