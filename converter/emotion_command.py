"""`classpulse-converter evaluate emotion`: is the right expression label given?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from converter.emotion_data import find_samples, load_pictures
from converter.evaluate_emotion import emotion_figures
from converter.evaluate_options import add_models, share_text, write_figures
from converter.progress import progress
from edge.emotion import EmotionClassifier
from edge.errors import PictureError
from edge.manifest import Manifest
from edge.records import LABELS


def add_kind(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `emotion` below `evaluate`."""
    parser = kinds.add_parser("emotion", help="is the right expression label given?")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of face pictures per label")
    parser.add_argument("--manifest", type=Path, metavar="CSV", help="columns name, label, source: figures by source")
    parser.add_argument("--model", default="emotion", help="classifier of the manifest (default %(default)s)")
    add_models(parser)
    parser.set_defaults(run=evaluate_emotion)


def evaluate_emotion(arguments: argparse.Namespace) -> int:
    """Classify every picture, print and write the figures. Returns the exit code."""
    samples = find_samples(arguments.folder, arguments.manifest)
    if arguments.manifest and not any(sample.source for sample in samples):
        raise PictureError(f"{arguments.manifest}: gives a source of none of the pictures in {arguments.folder}")
    passed_over = [f.name for f in sorted(arguments.folder.iterdir()) if f.is_dir() and f.name not in LABELS]
    classifier = EmotionClassifier(
        Manifest(arguments.models), arguments.model, runtime=arguments.runtime, threads=arguments.threads
    )
    figures = emotion_figures(load_pictures(samples), classifier, lambda images: progress(images, "classifying"))
    _report(figures, passed_over)
    write_figures(arguments.json, figures)
    return 0


def _report(figures: dict[str, Any], passed_over: list[str]) -> None:
    low, high = figures["macro_f1_interval"]
    lines = [f"  passed over: {name}, which is none of the labels {', '.join(LABELS)}" for name in passed_over]
    lines.append(
        f"{figures['count']} pictures: macro-F1 {figures['macro_f1']:.4f} [{low:.4f}, {high:.4f}], "
        f"accuracy {share_text(figures, 'accuracy')}, ECE {figures['ece']:.4f}"
    )
    for label, recall in figures["recall"].items():
        by_source = ", ".join(
            f"{source} {shares[label]:.3f}" for source, shares in figures["recall_by_source"].items() if label in shares
        )
        lines.append(f"  {label:8} recall {recall:.4f}" + (f"  ({by_source})" if by_source else ""))
    lines += [f"  unreadable: {name}" for name in figures["unreadable"]]
    sys.stdout.write("\n".join(lines) + "\n")
