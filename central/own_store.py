"""The service's database for a command at a terminal, beside the service or without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.config import Settings
from central.errors import StoreError
from central.store.store import Store


@contextmanager
def own_store(settings: Settings) -> Iterator[Store]:
    """The store that the settings name. Raises StoreError, StoreBusyError.

    Root is the service's account meanwhile: files that belong to root the service could not open.
    """
    path = settings.store.path
    with _as_owner(path), Store(path, settings.school.zone) as store:
        yield store


@contextmanager
def _as_owner(path: Path) -> Iterator[None]:
    try:
        owner = (path if path.exists() else path.parent).stat()
    except OSError as error:
        raise StoreError(
            f"{path}: the database cannot be opened: {error.strerror}; start the service once, and be root or its user"
        ) from error
    user, group = os.geteuid(), os.getegid()
    if user != 0 or owner.st_uid == 0:
        yield
        return
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)
