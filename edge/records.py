"""The values that flow through the pipeline.

This module needs only the standard library at run time, so that `edge.wire`, and with it the
central side, can import `Observation` without numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABELS = ("angry", "happy", "neutral", "sad", "tired")
"""Expression labels, in the order of every probability vector of the product."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture from the camera."""

    image: NDArray[np.uint8]
    """(H, W, 3) uint8, RGB."""
    captured_at: datetime
    """Aware, UTC."""
    monotonic: float
    """Seconds on a clock that never jumps; only differences mean anything."""
    sequence: int
    """Counts every frame the source gave, dropped ones included; 0-based."""
    reduced: Reduced | None = None
    """The same picture in fewer pixels, to look for faces in; None: look in `image`."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """A frame in fewer pixels."""

    image: NDArray[np.uint8]
    """(h, w, 3) uint8, RGB."""
    scale: tuple[float, float]
    """Full-frame pixels to a pixel of `image`, in x and in y."""
    offset: tuple[float, float] = (0.0, 0.0)
    """Full-frame x, y of the upper left corner of `image`; not (0, 0) where a stream is cropped to whole pixels."""

    def to_frame(self, face: Face) -> Face:
        """A face found in `image`, in full-frame pixels."""
        (width, height), (left, top) = self.scale, self.offset
        box = face.box
        landmarks = face.landmarks.copy()
        landmarks[:, 0] = landmarks[:, 0] * width + left
        landmarks[:, 1] = landmarks[:, 1] * height + top
        return Face(
            Box(box.x1 * width + left, box.y1 * height + top, box.x2 * width + left, box.y2 * height + top),
            landmarks,
            face.confidence,
        )


@dataclass(frozen=True)
class Box:
    """A bounding box in full-frame pixels; x2 and y2 lie just outside it."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.width * self.height + other.width * other.height - shared)


@dataclass(frozen=True, eq=False)
class Face:
    """One detected face."""

    box: Box
    landmarks: NDArray[np.float32]
    """(5, 2) float32, full-frame x, y: the subject's right eye, left eye, nose, right and left mouth corner."""
    confidence: float
    """Detector score, 0..1."""


@dataclass(frozen=True)
class Match:
    """What the gallery, or the classifier, says of one probe."""

    student_id: str | None
    """None means unknown: nobody enrolled is similar enough."""
    similarity: float
    """Best cosine against the gallery, -1..1, or the classifier's confidence, 0..1, whether or not it reached the
    threshold."""


@dataclass(frozen=True)
class Emotion:
    """One reading of one face: a probability for each of `LABELS`, calibrated, summing to 1."""

    probabilities: tuple[float, ...]

    @property
    def label(self) -> str:
        return LABELS[self.probabilities.index(self.confidence)]

    @property
    def confidence(self) -> float:
        return max(self.probabilities)


@dataclass(frozen=True)
class Observation:
    """What leaves the classroom: who, which expression label, when. Nothing else ever does."""

    student_id: str
    emotion: str
    observed_at: datetime
    """Aware, UTC: when the last reading that the label stands for was taken."""
