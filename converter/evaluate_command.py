"""`classpulse-converter evaluate ...`: the shipped models, through the edge's own code, on your pictures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from converter import compare_command
from converter.arguments import positive, share
from converter.atomic import write_together
from converter.coverage import coverage_chart
from converter.detector_figures import Agreement, Drawn, drawn_boxes, frames_below
from converter.difference_sheet import DifferenceSheet
from converter.emotion_data import find_samples, load_pictures
from converter.evaluate_emotion import figures_of, read, robustness
from converter.evaluate_faces import FaceSet, verification
from converter.face_figures import read_aliases, read_pairs
from converter.peer_detector import PeerMtcnn
from edge.config import DetectorSettings
from edge.embedder import Embedder
from edge.emotion import EmotionClassifier
from edge.errors import ClassPulseError, PictureError
from edge.interpreter import RUNTIMES
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from edge.records import LABELS, Box, Face

T = TypeVar("T")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evaluate` and what it evaluates."""
    evaluate = commands.add_parser("evaluate", help="measure the models on pictures of yours")
    kinds = evaluate.add_subparsers(dest="what", required=True, metavar="detector|faces|emotion|model")

    detector = kinds.add_parser("detector", help="are the faces found that are there?")
    detector.add_argument("--images", type=Path, required=True, metavar="DIR", help="pictures, clips and *.xml boxes")
    detector.add_argument("--peer", choices=["mtcnn"], help="compare with this detector instead of drawn boxes")
    detector.add_argument("--min-face", type=positive, default=20, help="smallest face, pixels (default %(default)s)")
    detector.add_argument("--iou", type=share, default=0.5, help="overlap that is a match (default %(default)s)")
    detector.add_argument("--every", type=positive, default=1, help="take every n-th frame of a clip (default 1)")
    detector.add_argument("--sheet", type=Path, metavar="PNG", help="draw every face that only one side found")
    detector.set_defaults(run=evaluate_detector)

    faces = kinds.add_parser("faces", help="are people told apart?")
    faces.add_argument("--images", type=Path, required=True, metavar="DIR", help="a folder of pictures per person")
    faces.add_argument("--pairs", type=Path, required=True, metavar="CSV", help="columns fold, same, a, b")
    faces.add_argument("--aliases", type=Path, metavar="FILE", help="folders that are one person, a line for each")
    faces.add_argument("--sizes", type=_sizes, default=(), metavar="60,40", help="also with faces so many pixels high")
    faces.add_argument("--model", default="mobilefacenet", help="embedder of the manifest (default %(default)s)")
    faces.add_argument(
        "--min-face",
        type=positive,
        default=DetectorSettings().min_face,
        help="smallest face, pixels (default %(default)s)",
    )
    faces.set_defaults(run=evaluate_faces)

    emotion = kinds.add_parser("emotion", help="is the right expression label given?")
    emotion.add_argument("folder", type=Path, metavar="DIR", help="a folder of face pictures per label")
    emotion.add_argument("--manifest", type=Path, metavar="CSV", help="columns name, label, source: figures by source")
    emotion.add_argument("--model", default="emotion", help="classifier of the manifest (default %(default)s)")
    emotion.add_argument("--larger", type=Path, metavar="DIR", help="the same pictures, larger, where there are any")
    emotion.add_argument("--robustness", action="store_true", help="also in bad light, turned, small, compressed")
    emotion.add_argument("--coverage", type=Path, metavar="PNG", help="draw accuracy over the share that gets a label")
    emotion.set_defaults(run=evaluate_emotion)

    compare_command.add_kind(kinds)

    for kind in (detector, faces):
        kind.add_argument(
            "--confidence",
            type=share,
            default=DetectorSettings().confidence,
            help="detector score (default %(default)s)",
        )
    for kind in (detector, faces, emotion):
        kind.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
        kind.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (default: shipped)")
        kind.add_argument("--runtime", choices=RUNTIMES, default="litert", help="interpreter (default %(default)s)")
        kind.add_argument("--threads", type=int, default=0, help="threads of one model (default: one per CPU)")


def evaluate_detector(arguments: argparse.Namespace) -> int:
    """Run `evaluate detector`."""
    detector = _detector(arguments, arguments.min_face)
    ours = Agreement(arguments.iou, arguments.min_face)
    sheet = DifferenceSheet()
    figures: dict[str, Any]
    unreadable = []
    frames = _progress("detecting")(_named_frames(arguments))
    if arguments.peer:
        peer, theirs = PeerMtcnn(arguments.confidence), Agreement(arguments.iou, arguments.min_face)
        for name, image in frames:
            if image.size == 0:
                unreadable.append(name)
                continue
            found, peers = detector.detect(image), peer.detect(image)
            _draw(sheet, name, image, ours.add(name, found, [Drawn(face.box) for face in peers], peers))
            theirs.add(name, peers, [Drawn(face.box) for face in found], found)
        figures = {**ours.figures(), "peer": arguments.peer, "peer_recall": theirs.figures()["recall"]}
    else:
        boxes = drawn_boxes(arguments.images)
        absent = set(boxes)
        for name, image in frames:
            absent.discard(name)
            if image.size == 0:
                unreadable.append(name)
            elif name in boxes:
                _draw(sheet, name, image, ours.add(name, detector.detect(image), boxes[name]))
        figures = {**ours.figures(), "absent": sorted(absent)}
    if ours.pictures == 0:
        raise PictureError(f"{arguments.images}: no readable picture there that has boxes to compare with")
    figures["unreadable"] = unreadable
    if arguments.sheet is not None:
        sheet.write(arguments.sheet)
    _say(
        f"{figures['count']} pictures, {figures['faces']} faces: "
        f"recall {_share_text(figures, 'recall')}, precision {_share_text(figures, 'precision')} at IoU {arguments.iou}"
    )
    if arguments.peer:
        _say(f"{arguments.peer} finds {figures['peer_recall']:.4f} of ours")
    if "landmark_error" in figures:
        _say(
            f"landmarks: mean distance {figures['landmark_error']:.4f} of the box side, "
            f"95% within {figures['landmark_error_p95']:.4f}"
        )
    for kind in ("missed", "extra", "unreadable", "absent"):
        for line in figures.get(kind, []):
            _say(f"  {kind}: {line}")
    return _write(arguments.json, figures)


