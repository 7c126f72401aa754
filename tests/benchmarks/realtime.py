"""A camera's 15 frames a second through capture thread, pipeline and spool, in a process of its own.

    python -m tests.benchmarks.realtime FOLDER OPTIONS EVERY SECONDS

FOLDER holds the frames of a full room, OPTIONS is a JSON object of `side.Options`; faces are looked for in every
EVERY-th frame. Writes a JSON object of `Run` to standard output.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from edge.camera.newest import NewestFrame
from edge.camera.source import stamped
from edge.loading import load_parts
from edge.records import Frame
from edge.spool import Spool
from tests.benchmarks.ours import CountingClassifier, CountingDetector, settings, students
from tests.benchmarks.process import FRAME_SECONDS
from tests.benchmarks.worker import options_of, peak_memory
from tests.cameras import WithoutDevice

WARM_SECONDS = 5.0
"""Until everybody is named."""


@dataclass(frozen=True)
class Run:
    """What came of it, from `WARM_SECONDS` on."""

    faces: int
    every: int
    seconds: float
    frames: int
    """Processed; a camera that is waited for gives fewer than 15 a second."""
    named: int
    """Students known at the end."""
    p50: float
    p95: float
    p99: float
    """Milliseconds from when a frame was taken to when what it tells is in the spool."""
    searches_per_second: float
    found_per_second: float
    """Faces that a search looked at and found, all students."""
    readings_per_second: float
    observations: int
    cpu_milliseconds: float
    """Of a frame, capture included."""
    peak_memory: int
    """Of the process, bytes."""


class PacedCamera(WithoutDevice):
    """Frames from files, in a loop, at the camera's pace."""

    def __init__(self, files: list[Path], seconds: float) -> None:
        self._files = files
        self._frames = round(seconds / FRAME_SECONDS)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        began = time.monotonic()
        for sequence in range(self._frames):
            image = np.load(self._files[sequence % len(self._files)])
            stop.wait(max(0.0, began + sequence * FRAME_SECONDS - time.monotonic()))
            yield stamped(image, sequence)


def run(folder: Path, options: str, every: int, seconds: float) -> Run:
    """Play the frames in folder for so long."""
    given = options_of(options)
    files = sorted(folder.glob("*.npy"))
    with tempfile.TemporaryDirectory() as own:
        chosen = settings(given.threads)
        chosen = replace(
            chosen,
            detector=replace(chosen.detector, every=every),
            spool=replace(chosen.spool, path=Path(own) / "spool.db"),
        )
        parts = load_parts(chosen)
        detector, classifier = CountingDetector(parts.detector), CountingClassifier(parts.classifier)
        pipeline = replace(parts, detector=detector, classifier=classifier).pipeline(chosen)
        pipeline.use_gallery(students(parts, given))
        waits: list[float] = []
        observations = 0
        began: tuple[float, float, int, int, int] | None = None
        camera = PacedCamera(files, WARM_SECONDS + seconds)
        with Spool(chosen.spool) as spool, NewestFrame(camera) as newest:
            opened = time.monotonic()
            for frame in newest.frames(threading.Event()):
                if began is None and time.monotonic() - opened >= WARM_SECONDS:
                    counted = detector.searches, detector.found, classifier.readings
                    began = (time.monotonic(), time.process_time(), *counted)
                found = pipeline.process(frame)
                if found:
                    spool.put(found)
                if began is not None:
                    waits.append(time.monotonic() - frame.monotonic)
                    observations += len(found)
        if began is None:
            raise ValueError(f"the camera ended before {WARM_SECONDS} s")
        lasted = time.monotonic() - began[0]
        p50, p95, p99 = (float(value) * 1e3 for value in np.percentile(waits, (50, 95, 99)))
        return Run(
            faces=len(pipeline.tracks),
            every=every,
            seconds=lasted,
            frames=len(waits),
            named=sum(track.student_id is not None for track in pipeline.tracks),
            p50=p50,
            p95=p95,
            p99=p99,
            searches_per_second=(detector.searches - began[2]) / lasted,
            found_per_second=(detector.found - began[3]) / lasted,
            readings_per_second=(classifier.readings - began[4]) / lasted,
            observations=observations,
            cpu_milliseconds=(time.process_time() - began[1]) / len(waits) * 1e3,
            peak_memory=peak_memory(),
        )


if __name__ == "__main__":
    done = run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    sys.stdout.write(json.dumps(asdict(done)) + "\n")
