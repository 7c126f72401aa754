"""`classpulse-converter train emotion DIR -o OUT.keras`: from labelled pictures to a float model.

Beside OUT.keras lie OUT.json, what the model takes, its temperature and its figures, and OUT.png, the
learning curves, if it was trained. How it is trained is said by a TOML file (--config), which the other
options overrule.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter import train_faces_command
from converter.arguments import count, positive, share
from converter.atomic import write_together
from converter.keras_models import keras_bytes, tensorflow
from converter.learning_curves import draw_curves
from converter.progress import progress
from edge.errors import ModelError, PictureError
from edge.records import LABELS

if TYPE_CHECKING:
    from converter.emotion_data import Pictures
    from converter.emotion_settings import TrainingSettings
    from converter.emotion_training import Batch, Progress, Trained


def add_parser(subparsers: Any) -> None:
    """Add `train` to an argparse subparsers object; `run` of the parsed arguments does the work."""
    parser = subparsers.add_parser("train", help="train a model from labelled pictures")
    models = parser.add_subparsers(metavar="MODEL", required=True)
    emotion = models.add_parser("emotion", help="the expression model", description=__doc__)
    emotion.add_argument("folder", metavar="DIR", type=Path, help="label folders, or train/ and val/ with them")
    emotion.add_argument("-o", "--output", metavar="OUT.keras", type=Path, required=True)
    emotion.add_argument(
        "--architecture",
        choices=["ours", "faces", "seed"],
        help="ours: a small residual network; faces: MobileFaceNet, to start --from its weights; seed: plain "
        "convolutions on 224x224 as in the original system",
    )
    emotion.add_argument(
        "--config", type=Path, metavar="FILE.toml", help="how to train (default: emotion.toml of the package)"
    )
    emotion.add_argument(
        "--from",
        dest="starts",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.keras",
        help="go on from this model's weights, not random ones; given again: from the mean of their weights",
    )
    emotion.add_argument(
        "--teacher",
        dest="teachers",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.keras",
        help="learn from this model's answers too; FILE.json beside it; given again: from the mean of their answers",
    )
    emotion.add_argument(
        "--epochs", type=count, help="passes over the pictures; 0: take the mean of --from as it is, and calibrate it"
    )
    emotion.add_argument(
        "--tail-epochs", type=count, metavar="EPOCHS", help="the last of them, whose weights are averaged"
    )
    emotion.add_argument("--size", type=positive, help="side of the model's input, px (seed: 224)")
    emotion.add_argument(
        "--patience", type=count, metavar="EPOCHS", help="stop when macro-F1 stalls so long; 0: never (seed: 8)"
    )
    emotion.add_argument("--seed", type=count, help="of everything random")
    emotion.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="SOURCE[:LABEL]",
        help="train without these pictures of the manifest, then measure on them; may be given again",
    )
    emotion.add_argument(
        "--held-out",
        type=share,
        default=0.15,
        metavar="SHARE",
        help="kept for validation where DIR has no val/ (default: 0.15)",
    )
    emotion.add_argument("--checkpoint", type=Path, metavar="FILE.npz", help="written after each epoch, resumed from")
    emotion.add_argument("--threads", type=positive, help="CPU threads (default: all)")
    emotion.add_argument("--overwrite", action="store_true", help="replace what is there")
    emotion.set_defaults(run=run_train_emotion)
    train_faces_command.add_kind(models)


def run_train_emotion(arguments: argparse.Namespace) -> int:
    """Train, write the files, print the figures. Returns the exit code."""
    output: Path = arguments.output
    if output.suffix != ".keras":
        raise ModelError(f"{output}: the output's name must end in .keras")
    if output.exists() and not arguments.overwrite:
        raise ModelError(f"{output}: is there already; add --overwrite to replace it")
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        # Kernels that sum in another order, which conversion forbids, and which train in 0.6 of the time.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        tensorflow()
    try:
        from converter.emotion_training import train
    except ModuleNotFoundError as error:
        raise ModelError(f"{error.name} is not installed: pip install 'classpulse[converter]'") from error
    from converter.calibration import calibrate
    from converter.emotion_description import Origin, describe, unseen_figures
    from converter.emotion_network import shift_scores
    from converter.emotion_start import load_mean
    from converter.emotion_teachers import load_teacher

    settings = _settings(arguments)
    if arguments.threads:
        _limit_threads(arguments.threads)
    training, validation, unseen = _pictures(arguments, settings)
    _require_labels(arguments.folder, training)
    start = load_mean(arguments.starts) if arguments.starts else None
    teachers = [load_teacher(path) for path in arguments.teachers]
    try:
        trained = train(training, validation, settings, start, teachers, arguments.checkpoint, _print_progress, _bar)
    except KeyboardInterrupt:
        if arguments.checkpoint is not None and arguments.checkpoint.exists():
            print(f"stopped; the same command goes on from {arguments.checkpoint}", file=sys.stderr)
        raise
    calibration = calibrate(trained.logits, validation.labels, settings.shift_share)
    shift_scores(trained.model, calibration.shift)
    origin = Origin(arguments.config, tuple(arguments.starts), tuple(arguments.teachers))
    description = describe(trained, calibration, validation, settings, origin)
    if unseen is not None:
        description["left_out"] = {"what": arguments.leave_out, **unseen_figures(trained.model, unseen, settings)}
    files = {
        output: keras_bytes(trained.model),
        output.with_suffix(".json"): (json.dumps(description, indent=2) + "\n").encode(),
    }
    if trained.history:
        files[output.with_suffix(".png")] = _curves(trained)
    write_together(files)
    _print_figures(description["figures"], "held out")
    if "left_out" in description:
        _print_figures(description["left_out"], "left out")
    print(f"written: {output}, {', '.join(path.name for path in files if path != output)}")
    return 0


def _pictures(arguments: argparse.Namespace, settings: TrainingSettings) -> tuple[Pictures, Pictures, Pictures | None]:
    """Those to train on, those to validate on, and those left out; None: none were to be."""
    from converter.emotion_data import find_split, leave_out, load_pictures

    sides = find_split(arguments.folder, arguments.held_out, settings.seed)
    parts, left = zip(*(leave_out(side, arguments.leave_out) for side in sides), strict=True)
    unseen = (*left[0], *left[1])
    for name in arguments.leave_out:
        if not any(name in (sample.source, f"{sample.source}:{LABELS[sample.label]}") for sample in unseen):
            raise ModelError(f"--leave-out {name}: no picture of the manifest is of that source and label")
    training, validation = (load_pictures(part, largest=4 * settings.size) for part in parts)
    for pictures, purpose in ((training, "training"), (validation, "validation")):
        print(f"{purpose}: {len(pictures.images)} pictures, {len(pictures.unreadable)} unreadable")
        for path in pictures.unreadable:
            print(f"  left out: {path}", file=sys.stderr)
    return training, validation, load_pictures(unseen) if unseen else None


def _require_labels(folder: Path, training: Pictures) -> None:
    seen = {LABELS[sample.label] for sample in training.samples}
    missing = ", ".join(label for label in LABELS if label not in seen)
    if len(seen) < 2:
        raise PictureError(f"{folder}: all pictures are called {min(seen)!r}; add folders of others: {missing}")
    if missing:
        print(f"warning: no pictures of {missing}: the model will hardly ever say so", file=sys.stderr)


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    """Those of the config file, overruled by the command line. Raises ConfigError or ModelError."""
    from converter.emotion_network import ARCHITECTURES
    from converter.emotion_settings import USUAL_SETTINGS, read_settings

    settings = read_settings(arguments.config or USUAL_SETTINGS)
    kind = ARCHITECTURES[arguments.architecture or settings.architecture]
    if arguments.architecture not in (None, settings.architecture):  # the file speaks of another network
        settings = replace(settings, architecture=arguments.architecture, size=kind.size, patience=kind.patience)
    said = {key: getattr(arguments, key) for key in ("epochs", "tail_epochs", "size", "patience", "seed")}
    settings = replace(settings, **{key: value for key, value in said.items() if value is not None})
    if settings.tail_epochs > settings.epochs:
        settings = replace(settings, tail_epochs=settings.epochs)
    if not settings.epochs and (arguments.teachers or not arguments.starts):
        raise ModelError(
            "0 epochs train nothing; name a trained model with --from and no --teacher, or train for an epoch at least"
        )
    if settings.size % kind.multiple:
        raise ModelError(f"--size {settings.size}: must be a multiple of {kind.multiple}")
    return settings


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


def _print_figures(figures: dict[str, Any], which: str) -> None:
    recall = ", ".join(f"{label} {share:.3f}" for label, share in figures["recall"].items())
    calibrated = f", ECE {figures['ece']:.4f}" if "ece" in figures else ""
    print(
        f"{figures['count']} pictures {which}: macro-F1 {figures['macro_f1']:.4f}, "
        f"accuracy {figures['accuracy']:.4f}{calibrated}; recall: {recall}"
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