def evaluate_faces(arguments: argparse.Namespace) -> int:
    """Run `evaluate faces`."""
    pairs = read_pairs(arguments.pairs)
    aliases = read_aliases(arguments.aliases) if arguments.aliases else []
    embedder = Embedder(
        Manifest(arguments.models), arguments.model, runtime=arguments.runtime, threads=arguments.threads
    )
    figures: dict[str, Any] = {}
    for size in (None, *arguments.sizes):
        # A reduced face is looked for down to two thirds of its size: its box need not be exact.
        min_face = arguments.min_face if size is None else min(arguments.min_face, max(12, size * 2 // 3))
        detector = _detector(arguments, min_face)
        faces = FaceSet(arguments.images, size, detector, embedder)
        faces.embed(_progress(f"faces {size} px" if size else "faces"))
        measured = verification(faces, pairs, aliases)
        if size is None:
            figures = measured
        else:
            figures.setdefault("by_size", {})[str(size)] = measured
        shown = f"{size} px" if size else "full size"
        _say(
            f"{shown}: accuracy {_share_text(measured, 'accuracy')} of {len(pairs)} pairs; "
            + ", ".join(f"TAR {tar:.4f} at FAR {float(far):.2%}" for far, tar in measured["tar"].items())
            + f"; {len(measured['undetected'])} of {measured['pictures']} faces not found"
        )
    for name in figures["unreadable"]:
        _say(f"  unreadable: {name}")
    return _write(arguments.json, figures)


def evaluate_emotion(arguments: argparse.Namespace) -> int:
    """Run `evaluate emotion`."""
    samples = find_samples(arguments.folder, arguments.manifest, arguments.larger)
    if arguments.manifest and not any(sample.source for sample in samples):
        raise PictureError(f"{arguments.manifest}: gives a source of none of the pictures in {arguments.folder}")
    for folder in sorted(arguments.folder.iterdir()):
        if folder.is_dir() and folder.name not in LABELS:
            _say(f"  passed over: {folder.name}, which is none of the labels {', '.join(LABELS)}")
    pictures = load_pictures(samples)
    classifier = EmotionClassifier(
        Manifest(arguments.models), arguments.model, runtime=arguments.runtime, threads=arguments.threads
    )
    probabilities = read(pictures.images, classifier, _progress("classifying"))
    figures = figures_of(pictures, probabilities)
    low, high = figures["macro_f1_interval"]
    _say(
        f"{figures['count']} pictures: macro-F1 {figures['macro_f1']:.4f} [{low:.4f}, {high:.4f}], "
        f"accuracy {_share_text(figures, 'accuracy')}, ECE {figures['ece']:.4f}"
    )
    for label, recall in figures["recall"].items():
        by_source = ", ".join(
            f"{source} {shares[label]:.3f}" for source, shares in figures["recall_by_source"].items() if label in shares
        )
        _say(f"  {label:8} recall {recall:.4f}" + (f"  ({by_source})" if by_source else ""))
    if arguments.robustness:
        figures["robustness"] = robustness(pictures, classifier, _progress("changed pictures"))
        for name, row in figures["robustness"].items():
            _say(f"  {name:22} macro-F1 {row['macro_f1']:.4f}, lowest recall {row['lowest_recall']:.4f}")
    if arguments.coverage is not None:
        write_together({arguments.coverage: coverage_chart(probabilities, pictures.labels)})
    for name in figures["unreadable"]:
        _say(f"  unreadable: {name}")
    return _write(arguments.json, figures)


def _detector(arguments: argparse.Namespace, min_face: int) -> MtcnnDetector:
    return MtcnnDetector(
        Manifest(arguments.models),
        min_face=min_face,
        confidence=arguments.confidence,
        runtime=arguments.runtime,
        threads=arguments.threads,
    )


def _draw(
    sheet: DifferenceSheet, name: str, image: NDArray[np.uint8], differences: tuple[list[Box], list[Face]]
) -> None:
    missed, extra = differences
    for box in missed:
        sheet.add(image, box, Path(name).stem, missed=True)
    for face in extra:
        sheet.add(image, face.box, f"{Path(name).stem} {face.confidence:.2f}", missed=False)


def _named_frames(arguments: argparse.Namespace) -> Iterable[tuple[str, Any]]:
    if not arguments.images.is_dir():
        raise PictureError(f"{arguments.images}: no such folder")
    return frames_below(arguments.images, arguments.every)


def _progress(what: str) -> Callable[[Iterable[T]], Iterable[T]]:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return lambda items: track(
        items, description=what, console=console, transient=True, disable=not console.is_terminal
    )


def _share_text(figures: dict[str, Any], key: str) -> str:
    low, high = figures[f"{key}_interval"]
    return f"{figures[key]:.4f} [{low:.4f}, {high:.4f}]"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _write(path: Path | None, figures: dict[str, Any]) -> int:
    if path is not None:
        try:
            path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise ClassPulseError(f"{path}: cannot write the figures: {error.strerror}") from error
    return 0


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))
