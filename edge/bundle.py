"""Enrolled students on their way to another device: an encrypted file, and a passphrase that travels apart from it.

The file is a magic line, a 16-byte salt, a 12-byte nonce and AES-256-GCM ciphertext of the same document that a gallery
holds. The key comes from the passphrase by scrypt (RFC 7914) with the cost that OWASP's password storage cheat sheet
gives: 2^17 rounds of 8 blocks, which take 128 MB for a moment.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edge import gallery
from edge.config import Settings
from edge.enrolment import check_stranger
from edge.errors import ClassPulseError, GalleryError
from edge.gallery import KEY_BYTES, NONCE_BYTES, Gallery, Student
from edge.new_file import write_new

MAGIC = b"classpulse-bundle-1\n"
SALT_BYTES = 16
COST, BLOCKS, LANES = 2**17, 8, 1
PASSPHRASE_BYTES = 15
"""Of randomness in a passphrase made here: 20 letters to type, and 120 bits to guess."""
SHORTEST_PASSPHRASE = 12


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    expired: tuple[str, ...]
    """Left out: their consent has ended."""


def new_passphrase() -> str:
    """A random passphrase of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(PASSPHRASE_BYTES)


def export_students(settings: Settings, path: Path, passphrase: str, student_ids: Collection[str] = ()) -> Gallery:
    """Write the students of these IDs, or all whose consent holds, to a new file at path, mode 0600.

    Returns who is in it. Raises GalleryError: an ID is not enrolled, nobody is, path exists or cannot be written.
    """
    enrolled = open_gallery(settings)
    missing = sorted(set(student_ids) - {student.student_id for student in enrolled.students})
    if missing:
        raise GalleryError(f"{', '.join(missing)}: not enrolled here; enrolled: {enrolled.names()}")
    ended = [s.student_id for s in enrolled.students if s.student_id in student_ids and _expired(s)]
    if ended:
        raise GalleryError(f"{', '.join(ended)}: the consent has ended: leave them out, or enrol them with a new one")
    chosen = tuple(s for s in enrolled.students if s.student_id in student_ids or not student_ids)
    leaving = Gallery(enrolled.model, tuple(s for s in chosen if not _expired(s)))
    if not leaving.students:
        raise GalleryError("nobody to export: no student with a consent that holds")
    _check_passphrase(passphrase)
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    plain = json.dumps(gallery.to_document(leaving)).encode()
    content = MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, MAGIC + salt)
    try:
        write_new(path, content)
    except FileExistsError as error:
        raise GalleryError(f"{path}: exists already; choose another name, or remove it first") from error
    except OSError as error:
        raise GalleryError(
            f"{path}: cannot write the bundle: {error.strerror}; nothing was left there; name a file where the user "
            "who runs this may write"
        ) from error
    return leaving


def import_students(
    settings: Settings,
    path: Path,
    passphrase: str,
    *,
    length: int,
    threshold: float,
    replace: bool = False,
    alike: Collection[str] = (),
) -> Imported:
    """Add the students of a bundle to the gallery that settings name; all of them, or none.

    length: of the model's embeddings. threshold: similarity from which two students look alike. replace: a student
    enrolled already gets the bundle's template and consent. alike: IDs of students enrolled here who are somebody else,
    although they look like one who arrives. Raises GalleryError, and PictureError for a student who looks like another
    one here.
    """
    arriving = _read(path, passphrase, settings.recognition.model, length)
    valid = [student for student in arriving.students if not _expired(student)]
    place, key_file = settings.recognition.gallery, settings.recognition.key_file
    with gallery.changing(place):
        begun = key_file.exists() or place.exists()
        enrolled = gallery.Gallery(settings.recognition.model)
        if begun:
            enrolled = gallery.load(place, gallery.read_key(key_file), settings.recognition.model, length)
        known = {student.student_id for student in enrolled.students}
        twice = sorted(student.student_id for student in valid if student.student_id in known)
        if twice and not replace:
            raise GalleryError(
                f"{path}: {', '.join(twice)}: enrolled here already; --replace puts the bundle's templates and "
                "consent in the place of those here; nothing was changed"
            )
        # Those of the bundle were told apart where they were enrolled.
        arrived = {student.student_id for student in valid}
        here = Gallery(enrolled.model, tuple(s for s in enrolled.students if s.student_id not in arrived))
        for student in valid:
            check_stranger(student, here, threshold, alike)
            enrolled = enrolled.with_student(student)
        if not begun:
            gallery.create_key(key_file)
        gallery.save(enrolled, place, gallery.read_key(key_file))
    return Imported(
        tuple(s.student_id for s in valid if s.student_id not in known),
        tuple(twice),
        tuple(s.student_id for s in arriving.students if _expired(s)),
    )


def open_gallery(settings: Settings) -> Gallery:
    """The gallery that settings name. Raises GalleryError."""
    key = gallery.read_key(settings.recognition.key_file)
    return gallery.load(settings.recognition.gallery, key, settings.recognition.model)


def _read(path: Path, passphrase: str, model: str, length: int) -> Gallery:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GalleryError(f"{path}: cannot read the bundle: {error.strerror}") from error
    if not content.startswith(MAGIC):
        raise GalleryError(f"{path}: not a bundle of this version; `classpulse-edge students export` makes one")
    salt_at, nonce_at = len(MAGIC), len(MAGIC) + SALT_BYTES
    salt, nonce = content[salt_at:nonce_at], content[nonce_at : nonce_at + NONCE_BYTES]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, content[nonce_at + NONCE_BYTES :], MAGIC + salt)
    except (InvalidTag, ValueError) as error:
        raise GalleryError(f"{path}: cannot be decrypted: another passphrase, or the file is damaged") from error
    arriving = gallery.from_document(json.loads(plain), path)
    if arriving.model != model and any(len(student.embeddings) for student in arriving.students):
        raise GalleryError(
            f"{path}: its templates are of the model {arriving.model!r}, the config names {model!r}: they cannot be "
            "compared; export from a device with the same recognition.model, or enrol from pictures"
        )
    lengths = {student.embeddings.shape[1] for student in arriving.students if len(student.embeddings)}
    if lengths - {length}:
        raise GalleryError(
            f"{path}: its templates have {min(lengths)} numbers, the model {model!r} gives {length} here: it is "
            "another one than they were enrolled with"
        )
    return arriving


def _key(passphrase: str, salt: bytes) -> bytes:
    try:
        return Scrypt(salt=salt, length=KEY_BYTES, n=COST, r=BLOCKS, p=LANES).derive(passphrase.encode())
    except MemoryError as error:
        raise ClassPulseError("the passphrase needs 128 MB of memory for a moment, and they are not free") from error


def _check_passphrase(passphrase: str) -> None:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise GalleryError(f"the passphrase has {len(passphrase)} characters; use {SHORTEST_PASSPHRASE} or more")


def _expired(student: Student) -> bool:
    return student.consent_expires is not None and student.consent_expires < date.today()
