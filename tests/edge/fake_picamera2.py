"""A stand-in for `picamera2.Picamera2` with its interface, its habits and its faults.

Written from picamera2 0.3.38 (`picamera2.py`, `request.py`): formats are named from the last byte in memory to the
first, "lores" keeps the padding of its rows, a request holds its buffer until it is released, a capture that timed out
stays in the queue until it is cancelled, and a camera can be opened once at a time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import cv2
import numpy as np

MODEL = {"Model": "imx708_wide", "Location": 2, "Rotation": 180, "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Num": 0}
CONTROLS = {"FrameDurationLimits", "ExposureTime", "AnalogueGain", "AwbEnable", "AwbMode", "ColourGains"}
LORES_PADDING = 32


@dataclass
class Transform:
    """`libcamera.Transform`."""

    rotation: int = 0
    hflip: bool = False
    vflip: bool = False
    transpose: bool = False


class World:
    """What one Pi is connected to, and what goes wrong there. A test makes one, and a class of cameras with it."""

    def __init__(self, scene: np.ndarray | None = None, faults: list[Any] | None = None) -> None:
        """
        scene: (H, W, 3) RGB, what the sensor sees as it hangs.
        faults: one a capture: None, an exception to be raised, or "timeout"; afterwards all is well.
        """
        self.scene = np.full((48, 64, 3), (255, 0, 0), np.uint8) if scene is None else scene
        self.faults = faults or []
        self.cameras: list[dict[str, Any]] = [MODEL]
        self.cannot_flip = ""
        """ "vflip" or "hflip": what this sensor does not do."""
        self.adjusted: dict[str, tuple[int, int]] = {}
        """Stream -> size that libcamera makes of any other."""
        self.unmapped = 0
        """How many of the next pictures cannot be read from their buffer."""
        self.metadata: Any = None
        """In place of the usual metadata; an exception is raised."""
        self.opened: list[FakePicamera2] = []

    def library(self) -> type[FakePicamera2]:
        """The class `Picamera2` of this world."""
        world = self

        class Connected(FakePicamera2):
            here = world

        return Connected

    @property
    def last(self) -> FakePicamera2:
        return self.opened[-1]


class FakePicamera2:
    here: ClassVar[World]

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:  # a static method there: it needs no camera
        return cls.here.cameras

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num >= len(self.here.cameras):
            raise RuntimeError(f"No camera number {camera_num} found")
        if any(camera.is_open for camera in self.here.opened):
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.is_open, self.started = True, False
        self.calls: list[str] = []
        self.controls: dict[str, Any] = {}
        self.configured: dict[str, Any] = {}
        self.free = 0
        self.jobs = 0
        """Captures that timed out and still wait for a buffer."""
        self.captures = 0
        self.here.opened.append(self)

    def create_video_configuration(
        self,
        main: dict[str, Any] = {},  # noqa: B006 as in picamera2
        lores: dict[str, Any] | None = None,
        raw: dict[str, Any] = {},  # noqa: B006
        transform: Transform = Transform(),  # noqa: B008 shared by every call, there too
        colour_space: Any = None,
        buffer_count: int = 6,
        controls: dict[str, Any] = {},  # noqa: B006
        display: str = "main",
        encode: str = "main",
        queue: bool = True,
    ) -> dict[str, Any]:
        main = {"format": "XBGR8888", "size": (1280, 720), "preserve_ar": True} | main
        if lores is not None:
            lores = {"format": "YUV420", "size": main["size"], "preserve_ar": False} | lores
        for stream in (main, lores):
            if stream is not None:
                width, height = stream["size"]
                stream["size"] = (width - width % 2, height - height % 2)
        controls = {"FrameDurationLimits": (33333, 33333)} | controls
        return {
            "transform": transform, "colour_space": colour_space, "buffer_count": buffer_count, "main": main,
            "lores": lores, "controls": controls, "display": display, "encode": encode, "queue": queue,
        }  # fmt: skip

    def configure(self, camera_config: dict[str, Any]) -> None:
        assert not self.started, "Camera must be stopped before configuring"
        main, lores = camera_config["main"], camera_config["lores"]
        if lores is not None:
            if lores["format"] not in ("YUV420", "YVU420", "NV12"):
                raise RuntimeError("lores stream must be YUV")
            if lores["size"][0] > main["size"][0] or lores["size"][1] > main["size"][1]:
                raise RuntimeError("lores stream dimensions may not exceed main stream")
        self.configured = {**camera_config, "main": dict(main), "lores": dict(lores) if lores else None}
        for name, size in self.here.adjusted.items():
            if self.configured[name]:
                self.configured[name]["size"] = size
        asked = camera_config["transform"]
        self.configured["transform"] = Transform(
            hflip=asked.hflip and self.here.cannot_flip != "hflip",
            vflip=asked.vflip and self.here.cannot_flip != "vflip",
        )
        self.controls = {}
        self.set_controls(camera_config["controls"])
        self.free = camera_config["buffer_count"]

    def camera_configuration(self) -> dict[str, Any]:
        return self.configured

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name, value in controls.items():
            if name == "FrameRate":
                name, value = "FrameDurationLimits", (int(1e6 / value), int(1e6 / value))  # noqa: PLW2901
            if name not in CONTROLS:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
            self.controls[name] = value

    def start(self) -> None:
        assert self.configured
        self.calls.append("start")
        self.started = True

    def capture_request(self, wait: Any = None, signal_function: Any = None, flush: Any = None) -> Request:
        assert isinstance(wait, float), "without a limit it may wait for ever"
        if not self.started:
            raise AttributeError("'NoneType' object has no attribute 'queue_request'")
        self.captures += 1
        fault = self.here.faults.pop(0) if self.here.faults else None
        if fault == "timeout" or self.free == 0:
            self.jobs += 1
            raise TimeoutError
        if isinstance(fault, Exception):
            raise fault
        self.free -= 1
        return Request(self)

    def cancel_all_and_flush(self) -> None:
        self.jobs = 0

    def stop(self) -> None:
        self.calls.append("stop")
        self.started = False

    def close(self) -> None:
        assert self.jobs == 0, "a capture that timed out is still queued"
        if self.is_open:
            self.calls.append("close")
            self.started = self.is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Request:
    """`picamera2.CompletedRequest`."""

    def __init__(self, camera: FakePicamera2) -> None:
        self._camera = camera
        self._held = True

    def make_array(self, name: str) -> np.ndarray:
        assert self._held, "'NoneType' object has no attribute 'buffers'"
        config = self._camera.configured[name]
        if config is None:
            raise RuntimeError(f"Stream {name!r} is not defined")
        if self._camera.here.unmapped:
            self._camera.here.unmapped -= 1
            raise RuntimeError("failed to find buffer")
        picture = cv2.resize(self._camera.here.scene, config["size"], interpolation=cv2.INTER_AREA)
        transform = self._camera.configured["transform"]
        picture = picture[:: -1 if transform.vflip else 1, :: -1 if transform.hflip else 1]
        if config["format"] == "BGR888":
            return np.ascontiguousarray(picture)
        if config["format"] == "RGB888":
            return np.ascontiguousarray(picture[:, :, ::-1])
        assert config["format"] == "YUV420"
        return padded_yuv420(np.ascontiguousarray(picture))

    def get_metadata(self) -> dict[str, Any]:
        assert self._held
        metadata = self._camera.here.metadata
        if isinstance(metadata, Exception):
            raise metadata
        return (
            {"SensorTimestamp": time.monotonic_ns() - 20_000_000, "ExposureTime": 9000}
            if metadata is None
            else metadata
        )

    def release(self) -> None:
        assert self._held, "CompletedRequest: lock now has negative ref_count"
        self._held = False
        self._camera.free += 1


def padded_yuv420(picture: np.ndarray) -> np.ndarray:
    """(h * 3 / 2, stride) as the buffer holds it: Y rows padded to `stride`, U and V rows to half of that."""
    height, width = picture.shape[:2]
    planar = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).reshape(-1)
    stride = width + LORES_PADDING
    padded = np.full(height * stride * 3 // 2, 170, np.uint8)
    luma = height * width
    padded[: height * stride].reshape(height, stride)[:, :width] = planar[:luma].reshape(height, width)
    padded[height * stride :].reshape(height, stride // 2)[:, : width // 2] = planar[luma:].reshape(height, width // 2)
    return padded.reshape(height * 3 // 2, stride)
