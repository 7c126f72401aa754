"""The enrolled students' templates: identified by cosine, encrypted at rest.

The file is a magic line, a 12-byte nonce and AES-256-GCM ciphertext of a JSON document. The whole
gallery of a classroom is a few hundred kilobytes, so it is written as a whole: to a new file that is
synced and then renamed over the old one. A crash at any moment leaves the old gallery or the new.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from edge.embedder import Embedding
from edge.errors import GalleryError
from edge.new_file import write_new
from edge.records import Match
from edge.wire import ID_PATTERN

MAGIC = b"classpulse-gallery-1\n"
NONCE_BYTES = 12  # what GCM is defined for without hashing the nonce (NIST SP 800-38D, 5.2.1.1)
KEY_BYTES = 32
MARGIN = 0.05
"""How much more similar the best student must be than the second best, or nobody is named: siblings, mostly. On LFW
(67 people enrolled, 703 pictures of others) it costs none of those recognised where 1% of the strangers would be."""


@dataclass(frozen=True, eq=False)
class Student:
    """One enrolled student."""

    student_id: str
    consent: str
    """Reference of the consent, for example a document number."""
    enrolled_on: date
    consent_expires: date | None
    """Last day on which the student may be identified; None: no end."""
    embeddings: NDArray[np.float32]
    """(n, length) float32, unit rows: one for each enrolment picture. n = 0: by consent only, for a classifier."""


class Gallery:
    """Students by ID, and the search over them. Immutable: a change makes a new gallery."""

    def __init__(self, model: str, students: tuple[Student, ...] = ()) -> None:
        """model: name of the embedding model, since embeddings of two models cannot be compared."""
        self.model = model
        self.students = students

    def with_student(self, student: Student) -> Gallery:
        """This gallery with `student` added, or put in the place of the one with the same ID."""
        others = tuple(s for s in self.students if s.student_id != student.student_id)
        return Gallery(self.model, tuple(sorted((*others, student), key=lambda s: s.student_id)))

    def without(self, student_id: str) -> Gallery:
        """This gallery without the student. Raises GalleryError when there is none of that ID."""
        if all(s.student_id != student_id for s in self.students):
            raise GalleryError(f"{student_id}: not enrolled here; enrolled: {self.names()}")
        return Gallery(self.model, tuple(s for s in self.students if s.student_id != student_id))

    def names(self) -> str:
        return ", ".join(s.student_id for s in self.students) or "nobody"

    def searchable(self, today: date) -> Search:
        """The search over the students whose consent holds on `today`."""
        return Search(tuple(s for s in self.students if s.consent_expires is None or today <= s.consent_expires))


class Search:
    """1:N search by cosine: one matrix product."""

    def __init__(self, students: tuple[Student, ...]) -> None:
        self.students = len(students)
        self.student_ids = frozenset(s.student_id for s in students)
        templates = [s for s in students if len(s.embeddings)]
        self._ids = [s.student_id for s in templates]
        rows = [s.embeddings for s in templates]
        self._matrix = np.ascontiguousarray(np.concatenate(rows)) if rows else None
        self._starts = np.cumsum([0] + [len(each) for each in rows])[:-1]

    def identify(self, embedding: Embedding, threshold: float) -> Match:
        """Who the probe, (length,) unit float32, is: the nearest student; unknown below threshold, or where another
        student is nearly as near."""
        match, second = self.nearest(embedding)
        clear = match.similarity >= threshold and match.similarity - second >= MARGIN
        return match if clear else Match(None, match.similarity)

    def naming_threshold(self, embedding: Embedding) -> float:
        """The highest threshold at which `identify` names somebody; -1 where the margin keeps the probe unknown."""
        match, second = self.nearest(embedding)
        return match.similarity if match.similarity - second >= MARGIN else -1.0

    def nearest(self, embedding: Embedding) -> tuple[Match, float]:
        """The most similar student, however far, and the similarity of the second; -1 where there is none."""
        if self._matrix is None:
            return Match(None, -1.0), -1.0
        similarities = np.maximum.reduceat(self._matrix @ embedding, self._starts)
        best = int(similarities.argmax())
        match = Match(self._ids[best], float(similarities[best]))
        similarities[best] = -1.0
        return match, float(similarities.max())


def create_key(path: Path) -> None:
    """Write a new random key to path, mode 0600. Raises GalleryError when it exists or cannot be written."""
    try:
        write_new(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    except FileExistsError as error:
        raise GalleryError(f"{path}: exists already; a new key would make the gallery unreadable") from error
    except OSError as error:
        raise GalleryError(f"{path}: cannot write the gallery key: {error.strerror}") from error


def read_key(path: Path) -> bytes:
    """The 32-byte key in path. Raises GalleryError when it is missing, unreadable or no key."""
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise GalleryError(f"{path}: no gallery key there; `classpulse-edge enrol` makes one") from error
    except OSError as error:
        raise GalleryError(f"{path}: cannot read the gallery key: {error.strerror}") from error
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise GalleryError(f"{path}: not a gallery key ({KEY_BYTES} bytes in base64); restore the right file")
    return key


def load(path: Path, key: bytes, model: str, length: int | None = None) -> Gallery:
    """The gallery in path, empty if there is none yet.

    length: of the embeddings that the model called `model` gives now; None: whatever they were.

    Raises GalleryError when it cannot be read, was not written with this key, is damaged, or
    holds embeddings of another model.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Gallery(model)
    except OSError as error:
        raise GalleryError(f"{path}: cannot read the gallery: {error.strerror}") from error
    if not content.startswith(MAGIC):
        raise GalleryError(f"{path}: not a gallery of this version; restore it from its export or enrol again")
    start = len(MAGIC) + NONCE_BYTES
    try:
        plain = AESGCM(key).decrypt(content[len(MAGIC) : start], content[start:], MAGIC)
    except (InvalidTag, ValueError) as error:
        raise GalleryError(
            f"{path}: cannot be decrypted: the key is another one, or the file is damaged; "
            "restore key or gallery, or enrol again"
        ) from error
    gallery = from_document(json.loads(plain), path)
    if gallery.model != model and any(len(student.embeddings) for student in gallery.students):
        raise GalleryError(
            f"{path}: was enrolled with the model {gallery.model!r}, the config names {model!r}: "
            "their embeddings cannot be compared; enrol again or set recognition.model back"
        )
    lengths = {s.embeddings.shape[1] for s in gallery.students if len(s.embeddings)}
    if length is not None and lengths - {length}:
        raise GalleryError(
            f"{path}: its templates have {min(lengths)} numbers, the model {model!r} gives {length}: it is another one "
            "than they were enrolled with; enrol again or restore the model"
        )
    return Gallery(model, gallery.students)


