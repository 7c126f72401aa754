"""`classpulse-converter train faces DIR -o OUT.keras`: from pictures of students to a classifier of their faces.

DIR holds a folder of pictures for each student, called by the student's ID, and may hold a folder `unknown` of
other people. Beside OUT.keras lie OUT.json, what it takes, its students, its threshold and its figures, and
OUT.png, the learning curves. `convert` takes OUT.keras and OUT.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from converter.arguments import count, number, positive
from converter.atomic import write_together
from converter.face_embeddings import Embedded, FaceReader
from converter.face_pictures import (
    UNKNOWN_FOLDER,
    FacePicture,
    Split,
    find_strangers,
    find_students,
    split_strangers,
    split_students,
)
from converter.face_thresholds import TARGET, choose_threshold, identification_figures
from converter.keras_models import keras_bytes, tensorflow
from converter.learning_curves import draw_curves
from converter.progress import progress
from edge.embedder import Embedder
from edge.errors import ModelError
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector

if TYPE_CHECKING:
    from converter.face_training import TrainedClassifier, TrainingSettings

MIN_FACE = 32
"""Smallest face looked for, px: pictures are also varied to smaller ones than a gallery would take."""
FEW_STRANGERS = 300
"""Below so many pictures, an FPIR of 1% is a guess: its interval is as wide as itself."""


def add_kind(models: Any) -> None:
    """Add `faces` to the argparse subparsers object of `train`."""
    parser = models.add_parser("faces", help="a classifier of students' faces", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder of pictures for each student ID")
    parser.add_argument("-o", "--output", metavar="OUT.keras", type=Path, required=True)
    parser.add_argument("--unknown", metavar="DIR", type=Path, help=f"other people (default: DIR/{UNKNOWN_FOLDER})")
    parser.add_argument(
        "--architecture", choices=["ours", "seed"], default="ours", help="angles, or dense layers (default: ours)"
    )
    parser.add_argument("--embedder", default="mobilefacenet", help="of the manifest (default: %(default)s)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of manifest.toml (default: shipped)")
    parser.add_argument("--variants", type=count, default=8, help="changed copies of a training picture (default: 8)")
    parser.add_argument(
        "--held-out",
        type=_share,
        default=0.2,
        metavar="SHARE",
        help="of a student's pictures, to stop and to choose the threshold by; as many more to measure (default: 0.2)",
    )
    parser.add_argument("--epochs", type=positive, default=200, help="at most (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: 1)")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE.npz",
        help="embeddings, written as they come and resumed from: biometric data, removed once the model is written",
    )
    parser.add_argument("--threads", type=count, default=0, help="CPU threads (default: all)")
    parser.add_argument("--overwrite", action="store_true", help="replace the three files")
    parser.set_defaults(run=run_train_faces)


@dataclass(frozen=True)
class _Parts:
    """Embeddings by what they are for."""

    training: list[Embedded]
    validation: list[Embedded]
    test: list[Embedded]


def run_train_faces(arguments: argparse.Namespace) -> int:
    """Embed, train, write the three files, print the figures. Returns the exit code."""
    output: Path = arguments.output
    if output.suffix != ".keras":
        raise ModelError(f"{output}: the output's name must end in .keras")
    if output.exists() and not arguments.overwrite:
        raise ModelError(f"{output}: is there already; add --overwrite to replace it")
    students = split_students(find_students(arguments.folder), arguments.held_out, arguments.seed)
    inside = arguments.folder / UNKNOWN_FOLDER
    others = arguments.unknown or (inside if inside.is_dir() else None)
    strangers = split_strangers(find_strangers(others), arguments.seed) if others else Split((), (), ())
    tensorflow()  # says what to install, before minutes are spent on embeddings

    manifest = Manifest(arguments.models)
    reader = _reader(arguments, manifest)
    known = _embed(reader, students, arguments.variants, "students")
    unknown = _embed(reader, strangers, min(arguments.variants, 2), "other people")
    for path in reader.unreadable:
        sys.stderr.write(f"  left out, unreadable: {path}\n")
    for each in (*known.training, *known.validation, *known.test):
        if not len(each.rows):
            sys.stderr.write(f"  no face found: {each.picture.path}\n")
    classifier, threshold, figures, settings = _train(arguments, manifest, known, unknown)
    description = _describe(arguments, manifest, classifier, threshold, figures, settings)
    write_together(
        {
            output: keras_bytes(classifier.model),
            output.with_suffix(".json"): (json.dumps(description, indent=2) + "\n").encode(),
            output.with_suffix(".png"): _curves(classifier),
        }
    )
    if arguments.checkpoint is not None:
        arguments.checkpoint.unlink(missing_ok=True)
    _say(figures, threshold)
    sys.stdout.write(f"written: {output}, {output.with_suffix('.json').name}, {output.with_suffix('.png').name}\n")
    return 0


def _reader(arguments: argparse.Namespace, manifest: Manifest) -> FaceReader:
    embedder = Embedder(manifest, arguments.embedder, threads=arguments.threads)
    detector = MtcnnDetector(manifest, min_face=MIN_FACE, confidence=0.8, runtime="litert", threads=arguments.threads)
    used = [manifest.entries[name].sha256 for name in (arguments.embedder, "mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")]
    return FaceReader(
        detector, embedder, seed=arguments.seed, checkpoint=arguments.checkpoint, fingerprint=" ".join(used)
    )


def _embed(reader: FaceReader, split: Split, variants: int, what: str) -> _Parts:
    def shown(part: str) -> Any:
        def bar(pictures: Sequence[FacePicture]) -> Iterable[FacePicture]:
            return progress(pictures, f"{what}, {part}")

        return bar

    return _Parts(
        reader.embed(split.training, variants, shown("training")),
        reader.embed(split.validation, 0, shown("validation")),
        reader.embed(split.test, 0, shown("test")),
    )


def _train(
    arguments: argparse.Namespace, manifest: Manifest, known: _Parts, unknown: _Parts
) -> tuple[TrainedClassifier, float, dict[str, Any], TrainingSettings]:
    from converter.face_training import TrainingSettings, judge, students_as_strangers, train

    settings = TrainingSettings(
        architecture=arguments.architecture,
        epochs=arguments.epochs,
        seed=arguments.seed,
        margin=manifest.entry(arguments.embedder, "embed").threshold,
    )
    epochs = iter(progress(range(settings.epochs), "training"))

    def tick(epoch: int) -> None:
        next(epochs, None)

    classifier = train(
        known.training, unknown.training, known.validation, unknown.validation, settings,
        report=tick,
    )  # fmt: skip
    played = not unknown.test
    if played:
        by_student = students_as_strangers(known.training, known.validation, known.test, settings)
        names = sorted(by_student)
        to_choose, to_measure = (_joined([by_student[name] for name in names[side::2]]) for side in (0, 1))
    else:
        to_choose, to_measure = (judge(classifier, part)[1] for part in (unknown.validation, unknown.test))
    threshold = choose_threshold(to_choose)
    figures = identification_figures(*judge(classifier, known.test), to_measure, threshold)
    return classifier, threshold, figures | {"students_played_strangers": played}, settings


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts)


def _describe(
    arguments: argparse.Namespace,
    manifest: Manifest,
    classifier: TrainedClassifier,
    threshold: float,
    figures: dict[str, Any],
    settings: TrainingSettings,
) -> dict[str, Any]:
    """What `convert` and a reader need to know, ready for JSON."""
    entry = manifest.entry(arguments.embedder, "embed")
    return {
        "role": "identify",
        "labels": list(classifier.labels),
        "embedder": entry.name,
        "embedder_sha256": entry.sha256,
        "embedding": entry.embedding,
        "norm": "unit",
        "scores": "probabilities",
        "threshold": threshold,
        "figures": figures,
        "parameters": classifier.model.count_params(),
        "command": f"classpulse-converter train faces DIR -o faces.keras --architecture {settings.architecture}"
        f" --embedder {entry.name} --variants {arguments.variants} --seed {settings.seed}",
        "trained_on": time.strftime("%Y-%m-%d", time.gmtime()),
        "settings": asdict(settings),
        "history": classifier.history,
    }


def _curves(classifier: TrainedClassifier) -> bytes:
    history = classifier.history
    return draw_curves(
        "Classifier of faces",
        {
            "loss": {"training": history["loss"], "held out": history["val_loss"]},
            "accuracy": {"training": history["accuracy"], "held out": history["val_accuracy"]},
        },
    )


def _say(figures: dict[str, Any], threshold: float) -> None:
    def share(name: str) -> str:
        low, high = figures[f"{name}_interval"]
        return f"{figures[name]:.4f} [{low:.4f}, {high:.4f}]"

    sys.stdout.write(
        f"{figures['pictures']} pictures of students: accuracy {share('accuracy')}; at confidence {threshold:.3f} "
        f"identified (TPIR) {share('tpir')}, taken for somebody else {figures['misidentified']}\n"
        f"{figures['stranger_pictures']} of strangers: taken for a student (FPIR) {share('fpir')}; "
        f"TPIR at FPIR {TARGET:.0%} {figures['tpir_at_fpir_1e-2']:.4f}\n"
    )
    if figures["students_played_strangers"]:
        sys.stdout.write("no other people were given: students that a classifier was not trained on stood in\n")
    if not figures["tpir"]:
        sys.stderr.write(
            "warning: it identified none of the students' pictures that it was not trained on, and is of no use; "
            "give more pictures of each, or another --embedder\n"
        )
    if figures["stranger_pictures"] < FEW_STRANGERS:
        sys.stderr.write(
            f"warning: {figures['stranger_pictures']} pictures of strangers are few to keep their FPIR below "
            f"{TARGET:.0%}; give {3 * FEW_STRANGERS} or more with --unknown, of which a third is measured on\n"
        )


def _share(text: str) -> float:
    value = number(text)
    if not 0 < value < 0.5:
        raise argparse.ArgumentTypeError("must lie between 0 and 0.5")
    return value
