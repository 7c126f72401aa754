"""Where a face looks, roughly, from its five landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_TURN = 0.45
"""Largest offset of the nose from the middle of the eyes, in eye distances: about 35 degrees of yaw."""
PITCH_RANGE = (0.30, 0.80)
"""How far down from the eyes to the mouth the nose tip may lie. Looking down brings it to the mouth,
looking up to the eyes."""


def faces_camera(landmarks: NDArray[np.float32]) -> bool:
    """Whether the lids and mouth of a face can be read: it is not turned away, up or down.

    landmarks: (5, 2) as in `edge.records.Face`. Lids seen from above look closed, and are not.
    """
    right_eye, left_eye, nose, right_mouth, left_mouth = landmarks.astype(np.float64)
    across = left_eye - right_eye
    distance = float(np.hypot(*across))
    if distance < 1:
        return False
    across /= distance
    down = np.array([-across[1], across[0]])  # undo the roll: measure along and across the eye line
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    height = float((mouth - eyes) @ down)
    if height <= 0:
        return False
    turn = abs(float((nose - eyes) @ across)) / distance
    pitch = float((nose - eyes) @ down) / height
    return turn <= MAX_TURN and PITCH_RANGE[0] <= pitch <= PITCH_RANGE[1]