def save(gallery: Gallery, path: Path, key: bytes) -> None:
    """Write gallery to path atomically, mode 0600. Raises GalleryError; the old file then stands."""
    plain = json.dumps(to_document(gallery)).encode()
    nonce = secrets.token_bytes(NONCE_BYTES)
    content = MAGIC + nonce + AESGCM(key).encrypt(nonce, plain, MAGIC)
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)  # left by a writing that was cut off
        write_new(fresh, content)
        try:
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)  # or the rename itself may be lost with the power
        finally:
            os.close(directory)
    except OSError as error:
        raise GalleryError(f"{path}: cannot write the gallery: {error.strerror}; nothing was changed") from error


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold the gallery's lock: two commands that change it at once would lose one of the changes."""
    try:
        lock = path.with_name(f".{path.name}.lock").open("a")
        flock(lock, LOCK_EX)
    except OSError as error:
        raise GalleryError(f"{path}: cannot lock the gallery for a change: {error.strerror}") from error
    with lock:
        yield


def new_student(student_id: str, consent: str, embeddings: list[Embedding], expires: date | None = None) -> Student:
    """A student enrolled today, without embeddings by consent only. Raises GalleryError for a malformed ID or an empty
    consent."""
    if not re.fullmatch(ID_PATTERN, student_id):
        raise GalleryError(f"{student_id!r}: a student ID is a-z, 0-9 and '-', at most 63, and does not start with '-'")
    if not consent.strip():
        raise GalleryError(f"{student_id}: enrolment needs the reference of a consent: --consent REFERENCE")
    if not consent.isprintable():
        raise GalleryError(f"{student_id}: the reference of the consent must be one line of plain text")
    rows = np.stack(embeddings) if embeddings else np.zeros((0, 1), np.float32)
    return Student(student_id, consent.strip(), date.today(), expires, rows)


def to_document(gallery: Gallery) -> dict[str, Any]:
    """What is encrypted: of every student ID, consent and embeddings, for JSON."""
    return {
        "model": gallery.model,
        "students": [
            {
                "student_id": s.student_id,
                "consent": s.consent,
                "enrolled_on": s.enrolled_on.isoformat(),
                "consent_expires": s.consent_expires.isoformat() if s.consent_expires else None,
                "length": s.embeddings.shape[1],
                "embeddings": base64.b64encode(s.embeddings.astype("<f4").tobytes()).decode(),
            }
            for s in gallery.students
        ],
    }


def from_document(document: dict[str, Any], path: Path) -> Gallery:
    """The gallery of a decrypted document that lay in path. Raises GalleryError."""
    # The ciphertext was authentic, so only another version of ClassPulse can have written a wrong shape.
    try:
        return Gallery(
            document["model"],
            tuple(
                Student(
                    s["student_id"],
                    s["consent"],
                    date.fromisoformat(s["enrolled_on"]),
                    date.fromisoformat(s["consent_expires"]) if s["consent_expires"] else None,
                    np.frombuffer(base64.b64decode(s["embeddings"]), dtype="<f4")
                    .reshape(-1, s["length"])
                    .astype(np.float32),
                )
                for s in document["students"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GalleryError(f"{path}: was written by another version of ClassPulse; update, or enrol again") from error
