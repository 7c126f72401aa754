"""Train the expression model on labelled pictures, on a CPU, in well under an hour.

What is kept is the moving average of the weights over the last few epochs, not one checkpoint: single
checkpoints of such small sets differ by several points of macro-F1. No epoch is picked by
its validation figures, so these stay honest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from converter.augmentation import Augmentation, augment, mix
from converter.emotion_data import Pictures
from converter.emotion_figures import label_figures
from converter.emotion_network import ARCHITECTURES, normalize
from edge.errors import ModelError
from edge.records import LABELS

Array = NDArray[np.float32]
Batch = tuple[Array, Array]
"""Pictures as the network takes them, and a probability for each label of each."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides the result, beside the pictures."""

    architecture: str = "ours"
    """One of `converter.emotion_network.ARCHITECTURES`."""
    size: int = 64
    """Side of the model's input, px; a multiple of what the architecture says."""
    epochs: int = 32
    """One epoch draws as many pictures as there are."""
    batch: int = 64
    learning_rate: float = 2e-3
    """Highest; reached after `warmup_epochs`, then lowered along a cosine to 0."""
    warmup_epochs: float = 1.0
    weight_decay: float = 0.02
    dropout: float = 0.2
    label_smoothing: float = 0.1
    mixup: float = 0.1
    """Of the Beta distribution that blends two pictures; 0 blends none."""
    balance: float = 0.5
    """How often pictures of one label and source are drawn: as their number to the power of (1 - balance).
    0 draws as the data lie, 1 draws every label of every source equally often."""
    averaging: float = 0.998
    """Share of the averaged weights kept at each step."""
    patience: int = 0
    """Epochs without a better macro-F1 on the validation pictures after which training stops; 0: never. The
    weights are then those of the end all the same, not those of the epoch that happened to score best."""
    seed: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)


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
    checkpoint: Path | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    show: Callable[[Iterator[Batch], int, int], Iterable[Batch]] = lambda batches, steps, epoch: batches,
) -> Trained:
    """Train a network, calling `report` after each epoch; `show` wraps an epoch's batches, such as in a progress bar.

    checkpoint: a file written after each epoch; when it is there already, training goes on from it.
    Raises ModelError when it is of another run.
    """
    keras.utils.set_random_seed(settings.seed)
    steps = max(1, len(training.images) // settings.batch)
    kind = ARCHITECTURES[settings.architecture]
    model = kind.build(settings.size, settings.dropout)
    model.compile(
        _optimizer(settings, steps),
        keras.losses.CategoricalCrossentropy(
            from_logits=kind.scores == "logits", label_smoothing=settings.label_smoothing
        ),
    )
    model.optimizer.build(model.trainable_variables)
    averaged = kind.build(settings.size, settings.dropout)
    average: list[Array] = [np.array(weights) for weights in model.get_weights()]
    history: list[Progress] = []
    if checkpoint is not None and checkpoint.exists():
        history = _restore(checkpoint, settings, model, average)
    crops = normalize(validation.crops(settings.size), kind)
    draw = _draw_shares(training, settings.balance)
    for epoch in range(len(history), settings.epochs):
        if _stalled(history, settings.patience):
            break
        started = time.monotonic()
        losses = []
        batches = show(_batches(training, draw, steps, epoch, settings), steps, epoch + 1)
        for step, (images, targets) in enumerate(batches):
            losses.append(float(model.train_on_batch(images, targets)))
            # Early on the average must follow quickly, or it remembers the random start.
            keep = min(settings.averaging, (1 + epoch * steps + step) / (10 + epoch * steps + step))
            for index, weights in enumerate(model.get_weights()):
                average[index] += (1 - keep) * (weights - average[index])
        averaged.set_weights(average)
        figures = label_figures(validation.labels, predict_logits(averaged, crops).argmax(axis=1))
        history.append(
            Progress(
                epoch + 1,
                settings.epochs,
                float(np.mean(losses)),
                figures["macro_f1"],
                min(figures["recall"].values()),
                time.monotonic() - started,
            )
        )
        if checkpoint is not None:
            _save(checkpoint, settings, model, average, history)
        report(history[-1])
    averaged.set_weights(average)
    return Trained(averaged, predict_logits(averaged, crops), tuple(history))


def predict_logits(model: keras.Model, pictures: Array, batch: int = 256) -> Array:
    """(N, labels) for (N, size, size, 1) normalized pictures; logarithms where the model gives probabilities."""
    parts = [model.predict_on_batch(pictures[i : i + batch]) for i in range(0, len(pictures), batch)]
    scores: Array = np.concatenate(parts).astype(np.float32)
    return scores if model.layers[-1].name == "logits" else np.log(np.maximum(scores, np.float32(1e-6)))


def _stalled(history: list[Progress], patience: int) -> bool:
    """Whether the best macro-F1 lies `patience` epochs back."""
    if not patience or len(history) <= patience:
        return False
    return max(p.macro_f1 for p in history[-patience:]) <= max(p.macro_f1 for p in history[:-patience])


def _optimizer(settings: TrainingSettings, steps: int) -> keras.optimizers.Optimizer:
    warmup = int(settings.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 20,
        decay_steps=max(1, settings.epochs * steps - warmup),
        warmup_target=settings.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _draw_shares(pictures: Pictures, balance: float) -> NDArray[np.float64]:
    """(N,) how likely each picture is drawn, summing to 1.

    Balancing labels within each source, not labels alone, keeps a source from standing for a label.
    """
    cells = list(zip(pictures.labels.tolist(), pictures.sources, strict=True))
    counts = {cell: cells.count(cell) for cell in set(cells)}
    shares = np.array([counts[cell] ** -balance for cell in cells])
    shares /= shares.sum()
    return shares


def _batches(
    pictures: Pictures, draw: NDArray[np.float64], steps: int, epoch: int, settings: TrainingSettings
) -> Iterator[Batch]:
    """The epoch's augmented batches: the same for the same seed and epoch, whatever ran before."""
    generator = np.random.default_rng([settings.seed, epoch])
    chosen = generator.choice(len(draw), steps * settings.batch, p=draw).reshape(steps, settings.batch)
    targets = np.eye(len(LABELS), dtype=np.float32)[pictures.labels]
    for indices in chosen:
        crops = [augment(pictures.images[i], settings.size, settings.augmentation, generator) for i in indices]
        inputs = normalize(np.stack(crops), ARCHITECTURES[settings.architecture])
        yield mix(inputs, targets[indices], settings.mixup, generator)


def _save(
    path: Path, settings: TrainingSettings, model: keras.Model, average: list[Array], history: list[Progress]
) -> None:
    arrays: dict[str, Any] = {"history": json.dumps([asdict(progress) for progress in history])}
    arrays["settings"] = json.dumps(asdict(settings))
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


def _restore(path: Path, settings: TrainingSettings, model: keras.Model, average: list[Array]) -> list[Progress]:
    try:
        with np.load(path, allow_pickle=False) as saved:
            if json.loads(str(saved["settings"])) != json.loads(json.dumps(asdict(settings))):
                raise ModelError(f"{path}: was made with other settings; name another checkpoint or remove it")
            model.set_weights([saved[f"weights_{i}"] for i in range(len(average))])
            for i, variable in enumerate(model.optimizer.variables):
                variable.assign(saved[f"optimizer_{i}"])
            for i, variable in enumerate(_random_state(model)):
                variable.assign(saved[f"random_{i}"])
            for i, mean in enumerate(average):
                mean[...] = saved[f"average_{i}"]
            return [Progress(**progress) for progress in json.loads(str(saved["history"]))]
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise ModelError(f"{path}: is no checkpoint of this training ({error}); remove it to start afresh") from error
