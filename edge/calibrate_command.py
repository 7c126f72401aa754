"""`classpulse-edge students calibrate`: is the threshold right for the students enrolled here?"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.bundle import open_gallery
from edge.config import load
from edge.enrolment import template_threshold
from edge.errors import GalleryError, PictureError
from edge.loading import load_recognition
from edge.manifest import Manifest
from edge.pictures import SUFFIXES
from edge.portraits import Portrait, Portrayer
from edge.thresholds import Calibration, calibrate

_TAKEN_SHOWN = 5
_HIGHEST = 0.95
"""A threshold above which hardly a second picture of the same person comes."""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `calibrate` below `students`."""
    parser = actions.add_parser(
        "calibrate",
        help="choose recognition.threshold for the students enrolled here",
        description="Search for each enrolled picture as if its student were a stranger, and as itself, and say which "
        "threshold keeps strangers out here, who is hard to recognise, and who looks like whom. Changes nothing.",
    )
    parser.add_argument(
        "--strangers", type=Path, metavar="DIR", help="pictures of people who are not enrolled, each with one face"
    )
    parser.add_argument(
        "--far", type=_share, default=0.01, metavar="SHARE", help="of strangers named, at most (%(default)s)"
    )
    parser.set_defaults(run=_calibrate)
    return parser


def _calibrate(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    if settings.recognition.method == "classifier":
        raise GalleryError(
            "students calibrate: with a classifier the threshold is a confidence, and comes from `train faces`; "
            'this is for recognition.method = "gallery"'
        )
    enrolled = open_gallery(settings)
    detector, embedder = load_recognition(settings, Manifest(settings.runtime.models))
    strangers = _strangers(Portrayer(detector, embedder), arguments.strangers) if arguments.strangers else []
    in_use, shipped = template_threshold(settings, embedder), embedder.threshold
    found = calibrate(enrolled, [each.embedding for each in strangers], in_use, shipped, arguments.far)
    write = sys.stdout.write
    write(f"in use: {in_use:.3f}, which names {found.named} of {found.strangers} strangers\n")
    write(f"advised: {found.threshold:.3f}, for at most {arguments.far:.2%} of the strangers\n")
    if found.genuine:
        write(f"  recognises {found.recognised} of {found.genuine} enrolled pictures by the others of their student\n")
    if found.thin:
        write(
            f"  {found.strangers} strangers are too few to measure that share, so it is not below the shipped "
            f"{shipped:g}; {math.ceil(3 / arguments.far)} would do: --strangers DIR\n"
        )
    _say_who(found, strangers)
    if found.threshold > _HIGHEST:
        write("no threshold keeps these strangers out and names anybody: see who they are taken for\n")
    elif abs(found.threshold - in_use) >= 0.001:
        write(f"to use it, write in [recognition]: threshold = {math.ceil(found.threshold * 1000) / 1000}\n")
    return 0


def _say_who(found: Calibration, strangers: Sequence[Portrait]) -> None:
    for student_id in found.unlike:
        sys.stdout.write(
            f"{student_id}: a picture is unlike the others; enrol again with even light and a frontal face\n"
        )
    for one, other, similarity in found.alike:
        sys.stdout.write(
            f"{one} and {other}: as alike as one person ({similarity:.2f}); a face as near to both is not named\n"
        )
    for index, student_id, similarity in found.taken[:_TAKEN_SHOWN]:
        sys.stdout.write(
            f"{strangers[index].name}: is taken for {student_id} ({similarity:.2f}); make sure that it shows a "
            "stranger\n"
        )


def _strangers(portrayer: Portrayer, folder: Path) -> list[Portrait]:
    """The portraits below folder; says which pictures are none."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise PictureError(f"{folder}: no pictures there ({', '.join(sorted(SUFFIXES))})")
    portraits = []
    for path in paths:
        try:
            portraits.append(portrayer.from_file(path))
        except PictureError as error:
            sys.stderr.write(f"left out: {error}\n")
    return portraits


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share, between 0 and 1")
    return share
