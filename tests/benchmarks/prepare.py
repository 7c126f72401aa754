"""What the sides need before they run: the frames, and the original system's models, float and converted."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from converter.manifest_writer import manifest_text
from edge.camera.clip import Clip
from edge.config import CameraSettings
from edge.demo.cast import HERE
from edge.loading import load_recognition
from edge.manifest import Manifest
from tests.benchmarks import faces, frames
from tests.benchmarks.frames import Room
from tests.benchmarks.ours import CLASSIFIER, EMBEDDER, EMOTION, FULL_ROOM, settings
from tests.benchmarks.process import CHECKOUT

CLIP_FRAMES = 12
"""Of the demo's clip, evenly spaced."""

Say = Callable[[str], None]


def original_models(cache: Path, say: Say) -> tuple[Path, Path]:
    """(folder of the Keras files, folder of the same in int8 with a manifest); made in cache when they are not there.

    VGG-Face at its full size: 580 MB of random weights; converting it takes minutes and 5 GB of memory.
    """
    from tests.converter.legacy_models import EMOTION_ARCH, FACE_CLASSIFIER, FACE_RECOGNITION, write_legacy_models

    floats, int8 = cache / "float", cache / "int8"
    if not (floats / "done").exists():
        say("writing the original system's models, with random weights")
        shutil.rmtree(floats, ignore_errors=True)
        floats.mkdir(parents=True)
        write_legacy_models(floats, FACE_RECOGNITION, FACE_CLASSIFIER, EMOTION_ARCH, width=64, students=FULL_ROOM.faces)
        (floats / "done").touch()
    if not (int8 / "done").exists():
        shutil.rmtree(int8, ignore_errors=True)
        int8.mkdir(parents=True)
        labels = ",".join(f"s-{number:03}" for number in range(1, FULL_ROOM.faces + 1))
        # All layers in 8 bits, as with --calibrate, whose care for the weights costs no time when they run.
        _convert(say, floats / FACE_RECOGNITION, int8 / f"{EMBEDDER}.tflite", "--keep-float")
        _convert(say, floats / EMOTION_ARCH, int8 / f"{EMOTION}.tflite")
        _convert(
            say, floats / FACE_CLASSIFIER, int8 / f"{CLASSIFIER}.tflite",
            "--labels", labels, "--embedder", EMBEDDER, "--threshold", "0.8",
        )  # fmt: skip
        (int8 / "done").touch()
    _add_shipped(int8)
    return floats, int8


def _add_shipped(folder: Path) -> None:
    """Put the shipped models, as they are now, beside the converted ones: the edge takes all from one folder."""
    shipped = Manifest()
    for entry in shipped.entries.values():
        shutil.copy(shipped.directory / entry.file, folder)
    converted = [entry for name, entry in Manifest(folder).entries.items() if name not in shipped.entries]
    text = manifest_text([*converted, *shipped.entries.values()], "# Written by the benchmark.\n")
    (folder / "manifest.toml").write_text(text, encoding="utf-8")


def _convert(say: Say, source: Path, target: Path, *options: str) -> None:
    say(f"converting {source.name}")
    command = [sys.executable, "-m", "converter", "convert", str(source), "-o", str(target), *options]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{source.name} was not converted: {done.stderr.strip()[-500:]}")


def write_rooms(folder: Path, rooms: list[Room], people: Path | None, say: Say) -> dict[Room, list[str]]:
    """The frames of each room, and of `FULL_ROOM`, which students are enrolled from."""
    say("composing the frames")
    detector, embedder = load_recognition(settings(threads=0), Manifest())
    cast = faces.cutouts(FULL_ROOM.faces, detector, embedder, people)
    wanted = dict.fromkeys([FULL_ROOM, *rooms])
    return {room: frames.write(folder / f"{room.faces}-{room.width}x{room.height}", room, cast) for room in wanted}


def write_clip(folder: Path, width: int, height: int) -> list[str]:
    """Frames of the demo's clip, which shows four people, as files like those of `frames.write`."""
    target = folder / f"clip-{width}x{height}"
    target.mkdir(parents=True)
    source = CameraSettings(source=str(HERE / "classroom.mp4"))
    with Clip(source, realtime=False) as clip:
        images = [frame.image for frame in clip.frames(threading.Event())]
    paths = []
    for number, image in enumerate(images[:: len(images) // CLIP_FRAMES][:CLIP_FRAMES]):
        path = target / f"{number:02}.npy"
        np.save(path, cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
        paths.append(str(path))
    return paths
