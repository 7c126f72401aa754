"""What the commands that need the authority have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from central import authority
from central.authority import Authority, OpenAuthority, opened
from central.certificates import host_name
from central.pki_files import AuthorityError
from central.pki_passphrase import existing_passphrase

PORT = 8883
"""Of MQTT over TLS."""
EXIT_STATUS = "exit status: 0 done, 1 an error, said on stderr, 2 wrong usage, 130 interrupted"


def add_folder_option(parser: argparse.ArgumentParser) -> None:
    """Which authority."""
    parser.add_argument("--pki", type=Path, default=Path("pki"), metavar="DIR", help="the authority; default: ./pki")


def add_days_option(parser: argparse.ArgumentParser) -> None:
    """How long a certificate is valid."""
    days = f"how long a certificate is valid; default: {authority.DAYS}"
    parser.add_argument("--days", type=number(1, 3650), default=authority.DAYS, help=days)


def open_authority(arguments: argparse.Namespace) -> AbstractContextManager[OpenAuthority]:
    """The authority that was named, with its key. Raises AuthorityError."""
    # Asked for before the folder is locked: a forgotten prompt must not keep others out.
    passphrase = existing_passphrase(arguments, Authority(arguments.pki))
    return opened(arguments.pki, passphrase, datetime.now(UTC))


def number(low: int, high: int) -> Callable[[str], int]:
    """What an option takes: a whole number within low..high."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low}..{high}")
        return int(text)

    return read


def host(text: str) -> str:
    """What an option takes: a host name or an IP address."""
    try:
        return host_name(text)
    except AuthorityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
