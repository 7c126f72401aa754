"""The passphrase of the authority's key: from a file, from the terminal, or none."""

from __future__ import annotations

import argparse
import getpass
import stat
import sys
from pathlib import Path

from central.authority import Authority
from central.pki_files import AuthorityError


def add_passphrase_options(parser: argparse.ArgumentParser, *, new: bool = False) -> None:
    """new: for a key that is yet to be made."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="holds nothing but the passphrase; default: asked for"
    )
    if new:
        group.add_argument("--no-passphrase", action="store_true", help="leave the key unencrypted, mode 0600")


def new_passphrase(arguments: argparse.Namespace) -> bytes | None:
    """For a new key; None: it shall have none. Raises AuthorityError."""
    if arguments.no_passphrase:
        return None
    if arguments.passphrase_file is not None:
        return _read(arguments.passphrase_file)
    first = _ask("Passphrase for the new authority: ", "--passphrase-file FILE or --no-passphrase")
    if first != _ask("The same again: ", "--passphrase-file FILE"):
        raise AuthorityError("the two passphrases differ; start again")
    return first


def existing_passphrase(arguments: argparse.Namespace, authority: Authority) -> bytes | None:
    """Of the authority's key; None: it has none. Raises AuthorityError."""
    if not authority.needs_passphrase():
        return None
    if arguments.passphrase_file is not None:
        return _read(arguments.passphrase_file)
    return _ask(f"Passphrase of {authority.folder}: ", "--passphrase-file FILE")


def _ask(prompt: str, otherwise: str) -> bytes:
    if not sys.stdin.isatty():
        raise AuthorityError(f"there is no terminal to ask for the passphrase; write {otherwise}")
    try:
        return getpass.getpass(prompt).encode()
    except EOFError as error:
        raise AuthorityError("no passphrase was typed; nothing was changed") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            passphrase = file.read(4096).rstrip(b"\r\n")
    except OSError as error:
        raise AuthorityError(f"{path}: the passphrase cannot be read: {error.strerror}") from error
    if stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise AuthorityError(f"{path}: others may read the passphrase; chmod 600 {path}")
    if not passphrase:
        raise AuthorityError(f"{path}: the passphrase file is empty")
    return passphrase
