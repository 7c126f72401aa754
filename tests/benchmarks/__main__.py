"""Time our detector beside PyPI `mtcnn` 1.0.0 and OpenCV's Haar cascade on the same frames, in turns.

Ratios, because a shared machine's speed drifts: each round times every side once, and what is reported
is the median over rounds of each side's time over ours.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.peer_detector import PeerMtcnn
from edge.camera.clip import Clip
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector

CLIP = Path(__file__).resolve().parents[2] / "edge" / "demo" / "classroom.mp4"
SIZES = ((480, 640), (720, 1280))
MIN_FACE = 20
"""The one minimum at which mtcnn 1.0.0 works."""


def frames(height: int, width: int, count: int) -> list[NDArray[np.uint8]]:
    """Evenly spaced frames of the demo's clip, (height, width, 3) uint8 RGB."""

    with Clip(CLIP, frames_per_second=15, realtime=False) as clip:
        images = [frame.image for frame in clip.frames(threading.Event())]
    chosen = images[:: max(1, len(images) // count)][:count]
    return [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8) for image in chosen]


def sides() -> dict[str, Callable[[NDArray[np.uint8]], object]]:
    """Each contestant by name, ours first."""
    manifest = Manifest()
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    return {
        "ours": MtcnnDetector(manifest, min_face=MIN_FACE, threads=1).detect,
        "ours, min_face 40": MtcnnDetector(manifest, min_face=40, threads=1).detect,
        "mtcnn 1.0.0": PeerMtcnn(0.8).detect,
        "Haar, scale 1.1": lambda image: cascade.detectMultiScale(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), scaleFactor=1.1, minSize=(MIN_FACE, MIN_FACE)
        ),
    }


def main() -> int:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="frames timed per side and size (default %(default)s)")
    rounds: int = parser.parse_args().rounds
    contestants = sides()
    sys.stdout.write(
        "| frame | side | ms a frame, median | time over ours, median | lowest - highest |\n|---|---|---|---|---|\n"
    )
    for height, width in SIZES:
        images = frames(height, width, rounds)
        for detect in contestants.values():  # allocation and first-call work are not the question
            detect(images[0])
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for image in images:
            for name, detect in contestants.items():
                began = time.perf_counter()
                detect(image)
                seconds[name].append(time.perf_counter() - began)
        for name, times in seconds.items():
            ratios = [other / own for other, own in zip(times, seconds["ours"], strict=True)]
            median = f"{statistics.median(times) * 1000:.1f} | {statistics.median(ratios):.2f}"
            sys.stdout.write(f"| {width}x{height} | {name} | {median} | {min(ratios):.2f} - {max(ratios):.2f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
