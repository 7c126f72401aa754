"""What the evaluations of faces of known people share: their options, and the bar while faces are embedded."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from converter.arguments import positive
from converter.evaluate_options import add_confidence
from converter.progress import progress
from edge.config import DetectorSettings


def add_people(parser: argparse.ArgumentParser) -> None:
    """Add the options that say who is in which pictures, and how their faces are found and embedded."""
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="a folder of pictures per person")
    parser.add_argument("--aliases", type=Path, metavar="FILE", help="folders that are one person, a line for each")
    parser.add_argument("--sizes", type=_sizes, default=(), metavar="60,40", help="also with faces so many pixels high")
    parser.add_argument("--model", default="mobilefacenet", help="embedder of the manifest (default %(default)s)")
    parser.add_argument(
        "--min-face",
        type=positive,
        default=DetectorSettings().min_face,
        help="smallest face, pixels (default %(default)s)",
    )
    add_confidence(parser)


def embedding_bar(size: int | None) -> Callable[[Iterable[Path]], Iterable[Path]]:
    """A progress bar over pictures whose faces are `size` pixels high; None: as they are."""
    return lambda paths: progress(paths, f"faces {size} px" if size else "faces")


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))
