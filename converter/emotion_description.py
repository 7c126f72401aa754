"""What training says of its model: what a converter and a reader need to know, ready for JSON."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras

from converter.calibration import Calibration, cross_fitted, expected_calibration_error
from converter.emotion_data import Pictures
from converter.emotion_figures import LabelFigures, label_figures
from converter.emotion_network import ARCHITECTURES, count_macs, normalize
from converter.emotion_prediction import predict_logits
from converter.emotion_settings import TrainingSettings
from converter.emotion_training import Trained
from edge.records import LABELS


@dataclass(frozen=True)
class Origin:
    """The files that a training used beside its pictures."""

    config: Path | None = None
    starts: tuple[Path, ...] = ()
    teachers: tuple[Path, ...] = ()


def describe(
    trained: Trained, calibration: Calibration, validation: Pictures, settings: TrainingSettings, origin: Origin
) -> dict[str, Any]:
    """What a converter and a reader need to know of a trained model, ready for JSON.

    trained: before its logits were shifted; the figures are those of the calibrated model.
    """
    kind = ARCHITECTURES[settings.architecture]
    labels = validation.labels
    probabilities = calibration(trained.logits)
    honest = cross_fitted(trained.logits, labels, settings.shift_share)
    return {
        "labels": list(LABELS),
        "size": settings.size,
        "subtract": kind.subtract,
        "divide": kind.divide,
        "scores": kind.scores,
        "temperature": round(calibration.temperature, 4),
        "shift": [round(part, 4) for part in calibration.shift],
        "figures": {
            **label_figures(labels, probabilities.argmax(axis=1), validation.sources),
            "ece": expected_calibration_error(probabilities, labels),
            "macro_f1_cross_fitted": label_figures(labels, honest.argmax(axis=1))["macro_f1"],
            "ece_cross_fitted": expected_calibration_error(honest, labels),
        },
        "macs": count_macs(trained.model),
        "parameters": trained.model.count_params(),
        "command": _command(settings, origin),
        "started_from": [_fingerprint(path) for path in origin.starts],
        "teachers": [_fingerprint(path) for path in origin.teachers],
        "seed": settings.seed,
        "training_seconds": round(sum(epoch.seconds for epoch in trained.history)),
        "trained_on": time.strftime("%Y-%m-%d", time.gmtime()),
        "settings": asdict(settings),
        "history": [asdict(epoch) for epoch in trained.history],
    }


def unseen_figures(model: keras.Model, pictures: Pictures, settings: TrainingSettings) -> LabelFigures:
    """How the model reads pictures that it was neither trained nor validated on."""
    crops = normalize(pictures.crops(settings.size), ARCHITECTURES[settings.architecture])
    return label_figures(pictures.labels, predict_logits(model, crops).argmax(axis=1), pictures.sources)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _command(settings: TrainingSettings, origin: Origin) -> str:
    """What to type to train so again; what it does not name is in `settings`, but for pictures left or held out."""
    files = [("--config", path) for path in (origin.config,) if path]
    files += [("--from", path) for path in origin.starts] + [("--teacher", path) for path in origin.teachers]
    named = "".join(f" {option} {path.name}" for option, path in files)
    return (
        f"classpulse-converter train emotion DIR -o emotion.keras{named} --architecture {settings.architecture} "
        f"--epochs {settings.epochs} --tail-epochs {settings.tail_epochs} --size {settings.size} --seed {settings.seed}"
    )
