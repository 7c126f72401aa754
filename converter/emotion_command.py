"""`classpulse-converter evaluate emotion`: is the right expression label given?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converter.atomic import write_together
from converter.coverage import coverage_chart
from converter.emotion_data import find_samples, load_pictures
from converter.emotion_report import report_lines
from converter.evaluate_emotion import figures_of, read, robustness
from converter.evaluate_options import add_models, write_figures
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
    parser.add_argument("--larger", type=Path, metavar="DIR", help="the same pictures, larger, where there are any")
    parser.add_argument("--robustness", action="store_true", help="also in bad light, turned, small, compressed")
    parser.add_argument("--coverage", type=Path, metavar="PNG", help="draw accuracy over the share that gets a label")
    add_models(parser)
    parser.set_defaults(run=evaluate_emotion)


def evaluate_emotion(arguments: argparse.Namespace) -> int:
    """Classify every picture, print and write the figures. Returns the exit code."""
    samples = find_samples(arguments.folder, arguments.manifest, arguments.larger)
    if arguments.manifest and not any(sample.source for sample in samples):
        raise PictureError(f"{arguments.manifest}: gives a source of none of the pictures in {arguments.folder}")
    passed_over = [f.name for f in sorted(arguments.folder.iterdir()) if f.is_dir() and f.name not in LABELS]
    classifier = EmotionClassifier(
        Manifest(arguments.models), arguments.model, runtime=arguments.runtime, threads=arguments.threads
    )
    pictures = load_pictures(samples)
    probabilities = read(pictures.images, classifier, lambda images: progress(images, "classifying"))
    figures = figures_of(pictures, probabilities)
    if arguments.robustness:
        figures["robustness"] = robustness(pictures, classifier, lambda images: progress(images, "changed pictures"))
    lines = [f"  passed over: {name}, which is none of the labels {', '.join(LABELS)}" for name in passed_over]
    sys.stdout.write("\n".join([*lines, *report_lines(figures)]) + "\n")
    if arguments.coverage is not None:
        write_together({arguments.coverage: coverage_chart(probabilities, pictures.labels)})
    write_figures(arguments.json, figures)
    return 0
