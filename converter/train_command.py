"""`classpulse-converter train emotion DIR -o OUT.keras`: from labelled pictures to a float model.

Beside OUT.keras lie OUT.json, what the model takes, its temperature and its figures, and OUT.png, the
learning curves.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter import train_faces_command
from converter.arguments import positive, share
from converter.atomic import write_together
from converter.keras_models import keras_bytes, tensorflow
from converter.learning_curves import draw_curves
from converter.progress import progress
from edge.errors import ModelError, PictureError
from edge.records import LABELS

if TYPE_CHECKING:
    from converter.emotion_data import Pictures
    from converter.emotion_training import Batch, Progress, Trained, TrainingSettings


def add_parser(subparsers: Any) -> None:
    """Add `train` to an argparse subparsers object; `run` of the parsed arguments does the work."""
    parser = subparsers.add_parser("train", help="train a model from labelled pictures")
    models = parser.add_subparsers(metavar="MODEL", required=True)
    emotion = models.add_parser("emotion", help="the expression model", description=__doc__)
    emotion.add_argument("folder", metavar="DIR", type=Path, help="label folders, or train/ and val/ with them")
    emotion.add_argument("-o", "--output", metavar="OUT.keras", type=Path, required=True)
    emotion.add_argument(
        "--architecture",
        choices=["ours", "seed"],
        default="ours",
        help="a small residual network, or plain convolutions on 224x224 as in the original system (default: ours)",
    )
    emotion.add_argument("--epochs", type=positive, help="passes over the pictures (default: 32)")
    emotion.add_argument("--size", type=positive, help="side of the model's input, px (default: 64; seed: 224)")
    emotion.add_argument(
        "--patience", type=int, metavar="EPOCHS", help="stop when macro-F1 stalls so long; 0: never (default; seed: 8)"
    )
    emotion.add_argument("--seed", type=int, help="of everything random (default: 1)")
    emotion.add_argument(
        "--held-out",
        type=share,
        default=0.15,
        metavar="SHARE",
        help="kept for validation where DIR has no val/ (default: 0.15)",
    )
    emotion.add_argument("--checkpoint", type=Path, metavar="FILE.npz", help="written after each epoch, resumed from")
    emotion.add_argument("--threads", type=positive, help="CPU threads (default: all)")
    emotion.add_argument("--overwrite", action="store_true", help="replace the three files")
    emotion.set_defaults(run=run_train_emotion)
    train_faces_command.add_kind(models)


def run_train_emotion(arguments: argparse.Namespace) -> int:
    """Train, write the two files, print the figures. Returns the exit code."""
    output: Path = arguments.output
    if output.suffix != ".keras":
        raise ModelError(f"{output}: the output's name must end in .keras")
    if output.exists() and not arguments.overwrite:
        raise ModelError(f"{output}: is there already; add --overwrite to replace it")
    tensorflow()
    try:
        from converter.emotion_network import ARCHITECTURES
        from converter.emotion_training import TrainingSettings, train
    except ModuleNotFoundError as error:
        raise ModelError(f"{error.name} is not installed: pip install 'classpulse[converter]'") from error
    from converter.emotion_data import find_split, load_pictures

    kind = ARCHITECTURES[arguments.architecture]
    size = arguments.size or kind.size
    if size % kind.multiple:
        raise ModelError(f"--size {size}: must be a multiple of {kind.multiple}")
    if arguments.threads:
        _limit_threads(arguments.threads)
    chosen = {"architecture": arguments.architecture, "size": size, "patience": kind.patience}
    chosen |= {key: value for key in ("epochs", "seed", "patience") if (value := getattr(arguments, key)) is not None}
    settings = TrainingSettings(**chosen)
    training, validation = (
        load_pictures(part, largest=4 * settings.size)
        for part in find_split(arguments.folder, arguments.held_out, settings.seed)
    )
    _require_labels(arguments.folder, training)
    for pictures, purpose in ((training, "training"), (validation, "validation")):
        print(f"{purpose}: {len(pictures.images)} pictures, {len(pictures.unreadable)} unreadable")
        for path in pictures.unreadable:
            print(f"  left out: {path}", file=sys.stderr)
    try:
        trained = train(training, validation, settings, arguments.checkpoint, _print_progress, _bar)
    except KeyboardInterrupt:
        if arguments.checkpoint is not None and arguments.checkpoint.exists():
            print(f"stopped; the same command goes on from {arguments.checkpoint}", file=sys.stderr)
        raise
    description = describe(trained, validation, settings)
    write_together(
        {
            output: keras_bytes(trained.model),
            output.with_suffix(".json"): (json.dumps(description, indent=2) + "\n").encode(),
            output.with_suffix(".png"): _curves(trained),
        }
    )
    _print_figures(description["figures"])
    print(f"written: {output}, {output.with_suffix('.json').name}, {output.with_suffix('.png').name}")
    return 0


def _require_labels(folder: Path, training: Pictures) -> None:
    seen = {LABELS[sample.label] for sample in training.samples}
    missing = ", ".join(label for label in LABELS if label not in seen)
    if len(seen) < 2:
        raise PictureError(f"{folder}: all pictures are called {min(seen)!r}; add folders of others: {missing}")
    if missing:
        print(f"warning: no pictures of {missing}: the model will hardly ever say so", file=sys.stderr)


def describe(trained: Trained, validation: Pictures, settings: TrainingSettings) -> dict[str, Any]:
    """What a converter and a reader need to know of a trained model, ready for JSON."""
    from converter.calibration import cross_fitted_error, expected_calibration_error, fit_temperature, softmax
    from converter.emotion_figures import label_figures
    from converter.emotion_network import ARCHITECTURES, count_macs

    kind = ARCHITECTURES[settings.architecture]
    labels = validation.labels
    temperature = fit_temperature(trained.logits, labels)
    return {
        "labels": list(LABELS),
        "size": settings.size,
        "subtract": kind.subtract,
        "divide": kind.divide,
        "scores": kind.scores,
        "temperature": round(temperature, 4),
        "figures": {
            **label_figures(labels, trained.logits.argmax(axis=1), validation.sources),
            "ece": expected_calibration_error(softmax(trained.logits, temperature), labels),
            "ece_cross_fitted": cross_fitted_error(trained.logits, labels),
        },
        "macs": count_macs(trained.model),
        "parameters": trained.model.count_params(),
        "command": f"classpulse-converter train emotion DIR -o emotion.keras --architecture {settings.architecture}"
        f" --epochs {settings.epochs} --size {settings.size} --seed {settings.seed}",
        "seed": settings.seed,
        "training_seconds": round(sum(epoch.seconds for epoch in trained.history)),
        "trained_on": time.strftime("%Y-%m-%d", time.gmtime()),
        "settings": asdict(settings),
        "history": [asdict(epoch) for epoch in trained.history],
    }


def _curves(trained: Trained) -> bytes:
    history = trained.history
    return draw_curves(
        "Expression model",
        {
            "loss": {"training": [epoch.loss for epoch in history]},
            "validation": {
                "macro-F1": [epoch.macro_f1 for epoch in history],
                "lowest recall": [epoch.lowest_recall for epoch in history],
            },
        },
    )


def _bar(batches: Iterable[Batch], steps: int, epoch: int) -> Iterable[Batch]:
    return progress(batches, f"epoch {epoch}", steps)


def _print_progress(done: Progress) -> None:
    print(
        f"epoch {done.epoch}/{done.epochs}: loss {done.loss:.3f}, macro-F1 {done.macro_f1:.3f}, "
        f"lowest recall {done.lowest_recall:.3f}, {done.seconds:.0f} s",
        flush=True,
    )


def _print_figures(figures: dict[str, Any]) -> None:
    recall = ", ".join(f"{label} {share:.3f}" for label, share in figures["recall"].items())
    print(
        f"{figures['count']} pictures held out: macro-F1 {figures['macro_f1']:.4f}, "
        f"accuracy {figures['accuracy']:.4f}, ECE {figures['ece']:.4f}; recall: {recall}"
    )
    if len(figures["precision"]) == 1:  # it has one of the labels that were given at all
        print(
            f"warning: it calls every picture {min(figures['precision'])!r}, and is of no use; "
            "train it longer, or on more pictures",
            file=sys.stderr,
        )


def _limit_threads(threads: int) -> None:
    """Bound the threads of the arithmetic; only TensorFlow offers it this way."""
    import cv2
    import keras

    cv2.setNumThreads(1)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
