"""What is timed: one side of a comparison looks at one frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Seen:
    """What a side did with one frame."""

    faces: int
    """Found, or known from frames before."""
    identified: int = 0
    """Faces that were asked who they are."""
    readings: int = 0
    """Faces whose expression was read."""
    searches: int = 1
    """How often faces were looked for: 0 or 1."""


class Side(Protocol):
    def look(self, image: NDArray[np.uint8], seconds: float) -> Seen:
        """Do all that this side does with a frame, (H, W, 3) uint8 RGB.

        seconds: on the camera's clock, rising from frame to frame.
        """


@dataclass(frozen=True)
class Options:
    """What a side needs to know; the same for all, so that it can be handed to a process."""

    threads: int
    """At most so many; 0: one per CPU."""
    float_models: Path | None = None
    """Folder of the original system's Keras files; None where no side needs them."""
    int8_models: Path | None = None
    """The same converted, with a manifest."""
    enrolment: Path | None = None
    """A frame, .npy, in which every seat of `frames.Room` is taken by the student to be enrolled from it."""
