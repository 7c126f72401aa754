"""Train the expression model on labelled pictures, on a CPU.

What is kept is a mean of the weights over the last steps, not one checkpoint: single checkpoints of such small sets
differ by several points of macro-F1. No epoch is picked by its validation figures, so these stay honest.
"""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from converter.augmentation import augment, mix, swap_surroundings
from converter.emotion_data import Pictures
from converter.emotion_figures import label_figures
from converter.emotion_network import ARCHITECTURES, normalize
from converter.emotion_prediction import predict_logits
from converter.emotion_schedule import kept_share, optimizer
from converter.emotion_settings import TrainingSettings
from converter.emotion_start import take_weights
from converter.emotion_targets import label_targets
from converter.emotion_teachers import Teacher, teachers_shares
from edge.errors import ModelError

Array = NDArray[np.float32]
AVERAGED_EVERY = 4
"""Steps. Fetching the weights each step would take a tenth of the time."""
Batch = tuple[Array, Array]
"""Pictures as the network takes them, and a probability for each label of each."""


@dataclass(frozen=True)
class Progress:
    """One finished epoch."""

    epoch: int
    """1-based."""
    epochs: int
    loss: float
    """Mean over the epoch's augmented pictures."""
    macro_f1: float
    """Of the averaged weights on the validation pictures, 0..1."""
    lowest_recall: float
    """Of any label there, 0..1."""
    seconds: float


@dataclass(frozen=True, eq=False)
class Trained:
    """What training gives."""

    model: keras.Model
    """Averaged weights, no optimizer."""
    logits: Array
    """(N, labels) of the validation pictures; of a network that ends in a softmax, the logarithms of its output."""
    history: tuple[Progress, ...]


