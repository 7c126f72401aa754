"""All sides, by the names that tables and charts call them; each is imported in the process that runs it only."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.side import Options, Side

MIN_FACE = 20
"""The smallest face that every detector looks for, pixels: the one minimum at which mtcnn 1.0.0 works."""
CONFIDENCE = 0.8
"""The daemon's default, for mtcnn as well."""


@dataclass(frozen=True)
class Maker:
    """Where a side is, and what makes it this one."""

    module: str
    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)
    torch: bool = False
    """Whether it runs in the peers' own virtual environment."""
    warm_frames: int = 2
    """Frames before it is timed: buffers are allocated, and who is in the room is known."""

    def make(self, options: Options) -> Side:
        """Raises ImportError when what it needs is not installed."""
        module = importlib.import_module(f"tests.benchmarks.{self.module}")
        side: Side = getattr(module, self.kind)(options, **self.arguments)
        return side


OURS, MTCNN, FACENET, HAAR = "ours", "mtcnn 1.0.0", "facenet-pytorch 2.6.0", "Haar, scale 1.1"
SCHEDULED, SCHEDULED_THIRD = "ours, as scheduled", "ours, as scheduled, every = 3"
EVERY_FACE, SAME_MODELS = "ours, every face", "ours, every face, original's models in int8"
ORIGINAL_CALL, ORIGINAL_PREDICT, FER = "original, model(x)", "original, predict", "fer 25.10.3 with MTCNN"

SIDES = {
    OURS: Maker("ours", "DetectorAlone", {"min_face": MIN_FACE}),
    MTCNN: Maker("peers.mtcnn_package", "MtcnnPackage", {"confidence": CONFIDENCE}),
    FACENET: Maker("peers.facenet", "FacenetMtcnn", {"min_face": MIN_FACE}, torch=True),
    HAAR: Maker("peers.haar", "Haar", {"min_face": MIN_FACE}),
    SCHEDULED: Maker("ours", "Scheduled", {"every": 1}, warm_frames=60),
    SCHEDULED_THIRD: Maker("ours", "Scheduled", {"every": 3}, warm_frames=60),
    EVERY_FACE: Maker("ours", "EveryFace", {"original_models": False}),
    SAME_MODELS: Maker("ours", "EveryFace", {"original_models": True}),
    ORIGINAL_CALL: Maker("peers.original", "Original", {"predict": False}),
    ORIGINAL_PREDICT: Maker("peers.original", "Original", {"predict": True}),
    FER: Maker("peers.fer_package", "FerPackage", torch=True),
}
