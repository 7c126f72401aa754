"""Enough of libcamera's Python binding, and of what else picamera2 imports, to run the true picamera2 without a camera.

The binding is a C++ module that only comes with libcamera. This is its outside as picamera2 0.3.38 uses it: a camera
that fills the buffers of queued requests at once, with rows padded as the Pi's hardware pads them.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import cv2
import numpy as np

PADDING = 64
OTHERS = (
    "PIL", "PIL.Image", "av", "libarchive", "libarchive.read", "jsonschema", "piexif", "pidng", "pidng.camdefs",
    "pidng.core", "prctl", "pykms", "simplejpeg", "tqdm", "videodev2", "OpenEXR",
)  # fmt: skip
"""Imported by picamera2 at its own import; none of it is used for frames."""


class Transform:
    def __init__(self, other: Any = None, *, hflip: Any = 0, vflip: Any = 0, transpose: Any = 0) -> None:
        self.hflip, self.vflip, self.transpose = bool(hflip), bool(vflip), bool(transpose)
        if isinstance(other, Transform):
            self.hflip, self.vflip, self.transpose = other.hflip, other.vflip, other.transpose

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return f"hflip {self.hflip}, vflip {self.vflip}"


class ColorSpace:
    YcbcrEncoding = SimpleNamespace(Null=0)
    Range = SimpleNamespace(Full=0)

    def __init__(self, other: Any = None) -> None:
        self.primaries = getattr(other, "primaries", other)
        self.transferFunction = self.ycbcrEncoding = self.range = 1

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return str(self.primaries)

    @staticmethod
    def Sycc() -> ColorSpace:  # noqa: N802
        return ColorSpace("sycc")

    @staticmethod
    def Smpte170m() -> ColorSpace:  # noqa: N802
        return ColorSpace("smpte170m")

    @staticmethod
    def Rec709() -> ColorSpace:  # noqa: N802
        return ColorSpace("rec709")

    @staticmethod
    def Raw() -> ColorSpace:  # noqa: N802
        return ColorSpace("raw")


class Size:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height

    def to_tuple(self) -> tuple[int, int]:
        return self.width, self.height


class Rectangle:
    def to_tuple(self) -> tuple[int, ...]:
        return (0, 0, 0, 0)


@dataclass(frozen=True)
class ControlId:
    name: str
    type: str = "number"


@dataclass
class StreamConfiguration:
    size: Size
    pixel_format: str = "XBGR8888"
    buffer_count: int = 4
    stride: int = 0
    color_space: Any = None

    @property
    def stream(self) -> StreamConfiguration:
        return self

    @property
    def frame_size(self) -> int:
        return self.stride * self.size.height * (3 if self.pixel_format == "YUV420" else 2) // 2

    @property
    def formats(self) -> Any:
        return SimpleNamespace(pixel_formats=["SRGGB10_CSI2P"], sizes=lambda _: [Size(2304, 1296), Size(4608, 2592)])

    def __hash__(self) -> int:
        return id(self)


class CameraConfiguration:
    Status = SimpleNamespace(Valid=0, Adjusted=1, Invalid=2)

    def __init__(self, roles: list[Any]) -> None:
        self.streams = [StreamConfiguration(Size(640, 480)) for _ in roles]
        self.orientation: Any = "Rotate0"
        self.sensor_config: Any = None

    def at(self, index: int) -> StreamConfiguration:
        return self.streams[index]

    def __iter__(self) -> Iterator[StreamConfiguration]:
        return iter(self.streams)

    def validate(self) -> int:
        for stream in self.streams:
            bytes_per_pixel = {"BGR888": 3, "YUV420": 1}.get(stream.pixel_format, 2)
            stride = stream.size.width * bytes_per_pixel
            stream.stride = -(-stride // PADDING) * PADDING + PADDING
        return self.Status.Valid


class Request:
    Status = SimpleNamespace(Complete=1)

    def __init__(self, camera: Camera, cookie: int) -> None:
        self._camera, self.cookie, self.status = camera, cookie, 1
        self.buffers: dict[Any, Any] = {}
        self.metadata: dict[ControlId, Any] = {}

    def add_buffer(self, stream: Any, buffer: Any) -> None:
        self.buffers[stream] = buffer

    def reuse(self) -> None:
        pass

    def set_control(self, control: Any, value: Any) -> None:
        self._camera.controls_set[control.name] = value


class Camera:
    """One imx708; `scene`: (H, W, 3) RGB."""

    def __init__(self, manager: CameraManager, scene: np.ndarray) -> None:
        self.id = "/base/soc/i2c0mux/i2c@1/imx708@1a"
        self.manager, self.scene = manager, scene
        names = ("FrameDurationLimits", "ExposureTime", "AnalogueGain", "AwbEnable", "AwbMode", "ColourGains")
        self.controls = {ControlId(name): SimpleNamespace(min=0, max=1, default=0) for name in names}
        self.properties = {ControlId("Model"): "imx708", ControlId("ColorFilterArrangement"): 0}
        self.controls_set: dict[str, Any] = {}
        self.silent = False
        self.acquired = self.running = False
        self.queued: deque[Request] = deque()
        self.configured: Any = None

    def acquire(self) -> None:
        if self.acquired:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.acquired = True

    def release(self) -> None:
        self.acquired = False

    def generate_configuration(self, roles: list[Any]) -> CameraConfiguration:
        return CameraConfiguration(roles)

    def configure(self, configuration: CameraConfiguration) -> None:
        self.configured = configuration

    def create_request(self, cookie: int) -> Request:
        return Request(self, cookie)

    def start(self, controls: dict[Any, Any]) -> None:
        self.controls_set.update({control.name: value for control, value in controls.items()})
        self.running = True

    def stop(self) -> None:
        self.running = False
        self.queued.clear()

    def queue_request(self, request: Request) -> None:
        self.queued.append(request)
        if not self.silent:
            self.expose()

    def expose(self) -> None:
        """Fill the buffers of the oldest request."""
        request = self.queued.popleft()
        for stream, buffer in request.buffers.items():
            size = stream.size.to_tuple()
            picture = cv2.resize(self.scene, size, interpolation=cv2.INTER_AREA)
            if self.configured.orientation == "Rotate180":
                picture = cv2.rotate(picture, cv2.ROTATE_180)
            fill(buffer.memory, picture, stream)
            buffer.metadata = SimpleNamespace(status=0)
        request.metadata = {ControlId("SensorTimestamp"): time.monotonic_ns() - 20_000_000}
        self.manager.ready.append(request)
        os.write(self.manager.writing_end, b"\0")


def fill(memory: np.ndarray, picture: np.ndarray, stream: StreamConfiguration) -> None:
    width, height = stream.size.to_tuple()
    memory[:] = 170
    if stream.pixel_format == "BGR888":
        memory.reshape(-1)[: stream.stride * height].reshape(height, stream.stride)[:, : width * 3] = picture.reshape(
            height, -1
        )
    elif stream.pixel_format == "YUV420":
        planar, luma = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).reshape(-1), width * height
        rows = memory[: height * stream.stride].reshape(height, stream.stride)
        rows[:, :width] = planar[:luma].reshape(height, width)
        halves = memory[height * stream.stride :].reshape(height, stream.stride // 2)
        halves[:, : width // 2] = planar[luma:].reshape(height, width // 2)


class CameraManager:
    def __init__(self, scene: np.ndarray) -> None:
        self.event_fd, self.writing_end = os.pipe()
        self.ready: list[Request] = []
        self.cameras = [Camera(self, scene)]

    def get_ready_requests(self) -> list[Request]:
        if self.ready:
            os.read(self.event_fd, 4096)
        ready, self.ready = self.ready, []
        return ready


class Allocator:
    """In place of picamera2's DmaAllocator, which takes memory of the Pi's GPU."""

    def __init__(self) -> None:
        self.mapped_buffers: dict[Any, Any] = {}
        self.held = 0
        self._buffers: dict[Any, list[Any]] = {}

    def allocate(self, configuration: Any, use_case: Any) -> None:
        for stream in configuration:
            made = [Buffer(stream) for _ in range(stream.buffer_count)]
            self._buffers[stream] = made
            self.mapped_buffers.update({buffer: buffer.memory for buffer in made})

    def buffers(self, stream: Any) -> list[Any]:
        return self._buffers[stream]

    def acquire(self, buffers: Any) -> None:
        self.held += 1

    def release(self, buffers: Any) -> None:
        self.held -= 1

    def sync(self, allocator: Any, buffer: Any, write: bool) -> MagicMock:
        mock = MagicMock()
        mock.__bool__.return_value = False
        return mock


class Buffer:
    def __init__(self, stream: StreamConfiguration) -> None:
        self.memory = np.zeros(stream.frame_size if stream.pixel_format != "BGR888" else
                               stream.stride * stream.size.height, np.uint8)  # fmt: skip
        self.metadata = SimpleNamespace(status=0)


def modules(scene: np.ndarray) -> tuple[dict[str, ModuleType | MagicMock], CameraManager]:
    """What to put into `sys.modules` before picamera2 is imported."""
    manager = CameraManager(scene)
    libcamera = MagicMock(name="libcamera")
    names = ("Rotate0", "Rotate0Mirror", "Rotate180Mirror", "Rotate180", "Rotate90Mirror", "Rotate270", "Rotate90",
             "Rotate270Mirror")  # fmt: skip
    libcamera.Orientation = SimpleNamespace(**{name: name for name in names})
    for one in (Transform, ColorSpace, Size, Rectangle, CameraConfiguration, Request):
        setattr(libcamera, one.__name__, one)
    libcamera._libcamera.ColorSpace, libcamera._libcamera.Transform = ColorSpace, Transform
    libcamera.PixelFormat = str
    libcamera.ControlType = SimpleNamespace(Rectangle="rectangle", Size="size")
    libcamera.FrameMetadata.Status.Success = 0
    for name in ("ExposureTime", "ExposureTimeMode", "AnalogueGain", "AnalogueGainMode"):
        setattr(libcamera.controls, name, ControlId(name))
    libcamera.CameraManager.singleton = lambda: manager
    found = {name: MagicMock(name=name) for name in OTHERS if name not in sys.modules}
    return {"libcamera": libcamera, "libcamera.controls": libcamera.controls, **found}, manager
