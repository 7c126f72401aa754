"""What the evaluations of models in a manifest share: their options, and how figures are given out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converter.arguments import count, share
from converter.atomic import write_together
from edge.config import DetectorSettings
from edge.interpreter import RUNTIMES
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which models run how, and where the figures go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (default: shipped)")
    parser.add_argument("--runtime", choices=RUNTIMES, default="litert", help="interpreter (default %(default)s)")
    parser.add_argument("--threads", type=count, default=0, help="threads of one model (default: one per CPU)")


def add_confidence(parser: argparse.ArgumentParser) -> None:
    """Add the detector's threshold."""
    parser.add_argument(
        "--confidence",
        type=share,
        default=DetectorSettings().confidence,
        help="detector score (default %(default)s)",
    )


def chosen_detector(arguments: argparse.Namespace, min_face: int) -> MtcnnDetector:
    """The detector of the options; min_face: smallest face, pixels."""
    return MtcnnDetector(
        Manifest(arguments.models),
        min_face=min_face,
        confidence=arguments.confidence,
        runtime=arguments.runtime,
        threads=arguments.threads,
    )


def share_text(figures: Mapping[str, Any], key: str) -> str:
    """A share with its interval."""
    low, high = figures[f"{key}_interval"]
    return f"{figures[key]:.4f} [{low:.4f}, {high:.4f}]"


def write_figures(path: Path | None, figures: Mapping[str, Any]) -> None:
    """Write the figures as JSON where a file was asked for. Raises ModelError when it cannot be written."""
    if path is not None:
        write_together({path: (json.dumps(figures, indent=2) + "\n").encode()})
