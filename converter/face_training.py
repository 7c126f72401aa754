"""Train a classifier of faces on embeddings, and find out how well it keeps strangers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from converter.face_embeddings import Embedded
from converter.face_networks import LEARNING_RATES, Array, build_ours, build_seed, plain
from converter.face_pictures import UNKNOWN
from edge.errors import PictureError

FOLDS = 5
"""Groups of students that play the strangers in turn, where no others are given."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides the result, beside the embeddings."""

    architecture: str = "ours"
    """One of those in `converter.face_networks.LEARNING_RATES`."""
    epochs: int = 200
    """At most."""
    patience: int = 20
    """Epochs without a lower validation loss after which training stops and the best epoch's weights are kept."""
    batch: int = 32
    dropout: float = 0.4
    """Of `seed`."""
    margin: float = 0.5
    """Cosine at which `ours` starts to take somebody for a student: the embedder's own threshold."""
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Rows:
    """Embeddings with the class of each."""

    embeddings: Array
    """(N, length) float32, unit rows."""
    classes: NDArray[np.int64]
    """(N,) indices into the labels."""


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """What training gives."""

    model: keras.Model
    labels: tuple[str, ...]
    """In the order of the model's outputs; `UNKNOWN` is the last one, if it is a class."""
    history: dict[str, list[float]]
    """By epoch: loss, val_loss, accuracy, val_accuracy."""

    def confidences(self, embeddings: Array) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(classes, confidences) as the edge decides: a share that falls to no student is nobody's confidence."""
        if not len(embeddings):
            return np.zeros(0, np.int64), np.zeros(0)
        shares = np.asarray(self.model.predict_on_batch(embeddings), np.float64)
        best = shares.argmax(axis=1)
        student = np.array([label != UNKNOWN for label in self.labels])
        return best, np.where(student[best], shares.max(axis=1), 0.0)


def rows(embedded: Sequence[Embedded], labels: Sequence[str], *, variants: bool) -> Rows:
    """The embeddings of pictures whose people are labels; anybody else is `UNKNOWN`, which must then be one of them.

    variants: those of the changed pictures too.
    """
    place = {label: index for index, label in enumerate(labels)}
    parts, classes = [], []
    for each in embedded:
        used = each.rows if variants else each.rows[:1]
        parts.append(used)
        classes.extend([place.get(each.picture.person, len(labels) - 1)] * len(used))
    length = embedded[0].rows.shape[1] if embedded else 0
    return Rows(np.concatenate(parts) if parts else np.zeros((0, length), np.float32), np.array(classes, np.int64))


def judge(classifier: TrainedClassifier, embedded: Sequence[Embedded]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """(right, confidences) of each picture as it is; a face that was not found is wrong, with confidence 0."""
    right = np.zeros(len(embedded), dtype=bool)
    confidences = np.zeros(len(embedded))
    found = [index for index, each in enumerate(embedded) if len(each.rows)]
    classes, shares = classifier.confidences(np.array([embedded[index].rows[0] for index in found], np.float32))
    for index, best, share in zip(found, classes, shares, strict=True):
        right[index] = classifier.labels[best] == embedded[index].picture.person
        confidences[index] = share
    return right, confidences


def train(
    students: Sequence[Embedded],
    strangers: Sequence[Embedded],
    held_students: Sequence[Embedded],
    held_strangers: Sequence[Embedded],
    settings: TrainingSettings,
    report: Callable[[int], None] = lambda epoch: None,
) -> TrainedClassifier:
    """Train until the loss on the held-out pictures stops falling; calls report(epoch), 1-based, after each epoch.

    Raises PictureError when a student has no face to train on, or none of the held-out pictures has one.
    """
    keras.utils.set_random_seed(settings.seed)
    names = sorted({each.picture.person for each in students})
    faceless = set(names) - {each.picture.person for each in students if len(each.rows)}
    if faceless:
        raise PictureError(
            f"{min(faceless)}: no face found in any picture to train on; give larger ones, from the front"
        )
    if not any(len(each.rows) for each in held_students):
        raise PictureError("no face found in any of the pictures held out; give larger ones, from the front")
    with_unknown = bool(strangers) or settings.architecture == "ours"
    labels = (*names, UNKNOWN) if with_unknown else tuple(names)
    training = rows([*students, *strangers], labels, variants=True)
    validation = rows([*held_students, *(held_strangers if with_unknown else ())], labels, variants=False)
    if settings.architecture == "ours":
        directions = np.stack([training.embeddings[training.classes == i].mean(axis=0) for i in range(len(names))])
        model = build_ours(directions, settings.margin, learn_margin=bool(strangers))
    else:
        model = build_seed(training.embeddings.shape[1], len(labels), settings.dropout)
    model.compile(
        keras.optimizers.Adam(LEARNING_RATES[settings.architecture]),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True)
    telling = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: report(epoch + 1))
    fitted = model.fit(
        training.embeddings,
        training.classes,
        validation_data=(validation.embeddings, validation.classes),
        epochs=settings.epochs,
        batch_size=settings.batch,
        class_weight=class_weights(training.classes, len(names)),
        callbacks=[stopping, telling],
        verbose=0,
    )
    history = {key: [float(value) for value in values] for key, values in fitted.history.items()}
    return TrainedClassifier(plain(model), labels, history)


def class_weights(classes: NDArray[np.int64], students: int) -> dict[int, float]:
    """By class: so that each student counts alike, and strangers as much as all students; 1 on average.

    Strangers as one class among many would be too cheap to confuse with a student.
    """
    counts = np.bincount(classes)
    strangers = counts[students:].sum() > 0
    share = dict.fromkeys(range(students), (0.5 if strangers else 1.0) / students) | {students: 0.5}
    return {i: share[i] * len(classes) / int(counts[i]) for i in range(len(counts)) if counts[i]}


def students_as_strangers(
    training: Sequence[Embedded], validation: Sequence[Embedded], test: Sequence[Embedded], settings: TrainingSettings
) -> dict[str, NDArray[np.float64]]:
    """By student: the confidences that the student's pictures get from a classifier that was not trained on them.

    Stands in for strangers where no pictures of any are given. The classifiers differ from the one that is
    shipped by the students left out, and by nothing else. Raises PictureError when there are too few students.
    """
    names = sorted({each.picture.person for each in training})
    folds = min(FOLDS, len(names) // 2)
    if folds < 2:
        raise PictureError(
            f"{len(names)} students are too few to play strangers to each other: give pictures of other people with "
            "--unknown, the more the better"
        )
    confidences: dict[str, NDArray[np.float64]] = {}
    for fold in range(folds):
        out = set(names[fold::folds])
        known = [[each for each in part if each.picture.person not in out] for part in (training, validation)]
        classifier = train(known[0], (), known[1], (), settings)
        for name in out:
            seen = [e.rows[:1] for e in (*training, *validation, *test) if e.picture.person == name]
            confidences[name] = classifier.confidences(np.concatenate(seen))[1]
    return confidences
