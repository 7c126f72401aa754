"""Prints what the demo's clip gives, frame by frame and whatever time that takes: to compare two kinds of machine.

python -m tests.systemd.observe_clip    (or, where the package is installed, the file alone)
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from edge.camera.clip import Clip
from edge.config import load
from edge.demo.cast import CONSENT, STUDENTS, write_config
from edge.enrolment import enrol
from edge.loading import EnrolledStudents, load_parts, load_recognition
from edge.manifest import Manifest
from edge.portraits import Portrayer


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = load(write_config(Path(folder), 1))
        detector, embedder = load_recognition(settings, Manifest())
        for student in STUDENTS:
            portrait = Portrayer(detector, embedder).from_file(student.picture)
            enrol(settings, embedder, student.student_id, CONSENT, [portrait])
        pipeline = load_parts(settings).pipeline(settings)
        search = EnrolledStudents(settings).changed()
        assert search is not None
        pipeline.use_gallery(search)
    with Clip(replace(settings.camera, loop=False), realtime=False) as clip:
        for frame in clip.frames(threading.Event()):
            for observation in pipeline.process(frame):
                print(frame.sequence, observation.student_id, observation.emotion)
    for observation in pipeline.finish():
        print("end", observation.student_id, observation.emotion)


if __name__ == "__main__":
    main()
