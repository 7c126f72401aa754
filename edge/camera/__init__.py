"""Where frames come from: a clip, a folder of pictures, a V4L2 or RTSP camera, a Raspberry Pi camera.

    with NewestFrame(open_camera(settings.camera)) as camera:
        for frame in camera.frames(stop):
            ...

Nothing here writes a picture anywhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from edge.camera.clip import Clip
from edge.camera.device import DeviceCamera, without_password
from edge.camera.newest import NewestFrame
from edge.camera.picamera import PiCamera
from edge.camera.pictures import Pictures
from edge.camera.source import Camera
from edge.errors import CameraError

if TYPE_CHECKING:
    from edge.config import CameraSettings

__all__ = ["Camera", "NewestFrame", "open_camera"]

_LOG_ERRORS_ONLY = 2
"""cv::utils::logging::LOG_LEVEL_ERROR, which the Python binding does not name."""


def open_camera(settings: CameraSettings, *, realtime: bool = True) -> Camera:
    """The camera that `settings.source` names, to be entered before its frames are taken.

    realtime: whether a clip or a folder keeps its own pace. False gives every frame as fast as it is
    taken, on the source's own time line: for measuring.

    Raises CameraError when the source is missing or is of no known kind, and again from the camera's
    `with` when it cannot be opened.
    """
    # OpenCV warns on stderr about each way of opening that it tried; the errors here say it once.
    cv2.setLogLevel(_LOG_ERRORS_ONLY)
    source = settings.source
    if source == "picamera2":
        return PiCamera(settings)
    if source.startswith("/dev/") or re.match(r"rtsps?://", source, re.IGNORECASE):
        return DeviceCamera(settings)
    path = Path(source)
    if path.is_dir():
        return Pictures(settings, realtime=realtime)
    if path.is_file():
        return Clip(settings, realtime=realtime)
    raise CameraError(
        f'camera.source {without_password(source)!r}: there is no such file or folder; write "picamera2", '
        "/dev/videoN, rtsp://..., or the path of a clip or of a folder of pictures"
    )
