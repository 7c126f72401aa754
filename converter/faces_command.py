"""`classpulse-converter evaluate faces`: are people told apart, and by which threshold?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from converter.evaluate_faces import FaceSet, smallest_face, verification
from converter.evaluate_options import add_models, chosen_detector, share_text, write_figures
from converter.face_figures import read_aliases, read_pairs
from converter.people_options import add_people, embedding_bar
from edge.embedder import Embedder
from edge.manifest import Manifest


def add_kind(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `faces` below `evaluate`."""
    parser = kinds.add_parser("faces", help="are people told apart, and by which threshold?", description=__doc__)
    add_people(parser)
    parser.add_argument(
        "--pairs", type=Path, metavar="CSV", help="columns fold, same, a, b: their accuracy too (default: all pairs)"
    )
    add_models(parser)
    parser.set_defaults(run=evaluate_faces)


def evaluate_faces(arguments: argparse.Namespace) -> int:
    """Embed every face at every size, print and write the figures. Returns the exit code."""
    pairs = read_pairs(arguments.pairs) if arguments.pairs else []
    aliases = read_aliases(arguments.aliases) if arguments.aliases else []
    embedder = Embedder(
        Manifest(arguments.models), arguments.model, runtime=arguments.runtime, threads=arguments.threads
    )
    figures: dict[str, Any] = {}
    for size in (None, *arguments.sizes):
        detector = chosen_detector(arguments, smallest_face(size, arguments.min_face))
        faces = FaceSet(arguments.images, size, detector, embedder)
        faces.embed(embedding_bar(size))
        measured = verification(faces, pairs, aliases)
        if size is None:
            figures = measured
        else:
            figures.setdefault("by_size", {})[str(size)] = measured
        _say(_summary(f"{size} px" if size else "full size", measured))
    for far, threshold in figures["threshold_at_far"].items():
        few = "" if figures["impostor_pairs"] * float(far) >= 1 else ": a guess, of too few people"
        _say(f"  threshold {threshold:.4f} keeps FAR at {float(far):.2%}{few}")
    for name in figures["unreadable"]:
        _say(f"  unreadable: {name}")
    write_figures(arguments.json, figures)
    return 0


def _summary(shown: str, measured: dict[str, Any]) -> str:
    accuracy = (
        f"accuracy {share_text(measured, 'accuracy')} of {measured['count']} pairs; " if measured["count"] else ""
    )
    tars = ", ".join(f"TAR {tar:.4f} at FAR {float(far):.2%}" for far, tar in measured["tar"].items())
    return f"{shown}: {accuracy}{tars}; {len(measured['undetected'])} of {measured['pictures']} faces not found"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
