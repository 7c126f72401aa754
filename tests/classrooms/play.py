"""Plays composed rooms to the real pipeline."""

from __future__ import annotations

from pathlib import Path

import cv2

from edge.config import Settings
from edge.loading import Parts
from edge.records import Frame
from edge.tracker import Track
from tests.classrooms.casting import Room
from tests.classrooms.tally import ClipTally


def play(room: Room, settings: Settings, parts: Parts, video: Path | None = None) -> ClipTally:
    """Run a new pipeline over a room's frames; video: an .mp4 to look at, with what the pipeline says drawn in."""
    pipeline = parts.pipeline(settings)
    pipeline.use_gallery(room.gallery.searchable(room.gallery.students[0].enrolled_on))
    frontal = frozenset(actor.person for actor in room.scene.actors if actor.cutout.frontal)
    tally = ClipTally()
    writer = None
    for frame, seen in room.scene.frames():
        observations = pipeline.process(frame)
        tally.frame(frame.monotonic, seen, pipeline.tracks, frontal)
        tally.report(observations)
        if video is not None:
            drawn = _drawn(frame, pipeline.tracks)
            if writer is None:
                codec = cv2.VideoWriter.fourcc(*"mp4v")
                size = (drawn.shape[1], drawn.shape[0])
                writer = cv2.VideoWriter(str(video), codec, room.scene.frames_per_second, size)
            writer.write(drawn)
    tally.report(pipeline.finish())
    if writer is not None:
        writer.release()
    return tally


def _drawn(frame: Frame, tracks: list[Track]) -> cv2.typing.MatLike:
    """The frame in BGR with a box and a name around each face that was found in it."""
    picture = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
    for track in tracks:
        if track.seen_at == frame.monotonic:
            box = track.face.box
            colour = (0, 200, 0) if track.student_id else (200, 200, 200)
            cv2.rectangle(picture, (round(box.x1), round(box.y1)), (round(box.x2), round(box.y2)), colour)
            name = f"{track.track_id} {track.student_id or '?'}"
            cv2.putText(
                picture, name, (round(box.x1), round(box.y1) - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA
            )
    return picture
