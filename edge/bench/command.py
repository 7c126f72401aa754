"""`classpulse-edge bench`: the options, the table, the figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from edge.bench.advice import Verdict, judge
from edge.bench.measure import Figures, measure, peak_memory
from edge.bench.room import Room, clip, composed
from edge.bench.stages import full_search
from edge.config import AuthorisationSettings, CameraSettings, MqttSettings, Settings, load
from edge.errors import ClassPulseError
from edge.loading import load_parts

FACES = (0, 1, 4, 10, 30)
SECONDS = 8.0
MOST_FACES = 100
_HEADINGS = ("room", "found", "detect", "embed", "read", "frame: p50", "p95", "p99", "frames/s", "CPU s", "read/10 s")
_ROW = "{:<9}" + "{:>11}" * 10


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `bench`."""
    parser = commands.add_parser(
        "bench",
        help="how fast the models are on this device; 1: too slow for the fullest room",
        description="Play the demo's clip and composed rooms to the daemon's pipeline, on this device, and say how "
        "long each model takes, how many frames a second it holds, and which setting to lower where it is too slow. "
        "Takes about a minute and observes nobody. The exit code is 1 when the fullest room is too much.",
        epilog="Columns: faces found on average; ms of one search for faces, one embedding, one reading (median); ms "
        "of a frame; frames a second that can be held; CPU seconds of all cores for a frame; readings of each face's "
        "expression in 10 s. A room without faces is still, and searched once a second.",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="its models, frame size and limits (default: the built-in ones)"
    )
    parser.add_argument(
        "--faces", type=_faces, default=FACES, metavar="N,N", help="people in the composed rooms (default 0,1,4,10,30)"
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=SECONDS, help="of each composed room, 3 to 600 (default %(default)g)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure room after room, and say what came of each. Returns the exit code."""
    settings = load(arguments.config) if arguments.config else _defaults()
    parts = load_parts(settings)
    search = full_search(settings, parts)
    machine = _machine()
    _say(f"{machine['processor']}, {machine['cpus']} CPUs, {settings.runtime.interpreter}; times in ms")
    _say(_ROW.format(*_HEADINGS))
    measured = []
    for room in _rooms(settings, arguments.faces, arguments.seconds):
        tell = _progress(room.name)
        measured.append(measure(settings, parts, search, room, tell))
        tell(None)
        _say(_row(measured[-1]))
    memory = peak_memory()
    if memory is not None:
        _say(f"peak memory {memory / 1e6:.0f} MB, of which broker connection and spool are no part")
    verdict = judge(settings, measured[-1])
    for line in verdict.lines:
        _say(line)
    if arguments.json:
        _write(arguments.json, _document(settings, parts.models, measured, memory, verdict))
    return 0 if verdict.keeps_up else 1


def _rooms(settings: Settings, faces: Sequence[int], seconds: float) -> Iterator[Room]:
    """The fullest one last."""
    yield clip(settings.camera)
    for count in sorted(set(faces)):
        yield composed(settings.camera, count, seconds)


def _defaults() -> Settings:
    """What holds without a config. Nobody is observed, so that no authorisation is needed."""
    nobody = AuthorisationSettings("safety", "bench", "bench: no camera, nobody is observed", date.today())
    return Settings("bench", nobody, CameraSettings("picamera2"), MqttSettings("127.0.0.1"))


def _row(figures: Figures) -> str:
    stages = [figures.stage_ms.get(stage) for stage in ("detect", "embed", "read")]
    cells = [
        _number(figures.found, 1),
        *(_number(each, 1) for each in (*stages, *figures.frame_ms)),
        _number(figures.frames_per_second, 1),
        _number(figures.cpu_seconds, 4),
        _number(figures.readings, 1),
    ]
    return _ROW.format(figures.room, *cells)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _progress(room: str) -> Callable[[float | None], None]:
    """Shows on a terminal how far a room is; None: it is done."""
    if not sys.stderr.isatty():
        return lambda _: None

    def tell(seconds: float | None) -> None:
        sys.stderr.write("\r\x1b[K" if seconds is None else f"\r{room}: {seconds:.0f} s played")
        sys.stderr.flush()

    return tell


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """What the firmware calls the board, or the system the processor."""
    for path, prefix in ((Path("/proc/device-tree/model"), ""), (Path("/proc/cpuinfo"), "model name")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").strip("\0\n").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(prefix):
                return line.split(":", 1)[-1].strip()
    return platform.machine()


def _document(
    settings: Settings, models: dict[str, str], measured: list[Figures], memory: int | None, verdict: Verdict
) -> dict[str, Any]:
    camera = settings.camera
    return {
        "machine": _machine(),
        "interpreter": settings.runtime.interpreter,
        "models": models,
        "settings": {
            "width": camera.width,
            "height": camera.height,
            "frames_per_second": camera.frames_per_second,
            "detection_width": camera.detection_width,
            "detector": asdict(settings.detector),
            "embeddings_per_frame": settings.recognition.embeddings_per_frame,
            "readings_per_frame": settings.emotion.readings_per_frame,
            "reading_seconds": settings.emotion.reading_seconds,
        },
        "rooms": [asdict(figures) for figures in measured],
        "peak_memory_bytes": memory,
        "keeps_up": verdict.keeps_up,
        "verdict": verdict.lines,
    }


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ClassPulseError(f"{path}: cannot be written ({error.strerror}); name another file") from error


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _faces(text: str) -> tuple[int, ...]:
    counts = text.split(",")
    if not all(count.strip().isdecimal() and int(count) <= MOST_FACES for count in counts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers of people, 0..{MOST_FACES} each")
    return tuple(int(count) for count in counts)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 3 <= seconds <= 600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 3..600")
    return seconds
