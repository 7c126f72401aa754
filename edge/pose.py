"""Where a face looks, roughly, from its five landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Limits = tuple[float, tuple[float, float], float]
"""The largest offset of the nose from the middle of the eyes, in eye distances; how far down from the eyes to the mouth
the nose tip may lie (looking down brings it to the mouth, looking up to the eyes); how far from the eyes the mouth is
taken to be at most when it is judged whether a face looks up, in eye distances."""

READABLE: Limits = (0.45, (0.30, 0.80), 1.2)
"""Where lids and mouth can be seen, up to about 35 degrees of yaw. A yawn takes the mouth half as far down again, which
does not say that the face looks up: without the last limit the gate refuses yawns."""
RECOGNISABLE: Limits = (0.60, (0.20, 0.90), float("inf"))
"""For an embedding to trust: up to here LFW's faces are recognised nearly as often, beyond hardly ever."""


def faces_camera(landmarks: NDArray[np.float32], limits: Limits = READABLE) -> bool:
    """Whether a face is not turned away, up or down further than limits.

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
    most, (up, low), longest = limits
    turn = abs(float((nose - eyes) @ across)) / distance
    drop = float((nose - eyes) @ down)
    return turn <= most and drop >= up * min(height, longest * distance) and drop <= low * height
