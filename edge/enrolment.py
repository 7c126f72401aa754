"""Adding a student to the gallery from pictures, with a check of every picture; and taking one out of everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import numpy as np

from edge.config import Settings
from edge.embedder import Embedder
from edge.errors import GalleryError, PictureError
from edge.gallery import Gallery, Student, changing, create_key, load, new_student, read_key, save
from edge.portraits import Portrait
from edge.spool_erasure import erase


def template_threshold(settings: Settings, embedder: Embedder) -> float:
    """Similarity from which two templates show one person, by config or model."""
    # With a classifier the config's threshold is a confidence, and says nothing of templates.
    by_classifier = settings.recognition.method == "classifier"
    return embedder.threshold if by_classifier else settings.recognition.threshold or embedder.threshold


def enrol(
    settings: Settings,
    embedder: Embedder,
    student_id: str,
    consent: str,
    portraits: Sequence[Portrait],
    expires: date | None = None,
    alike: Collection[str] = (),
) -> Student:
    """Write the student into the gallery that settings name.

    alike: IDs of enrolled students who are somebody else, although they look like this one.

    A student already enrolled gets the new template in place of the old. Makes the key if there is
    none yet. For a classifier no portrait is needed: the consent alone lifts the mask of the student's
    class. Raises PictureError for a portrait that looks like somebody else, and GalleryError; nothing is
    changed then.
    """
    if not portraits and settings.recognition.method != "classifier":
        raise PictureError(
            f'{student_id}: no picture given; only with recognition.method = "classifier" is a consent enough'
        )
    if expires is not None and expires < date.today():
        raise GalleryError(f"{student_id}: the consent ended on {expires}: nobody is enrolled without one")
    threshold = template_threshold(settings, embedder)
    student = new_student(student_id, consent, [portrait.embedding for portrait in portraits], expires)
    check_agreement(portraits, threshold)
    path, key_file = settings.recognition.gallery, settings.recognition.key_file
    with changing(path):
        begun = key_file.exists() or path.exists()
        gallery = Gallery(settings.recognition.model)
        if begun:
            gallery = load(path, read_key(key_file), settings.recognition.model, embedder.length)
        check_stranger(student, gallery, threshold, alike)
        if not begun:  # for the first student only: beside a gallery whose key is lost it would hide the loss
            create_key(key_file)
        save(gallery.with_student(student), path, read_key(key_file))
    return student


def forget(settings: Settings, student_id: str) -> Iterator[str]:
    """Erase a student's template and consent, and the observations that wait in the spool; says what is done.

    May be done beside a running daemon, which follows. A student who is not enrolled any more but has left
    observations is forgotten as well. Raises GalleryError when nothing of the student is here, and SpoolError when
    observations may be left.
    """
    path = settings.recognition.gallery
    with changing(path):
        key = read_key(settings.recognition.key_file)
        gallery = load(path, key, settings.recognition.model)
        enrolled = any(student.student_id == student_id for student in gallery.students)
        if enrolled:
            save(gallery.without(student_id), path, key)
    if enrolled:
        yield "template and consent erased; a running daemon forgets them within seconds"
    erased = erase(settings.spool.path, student_id)
    if not (enrolled or erased.observations or erased.damaged_files):
        gallery.without(student_id)  # says that there is none
    yield f"{erased.observations} observation{'' if erased.observations == 1 else 's'} erased from the spool"
    for damaged in erased.damaged_files:
        yield f"{damaged} deleted: it named the student"


def check_agreement(portraits: Sequence[Portrait], threshold: float) -> None:
    """Raises PictureError when one of a student's portraits is unlike all of the others."""
    if len(portraits) < 2:
        return
    matrix = np.stack([portrait.embedding for portrait in portraits])
    similarity = matrix @ matrix.T
    np.fill_diagonal(similarity, -1.0)
    nearest = similarity.max(axis=1)
    worst = int(nearest.argmin())
    if nearest[worst] < threshold:
        raise PictureError(
            f"{portraits[worst].name}: looks like another person than the other pictures (similarity "
            f"{nearest[worst]:.2f}, needs {threshold:.2f}); leave it out, or check who it shows"
        )


def check_stranger(student: Student, gallery: Gallery, threshold: float, alike: Collection[str] = ()) -> None:
    """Raises PictureError when the student looks like somebody enrolled under another ID.

    alike: IDs of those who may; GalleryError when one of them is not enrolled.
    """
    missing = sorted(set(alike) - {s.student_id for s in gallery.students})
    if missing:
        raise GalleryError(f"--alike {missing[0]}: not enrolled here; enrolled: {gallery.names()}")
    ignored = {student.student_id, *alike}
    others = Gallery(gallery.model, tuple(s for s in gallery.students if s.student_id not in ignored))
    search = others.searchable(date.today())
    for embedding in student.embeddings:
        match, _ = search.nearest(embedding)
        if match.similarity >= threshold:
            raise PictureError(
                f"{student.student_id}: looks like {match.student_id}, who is enrolled already (similarity "
                f"{match.similarity:.2f}): check the pictures; if it is the same person, forget {match.student_id} "
                f"first; if they are two, such as siblings, add --alike {match.student_id}"
            )
