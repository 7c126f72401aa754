"""Play clips to the detector, tracker, gate, classifier and reporter of the product, in the clips' own time.

Prints when a face read as tired, what was published, and what the gate refused; who a face is stays outside: every
track counts as a student. By when the eye saw a yawn (--yawns) it judges what was published.

Exit code 0: done; 1: a yawn was not published as tired, or tired was published where nobody yawned; 2: nothing could be
measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2

from converter.arguments import positive
from edge.camera import open_camera
from edge.config import Settings, parse
from edge.detector import open_detector
from edge.emotion import EmotionClassifier
from edge.errors import CameraError, ClassPulseError
from edge.manifest import Manifest
from tests.conftest import CONFIG
from tests.yawning import told
from tests.yawning.spans import Span, parse_spans
from tests.yawning.timeline import timeline
from tests.yawning.verdict import judge
from tests.yawning.watching import Watched, watch

FAILED, NOT_MEASURED = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch and tell; returns the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    yawns: tuple[Span, ...] | None = given.yawns
    if yawns is not None and len(given.clips) > 1:
        parser.error(f"--yawns: tells of one clip, and there are {len(given.clips)}; run once for each")
    if given.png and importlib.util.find_spec("matplotlib") is None:
        parser.error("--png: needs matplotlib; install it by: pip install 'classpulse[converter]'")
    for option, path in (("--png", given.png), ("--json", given.json)):
        if path is not None and not path.parent.is_dir():
            parser.error(f"{option}: {path.parent}: there is no such folder; create it first")
    try:
        watched = watch_clips(given.clips, given.models, given.every)
    except ClassPulseError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_MEASURED
    verdicts = [judge(clip, yawns) if yawns is not None else None for clip in watched]
    told_of = list(zip(watched, verdicts, strict=True))
    sys.stdout.write("\n".join(told.text(clip, verdict) for clip, verdict in told_of))
    if len(watched) > 1:
        sys.stdout.write("\n" + told.total(watched))
    try:
        if given.png:
            given.png.write_bytes(timeline(watched, yawns or ()))
        if given.json:
            clips = [told.data(clip, verdict) for clip, verdict in told_of]
            given.json.write_text(json.dumps({"clips": clips}, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{error.filename}: cannot be written: {error.strerror}; choose another place\n")
        return NOT_MEASURED
    return FAILED if any(verdict is not None and not verdict.passed for verdict in verdicts) else 0


def watch_clips(clips: Sequence[Path], models: Path | None = None, every: int = 1) -> list[Watched]:
    """What becomes of each clip at the default settings.

    models: their folder; None: those of the repository. every: one of so many frames is looked at.

    Raises ClassPulseError.
    """
    cv2.setNumThreads(1)
    for clip in clips:
        if not clip.is_file():
            raise CameraError(f"{clip}: there is no such clip; write the path of a video file")
    settings = _settings(models)
    manifest = Manifest(settings.runtime.models)
    detector = open_detector(settings, manifest)
    runtime, threads = settings.runtime.interpreter, settings.runtime.threads
    classifier = EmotionClassifier(manifest, settings.emotion.model, runtime=runtime, threads=threads)
    watched = []
    for clip in clips:
        camera = replace(settings.camera, source=str(clip))
        with open_camera(camera, realtime=False) as source:
            frames = islice(source.frames(threading.Event()), 0, None, every)
            watched.append(watch(clip.name, frames, settings, detector, classifier))
    return watched


def _settings(models: Path | None) -> Settings:
    """Those of a config that says no more than it must."""
    with tempfile.TemporaryDirectory() as folder:
        settings = parse(CONFIG.format(folder=folder), Path(folder) / "edge.toml")
    return replace(settings, runtime=replace(settings.runtime, threads=1, models=models))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.yawning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP", help="a video file, at its own frame rate")
    parser.add_argument(
        "--yawns", type=_spans, metavar="SPANS", help="when the eye saw yawns: 12.0-17.5,30-35, or none"
    )
    parser.add_argument(
        "--every", type=positive, default=1, metavar="N", help="look at every n-th frame, as a slow board does"
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw a timeline there; it shows no face")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every reading and report there")
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="manifest.toml and models (default: the repository's)"
    )
    return parser


def _spans(text: str) -> tuple[Span, ...]:
    try:
        return parse_spans(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
