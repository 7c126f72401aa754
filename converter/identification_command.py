"""`classpulse-converter evaluate identification`: are enrolled people named, and strangers not?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converter.arguments import positive
from converter.atomic import write_together
from converter.evaluate_faces import FaceSet, smallest_face
from converter.evaluate_options import add_models, chosen_detector, write_figures
from converter.face_figures import read_aliases
from converter.identification import answers, drawn, figures, pictures_by_person
from converter.people_options import add_people, embedding_bar
from edge.embedder import Embedder
from edge.errors import PictureError
from edge.manifest import Manifest


def add_kind(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `identification` below `evaluate`."""
    parser = kinds.add_parser(
        "identification",
        help="are enrolled people named, and strangers not?",
        description="Enrol everybody of whom there are enough pictures from a few of them, and search for the others, "
        "and for everybody else, by the rule that the edge names people by. With --sizes what is searched for is "
        "reduced, what was enrolled is not.",
    )
    add_people(parser)
    parser.add_argument(
        "--enrol", type=positive, default=3, metavar="N", help="pictures to enrol a person from (default %(default)s)"
    )
    parser.add_argument(
        "--least", type=positive, default=5, metavar="N", help="pictures of who is enrolled (default %(default)s)"
    )
    parser.add_argument(
        "--draws", type=positive, default=10, metavar="N", help="choices of those pictures (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first choice (default %(default)s)")
    parser.add_argument("--chart", type=Path, metavar="PNG", help="draw who is named against who should not be")
    add_models(parser)
    parser.set_defaults(run=evaluate_identification)


def evaluate_identification(arguments: argparse.Namespace) -> int:
    """Embed every face at every size, search, print and write the figures. Returns the exit code."""
    if arguments.least <= arguments.enrol:
        raise PictureError(f"--least {arguments.least} leaves nothing to search for with --enrol {arguments.enrol}")
    aliases = read_aliases(arguments.aliases) if arguments.aliases else []
    embedder = Embedder(
        Manifest(arguments.models), arguments.model, runtime=arguments.runtime, threads=arguments.threads
    )
    faces = _embedded(arguments, embedder, None)
    people = pictures_by_person(faces, aliases)
    seeds = range(arguments.seed, arguments.seed + arguments.draws)
    draws = [drawn(faces, people, arguments.enrol, arguments.least, seed) for seed in seeds]
    measured: dict[str, Any] = {
        "enrolled": len(draws[0].enrolled),
        "enrolled_from": arguments.enrol,
        "strangers": len(draws[0].strangers),
        "seeds": list(seeds),
        **figures(answers(draws, faces, faces), embedder.threshold),
        "undetected": faces.undetected,
        "unreadable": faces.unreadable,
    }
    _say(
        f"{measured['enrolled']} people enrolled, pictures of each: {arguments.enrol}; {measured['probes']} other "
        f"pictures of them, {measured['stranger_pictures']} of {measured['strangers']} strangers; draws: {len(seeds)}"
    )
    _report("full size", measured)
    for size in arguments.sizes:
        reduced = _embedded(arguments, embedder, size)
        by_size = figures(answers(draws, faces, reduced), embedder.threshold)
        measured.setdefault("by_size", {})[str(size)] = by_size
        _report(f"{size} px", by_size)
    for name in faces.unreadable:
        _say(f"  unreadable: {name}")
    if arguments.chart is not None:
        from converter.identification_chart import identification_chart  # matplotlib takes a second

        write_together({arguments.chart: identification_chart(measured)})
    write_figures(arguments.json, measured)
    return 0


def _embedded(arguments: argparse.Namespace, embedder: Embedder, size: int | None) -> FaceSet:
    detector = chosen_detector(arguments, smallest_face(size, arguments.min_face))
    faces = FaceSet(arguments.images, size, detector, embedder)
    faces.embed(embedding_bar(size))
    return faces


def _report(shown: str, measured: Mapping[str, Any]) -> None:
    shipped = measured["shipped"]
    _say(
        f"{shown}: rank-1 {_text(measured['rank1'])}; no face found in {measured['probes_without_face']:.1f} of "
        f"{measured['probes']}"
    )
    _say(
        f"  as shipped (threshold {shipped['threshold']:g}, margin {shipped['margin']:g}): "
        f"TPIR {_text(shipped['tpir'])}, another name {_text(shipped['misidentified'])}, FPIR {_text(shipped['fpir'])}"
    )
    for fpir, at in measured["at_fpir"].items():
        few = "" if measured["stranger_pictures"] * float(fpir) >= 1 else ": a guess, of too few strangers"
        _say(f"  TPIR {_text(at['tpir'])} at FPIR {float(fpir):.1%} (threshold {at['threshold']:.4f}{few})")


def _text(share: Mapping[str, Any]) -> str:
    low, high = share["interval"]
    return f"{share['share']:.4f} [{low:.4f}, {high:.4f}]"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
