"""What the daemon looks at: the demo's clip of four people, or a composed classroom of thirty."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from converter.face_figures import read_aliases
from edge import config, gallery
from edge.demo.cast import HERE, STUDENTS, write_config
from edge.demo.device import enrol
from edge.loading import load_recognition
from edge.manifest import Manifest
from tests.classrooms.casting import Casting
from tests.classrooms.people import People
from tests.classrooms.run import ALIASES

_SECONDS, _FRAMES_PER_SECOND = 20.0, 15.0


def demo_room(folder: Path, port: int) -> Path:
    """The config of the demo's device, whose students are enrolled, for a broker on that port."""
    path = write_config(folder, port)
    for student in STUDENTS:
        enrol(path, student)
    return path


def composed_room(folder: Path, port: int, images: Path, seed: int) -> Path:
    """The same for a clip of thirty people, twenty of them enrolled, from images/<person>/*.jpg."""
    path = write_config(folder, port)
    settings = config.load(path)
    detector, embedder = load_recognition(settings, Manifest())
    room = Casting(People(images, detector), embedder, read_aliases(ALIASES)).room(seed, _SECONDS, _FRAMES_PER_SECOND)
    chosen = settings.recognition
    gallery.create_key(chosen.key_file)
    gallery.save(room.gallery, chosen.gallery, gallery.read_key(chosen.key_file))
    clip = folder / "room.mp4"
    size = (settings.camera.width, settings.camera.height)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), _FRAMES_PER_SECOND, size)
    for frame, _ in room.scene.frames():
        writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
    writer.release()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(json.dumps(str(HERE / "classroom.mp4")), json.dumps(str(clip))), encoding="utf-8")
    return path
