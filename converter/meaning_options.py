"""Options that say what a Keras model takes and gives, the same for every command that reads one."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from converter.arguments import number, positive
from converter.role_defaults import Said, read_said
from converter.source import Source, read_source
from edge.manifest import COLOURS, CROPS, NORMS

ROLES = ("emotion", "embed", "identify")
"""Those that a Keras model of a user's can have."""


def add_meaning(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`, and the group of everything that a Keras file does not say itself."""
    parser.add_argument("--weights", type=Path, metavar="H5", help="weights of an architecture in .json")
    meaning = parser.add_argument_group("what the model takes and gives", "as usual for its kind where left out")
    meaning.add_argument(
        "--size", type=positive, metavar="PIXELS", help="side of the input, for a model that takes any"
    )
    meaning.add_argument("--embedding-layer", metavar="LAYER", help="its output is the embedding")
    meaning.add_argument("--colour", choices=COLOURS)
    meaning.add_argument("--subtract", type=_numbers, metavar="N[,N,N]", help="from each pixel, in colour order")
    meaning.add_argument("--divide", type=_numbers, metavar="N[,N,N]", help="by this, after that")
    meaning.add_argument("--crop", choices=CROPS, help="how the face is cut for an embedder")
    meaning.add_argument(
        "--mirror", action=argparse.BooleanOptionalAction,
        help="whether an embedder sees the mirror image of each face too: steadier, at twice the time",
    )  # fmt: skip
    meaning.add_argument("--threshold", type=float, help="below it a face is unknown")
    meaning.add_argument("--temperature", type=float, help="divides the logits of a classifier")
    meaning.add_argument("--labels", type=_labels, metavar="A,B,...|FILE", help="of a classifier, in output order")
    meaning.add_argument("--embedder", metavar="NAME", help="whose embeddings a face classifier takes")
    meaning.add_argument("--norm", choices=NORMS, help="of these embeddings")
    meaning.add_argument("--licence", help="of the weights, for manifest and card")


def read_model(path: Path, arguments: argparse.Namespace) -> tuple[Source, Said]:
    """The float model in path, and what the options and the file beside it say of it. Raises ModelError."""
    size = (arguments.size, arguments.size) if arguments.size else None
    source = read_source(path, arguments.weights, output_layer=arguments.embedding_layer, size=size)
    said = Said(**{field.name: getattr(arguments, field.name) for field in fields(Said)})
    return source, said.over(read_said(path))


def _numbers(text: str) -> float | tuple[float, ...]:
    values = tuple(number(part) for part in text.split(","))
    return values[0] if len(values) == 1 else values


def _labels(text: str) -> tuple[str, ...]:
    """Separated by commas, or one a line in the file called so."""
    path = Path(text)
    parts = path.read_text(encoding="utf-8").splitlines() if path.is_file() else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())
