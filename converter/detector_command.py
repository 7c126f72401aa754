"""`classpulse-converter evaluate detector`: are the faces found that are there?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.arguments import positive, share
from converter.detector_figures import Agreement, Drawn, drawn_boxes, frames_below
from converter.difference_sheet import DifferenceSheet
from converter.evaluate_options import add_confidence, add_models, chosen_detector, share_text, write_figures
from converter.peer_detector import PeerMtcnn
from converter.progress import progress
from edge.errors import PictureError
from edge.mtcnn import MtcnnDetector
from edge.records import Box, Face


def add_kind(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `detector` below `evaluate`."""
    parser = kinds.add_parser("detector", help="are the faces found that are there?")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="pictures, clips and *.xml boxes")
    parser.add_argument("--peer", choices=["mtcnn"], help="compare with this detector instead of drawn boxes")
    parser.add_argument("--min-face", type=positive, default=20, help="smallest face, pixels (default %(default)s)")
    parser.add_argument("--iou", type=share, default=0.5, help="overlap that is a match (default %(default)s)")
    parser.add_argument("--every", type=positive, default=1, help="take every n-th frame of a clip (default 1)")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="draw every face that only one side found")
    add_confidence(parser)
    add_models(parser)
    parser.set_defaults(run=evaluate_detector)


def evaluate_detector(arguments: argparse.Namespace) -> int:
    """Compare with drawn boxes or with a peer, print and write the figures. Returns the exit code."""
    if not arguments.images.is_dir():
        raise PictureError(f"{arguments.images}: no such folder")
    detector = chosen_detector(arguments, arguments.min_face)
    sheet = DifferenceSheet()
    against = _against_peer if arguments.peer else _against_boxes
    frames = progress(frames_below(arguments.images, arguments.every), "detecting")
    figures = against(arguments, detector, frames, sheet)
    if arguments.sheet is not None:
        sheet.write(arguments.sheet)
    _report(arguments, figures)
    write_figures(arguments.json, figures)
    return 0


def _against_peer(
    arguments: argparse.Namespace,
    detector: MtcnnDetector,
    frames: Iterable[tuple[str, NDArray[np.uint8]]],
    sheet: DifferenceSheet,
) -> dict[str, Any]:
    peer = PeerMtcnn(arguments.confidence)
    ours, theirs = (Agreement(arguments.iou, arguments.min_face) for _ in range(2))
    unreadable = []
    for name, image in frames:
        if image.size == 0:
            unreadable.append(name)
            continue
        found, peers = detector.detect(image), peer.detect(image)
        _draw(sheet, name, image, ours.add(name, found, [Drawn(face.box) for face in peers], peers))
        theirs.add(name, peers, [Drawn(face.box) for face in found], found)
    return {
        **_figures(arguments, ours),
        "peer": arguments.peer,
        "peer_recall": theirs.figures()["recall"],
        "unreadable": unreadable,
    }


def _against_boxes(
    arguments: argparse.Namespace,
    detector: MtcnnDetector,
    frames: Iterable[tuple[str, NDArray[np.uint8]]],
    sheet: DifferenceSheet,
) -> dict[str, Any]:
    ours = Agreement(arguments.iou, arguments.min_face)
    boxes = drawn_boxes(arguments.images)
    unreadable, absent = [], set(boxes)
    for name, image in frames:
        absent.discard(name)
        if image.size == 0:
            unreadable.append(name)
        elif name in boxes:
            _draw(sheet, name, image, ours.add(name, detector.detect(image), boxes[name]))
    return {**_figures(arguments, ours), "absent": sorted(absent), "unreadable": unreadable}


def _figures(arguments: argparse.Namespace, ours: Agreement) -> dict[str, Any]:
    if ours.pictures == 0:
        raise PictureError(f"{arguments.images}: no readable picture there that has boxes to compare with")
    return ours.figures()


def _draw(
    sheet: DifferenceSheet, name: str, image: NDArray[np.uint8], differences: tuple[list[Box], list[Face]]
) -> None:
    missed, extra = differences
    for box in missed:
        sheet.add(image, box, Path(name).stem, missed=True)
    for face in extra:
        sheet.add(image, face.box, f"{Path(name).stem} {face.confidence:.2f}", missed=False)


def _report(arguments: argparse.Namespace, figures: dict[str, Any]) -> None:
    lines = [
        f"{figures['count']} pictures, {figures['faces']} faces: "
        f"recall {share_text(figures, 'recall')}, precision {share_text(figures, 'precision')} at IoU {arguments.iou}"
    ]
    if arguments.peer:
        lines.append(f"{arguments.peer} finds {figures['peer_recall']:.4f} of ours")
    if "landmark_error" in figures:
        lines.append(
            f"landmarks: mean distance {figures['landmark_error']:.4f} of the box side, "
            f"95% within {figures['landmark_error_p95']:.4f}"
        )
    for kind in ("missed", "extra", "unreadable", "absent"):
        lines += [f"  {kind}: {line}" for line in figures.get(kind, [])]
    sys.stdout.write("\n".join(lines) + "\n")