def train(
    training: Pictures,
    validation: Pictures,
    settings: TrainingSettings,
    start: keras.Model | None = None,
    teachers: Sequence[Teacher] = (),
    checkpoint: Path | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    show: Callable[[Iterator[Batch], int, int], Iterable[Batch]] = lambda batches, steps, epoch: batches,
) -> Trained:
    """Train a network, calling `report` after each epoch; `show` wraps an epoch's batches, such as in a progress bar.

    start: a network whose weights training begins with, see `take_weights`; None: random ones. teachers: they
    decide a part of each picture's target together.
    checkpoint: a file written after each epoch; when it is there already, training goes on from it.
    Raises ModelError when either does not fit.
    """
    keras.utils.set_random_seed(settings.seed)
    steps = max(1, len(training.images) // settings.batch)
    kind = ARCHITECTURES[settings.architecture]
    model = kind.build(settings.size, settings.dropout, settings.even_light)
    if start is not None:
        take_weights(model, start)
    model.compile(
        optimizer(settings, steps),
        keras.losses.CategoricalCrossentropy(
            from_logits=kind.scores == "logits", label_smoothing=settings.label_smoothing
        ),
        jit_compile="auto" if kind.xla else False,
    )
    model.optimizer.build(model.trainable_variables)
    made_of = json.dumps([asdict(settings), _fingerprint(training), len(teachers)])
    averaged = kind.build(settings.size, settings.dropout, settings.even_light)
    average: list[Array] = [np.array(weights) for weights in model.get_weights()]
    history: list[Progress] = []
    if checkpoint is not None and checkpoint.exists():
        history = _restore(checkpoint, made_of, model, average)
    crops = normalize(validation.crops(settings.size), kind)
    draw = _draw_shares(training, settings.balance)
    targets = _targets(training, settings, teachers) if settings.epochs else np.zeros(0, np.float32)
    for epoch in range(len(history), settings.epochs):
        if _stalled(history, settings.patience):
            break
        started = time.monotonic()
        batches = show(_batches(training, targets, draw, steps, epoch, settings), steps, epoch + 1)
        kept = (kept_share(settings, steps, epoch * steps + step) for step in range(steps))
        loss = _learn(model, average, zip(batches, kept, strict=True))
        averaged.set_weights(average)
        figures = label_figures(validation.labels, predict_logits(averaged, crops).argmax(axis=1))
        history.append(
            Progress(
                epoch + 1,
                settings.epochs,
                loss,
                figures["macro_f1"],
                min(figures["recall"].values()),
                time.monotonic() - started,
            )
        )
        if checkpoint is not None:
            _save(checkpoint, made_of, model, average, history)
        report(history[-1])
    averaged.set_weights(average)
    return Trained(averaged, predict_logits(averaged, crops), tuple(history))


def _learn(model: keras.Model, average: list[Array], batches: Iterable[tuple[Batch, float]]) -> float:
    """One epoch of batches, each with the share of `average` to keep, which moves along; the mean loss."""
    losses = []
    kept, behind = 1.0, 0
    for (images, targets), keep in batches:
        losses.append(float(model.train_on_batch(images, targets)))
        kept, behind = kept * keep, behind + 1
        if behind == AVERAGED_EVERY:
            _follow(average, model, kept)
            kept, behind = 1.0, 0
    if behind:
        _follow(average, model, kept)
    return float(np.mean(losses))


def _follow(average: list[Array], model: keras.Model, kept: float) -> None:
    """Move average towards the model's weights, keeping its share `kept`."""
    for index, weights in enumerate(model.get_weights()):
        average[index] += (1 - kept) * (weights - average[index])


def _stalled(history: list[Progress], patience: int) -> bool:
    """Whether the best macro-F1 lies `patience` epochs back."""
    if not patience or len(history) <= patience:
        return False
    return max(p.macro_f1 for p in history[-patience:]) <= max(p.macro_f1 for p in history[:-patience])


def _draw_shares(pictures: Pictures, balance: float) -> NDArray[np.float64]:
    """(N,) how likely each picture is drawn, summing to 1.

    Balancing labels within each source, not labels alone, keeps a source from standing for a label.
    """
    cells = list(zip(pictures.labels.tolist(), pictures.sources, strict=True))
    counts = {cell: cells.count(cell) for cell in set(cells)}
    shares = np.array([counts[cell] ** -balance for cell in cells])
    shares /= shares.sum()
    return shares


def _targets(pictures: Pictures, settings: TrainingSettings, teachers: Sequence[Teacher]) -> Array:
    """(N, labels) probabilities: what annotators say, and the teachers."""
    targets = label_targets(pictures.samples, settings.soft_labels)
    if not teachers:
        return targets
    return (1 - settings.teaching) * targets + settings.teaching * teachers_shares(teachers, pictures)


def _batches(
    pictures: Pictures,
    targets: Array,
    draw: NDArray[np.float64],
    steps: int,
    epoch: int,
    settings: TrainingSettings,
) -> Iterator[Batch]:
    """The epoch's augmented batches: the same for the same seed and epoch, whatever ran before."""
    generator = np.random.default_rng([settings.seed, epoch])
    chosen = generator.choice(len(draw), steps * settings.batch, p=draw).reshape(steps, settings.batch)
    for indices in chosen:
        crops = [augment(pictures.images[i], settings.size, settings.augmentation, generator) for i in indices]
        inputs = normalize(np.stack(crops), ARCHITECTURES[settings.architecture])
        inputs = swap_surroundings(inputs, settings.augmentation, generator)
        yield mix(inputs, targets[indices], settings.mixup, generator)


def _save(path: Path, made_of: str, model: keras.Model, average: list[Array], history: list[Progress]) -> None:
    arrays: dict[str, Any] = {"history": json.dumps([asdict(progress) for progress in history])}
    arrays["made_of"] = made_of
    arrays |= {f"weights_{i}": values for i, values in enumerate(model.get_weights())}
    arrays |= {f"average_{i}": values for i, values in enumerate(average)}
    arrays |= {f"optimizer_{i}": np.asarray(variable) for i, variable in enumerate(model.optimizer.variables)}
    arrays |= {f"random_{i}": np.asarray(variable) for i, variable in enumerate(_random_state(model))}
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def _random_state(model: keras.Model) -> list[Any]:
    """The variables that dropout draws by: they are no weights."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _fingerprint(pictures: Pictures) -> str:
    """Of which pictures these are, left-out ones missing."""
    named = "\n".join(f"{sample.path.parent.name}/{sample.path.name}" for sample in pictures.samples)
    return hashlib.sha256(named.encode()).hexdigest()


def _restore(path: Path, made_of: str, model: keras.Model, average: list[Array]) -> list[Progress]:
    try:
        with np.load(path, allow_pickle=False) as saved:
            if str(saved["made_of"]) != made_of:
                raise ModelError(
                    f"{path}: was made with other settings, pictures or teachers; name another checkpoint or remove it"
                )
            model.set_weights([saved[f"weights_{i}"] for i in range(len(average))])
            for i, variable in enumerate(model.optimizer.variables):
                variable.assign(saved[f"optimizer_{i}"])
            for i, variable in enumerate(_random_state(model)):
                variable.assign(saved[f"random_{i}"])
            for i, mean in enumerate(average):
                mean[...] = saved[f"average_{i}"]
            return [Progress(**progress) for progress in json.loads(str(saved["history"]))]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: is no checkpoint of this training ({error}); remove it to start afresh") from error
