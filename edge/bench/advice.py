"""Whether a device keeps up with a room, and which setting to lower where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edge.bench.measure import Figures
from edge.bench.room import face_height
from edge.config import Settings

FOUND = 0.8
"""Share of the faces shown that must be found for the other figures to mean anything."""
_DOING = {"detect": "looking for faces", "embed": "embedding faces", "read": "reading expressions"}


@dataclass(frozen=True)
class Verdict:
    """What a technician should know."""

    keeps_up: bool
    lines: tuple[str, ...]


def judge(settings: Settings, figures: Figures) -> Verdict:
    """Whether this device holds the camera's frames, and reads often enough to report, in the room of figures."""
    camera, report = settings.camera, settings.report
    wanted = camera.frames_per_second
    enough = 10 * report.minimum_readings / report.interval_seconds
    held = figures.frames_per_second
    lines = [
        f"{figures.room}, {camera.width}x{camera.height}: {held:.1f} frames a second, the camera gives {wanted:g}"
        + (f"; {figures.readings:.1f} readings of each face in 10 s" if figures.readings is not None else "")
    ]
    if figures.found is not None and figures.found < FOUND * figures.faces:
        size = face_height(camera.width, camera.height)
        lines.append(
            f"only {figures.found:.1f} of {figures.faces} faces were found, which are {size:.0f} px high here: "
            f"the figures flatter; detector.min_face is {settings.detector.min_face}"
        )
        return Verdict(False, tuple(lines))
    slow = held < wanted
    rare = figures.readings is not None and figures.readings < enough
    if not slow and not rare:
        return Verdict(True, (*lines, "it keeps up"))
    if rare:
        lines.append(f"a label needs {enough:g} readings in 10 s: less will be reported than could be seen")
    if not slow:
        more = 2 * settings.emotion.readings_per_frame
        lines.append(f"it is fast enough for more: write [emotion] readings_per_frame = {more}, and try again")
        return Verdict(False, tuple(lines))
    stage, share = max(figures.stage_share.items(), key=lambda item: item[1])
    lines.append(f"too slow: {share:.0%} of the time goes into {_DOING[stage]}; write one of these, and try again:")
    lines += [f"  {change}" for change in _changes(settings, stage, held)]
    return Verdict(False, tuple(lines))


def _changes(settings: Settings, stage: str, held: float) -> Iterator[str]:
    """Settings that make `stage` cheaper, what costs least first."""
    detector, recognition, emotion = settings.detector, settings.recognition, settings.emotion
    if stage == "detect":
        if detector.every == 1:
            yield "[detector] every = 2: looks for faces in every second frame"
        # Not camera.detection_width: P-Net's pyramid begins where the smallest face is 12 px, whatever it is made from.
        yield f"[detector] min_face = {detector.min_face * 3 // 2}: misses faces further away"
    if stage == "embed" and recognition.embeddings_per_frame > 1:
        yield f"[recognition] embeddings_per_frame = {recognition.embeddings_per_frame // 2}: people are named later"
    if stage == "read" and emotion.readings_per_frame > 1:
        yield f"[emotion] readings_per_frame = {emotion.readings_per_frame // 2}: each face is read more rarely"
    yield f"[camera] frames_per_second = {max(1, int(held))}: what this device holds; fast movers are lost"
