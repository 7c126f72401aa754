"""Private files: never half written, and never readable by others, not even for a moment."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import ClassPulseError

PRIVATE, PUBLIC = 0o600, 0o644
"""Modes of a file: for its owner's eyes, and for everybody's."""


class AuthorityError(ClassPulseError):
    """The school's authority, or what it writes, cannot be used as asked; the text says what to do."""


class UnconfirmedError(AuthorityError):
    """What was written is there, and may be gone after a power cut: the disk did not confirm it."""


@dataclass(frozen=True)
class Owner:
    """Whose a file becomes."""

    user: int
    group: int


@dataclass(frozen=True)
class File:
    """What is to be written."""

    content: bytes = field(repr=False)
    mode: int = PUBLIC
    owner: Owner | None = None
    """None: whoever writes it."""


def replace(path: Path, file: File) -> None:
    """Put file in the place of path at once, or leave what is there. Raises AuthorityError, and when path has
    changed UnconfirmedError.

    It belongs to the folder's owner: with sudo, root must not take it away from whom it is.
    """
    fresh = _beside(path)
    try:
        folder = path.parent.stat()
        owner = Owner(folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None
        try:
            _write(fresh, dataclasses.replace(file, owner=file.owner or owner))
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        _confirm(path)
    except OSError as error:
        raise AuthorityError(f"{path}: cannot be written: {error.strerror}; nothing was changed") from error


def write_new(path: Path, file: File) -> None:
    """Write a file that is not there yet, whole or not at all. Raises AuthorityError, also when there is one."""
    fresh = _beside(path)
    try:
        try:
            _write(fresh, file)
            os.link(fresh, path)  # unlike a rename, refuses what is there
        finally:
            fresh.unlink(missing_ok=True)
        _confirm(path)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise AuthorityError(f"{path}: cannot be written: {error.strerror}") from error


def write_new_folder(path: Path, files: Mapping[str, File], mode: int = 0o700) -> None:
    """Write a folder of files that is not there yet, whole or not at all. Raises AuthorityError."""
    refuse_existing(path)
    fresh = _beside(path)
    try:
        try:
            fresh.mkdir(mode=0o700)
            for name, file in files.items():
                _write(fresh / name, file)
            fresh.chmod(mode)  # mkdir's is cut by the umask
            _sync(fresh)
            fresh.rename(path)  # onto nothing, or an empty folder
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        _confirm(path)
    except OSError as error:
        raise AuthorityError(f"{path}: cannot be written: {error.strerror}") from error


def refuse_existing(path: Path) -> None:
    """Raises AuthorityError when something is at path, but for an empty folder."""
    try:
        taken = path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir())))
    except OSError as error:
        raise _unseen(path, error) from error
    if taken:
        raise _exists(path)


def exists(path: Path) -> bool:
    """Whether anything is at path. Raises AuthorityError when that cannot be seen."""
    try:
        return path.exists()
    except OSError as error:
        raise _unseen(path, error) from error


def refuse_unwritable(path: Path) -> None:
    """Raises AuthorityError when nothing can be made at path, by trying in the nearest folder that is there."""
    folder = next(parent for parent in path.absolute().parents if exists(parent))
    trial = _beside(folder / path.name)
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError as error:
        remedy = "; run it with sudo" if isinstance(error, PermissionError) and os.geteuid() != 0 else ""
        raise AuthorityError(f"{path}: cannot be written: {error.strerror}{remedy}") from error


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two commands at once would lose a serial number. Raises AuthorityError."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise AuthorityError(f"{folder}: cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AuthorityError(f"{folder}: another classpulse-central is changing it; wait and try again") from error
    else:
        yield
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")


def _write(path: Path, file: File) -> None:
    # Private from its first moment, whatever the umask; its own mode once it is whole.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.content)
        stream.flush()
        if file.owner is not None:
            os.fchown(descriptor, file.owner.user, file.owner.group)
        os.fchmod(descriptor, file.mode)
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)  # or a rename in it may be lost with the power
    finally:
        os.close(descriptor)


def _confirm(path: Path) -> None:
    """That path stays, which is there already. Raises UnconfirmedError."""
    try:
        _sync(path.parent)
    except OSError as error:
        raise UnconfirmedError(
            f"{path}: is written, but the disk did not confirm it: {error.strerror}; look after the disk, and see "
            "whether the file is still there after a restart of the machine"
        ) from error


def _unseen(path: Path, error: OSError) -> AuthorityError:
    return AuthorityError(f"{path}: cannot be looked at: {error.strerror}; is this its owner's account?")


def _exists(path: Path) -> AuthorityError:
    return AuthorityError(f"{path}: exists already, and is not overwritten; move it away or name another place")
