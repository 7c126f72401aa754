"""`classpulse-central broker-config`: a broker's configuration, its certificate and its access list in place."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from dataclasses import replace
from pathlib import Path
from shlex import quote

from central import bundle, pki_files
from central.authority import OpenAuthority
from central.broker_config import Layout, access_list, configuration
from central.pki_files import PRIVATE, AuthorityError, File, Owner, refuse_existing
from central.pki_options import (
    EXIT_STATUS,
    PORT,
    add_days_option,
    add_folder_option,
    host,
    number,
    open_authority,
)
from central.pki_passphrase import add_passphrase_options
from central.pki_registry import Broker

_ACCOUNT = "mosquitto"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `broker-config` to the commands of classpulse-central."""
    parser = commands.add_parser(
        "broker-config",
        help="write a Mosquitto configuration",
        description="Write a Mosquitto configuration with an access list and a certificate for the broker: each "
        "classroom publishes as itself, central reads, nobody else gets in.",
        epilog=EXIT_STATUS,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to; with --debian /etc/mosquitto")
    parser.add_argument("--host", type=host, required=True, help="the broker's name, as classrooms will call it")
    parser.add_argument("--also", type=host, nargs="+", default=[], metavar="NAME", help="more names and addresses")
    parser.add_argument("--port", type=number(1, 65535), default=PORT, help=f"default: {PORT}")
    parser.add_argument("--bind", type=host, metavar="ADDRESS", help="listen on this address only; default: on all")
    parser.add_argument("--debian", action="store_true", help="beside Debian's own mosquitto.conf, in its conf.d")
    parser.add_argument("--at", type=Path, metavar="DIR", help="where DIR will lie on the broker, if that is elsewhere")
    add_folder_option(parser)
    add_passphrase_options(parser)
    add_days_option(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    make = Layout.debian if arguments.debian else Layout.standalone
    here, there = make(arguments.folder.absolute()), make((arguments.at or arguments.folder).absolute())
    if not str(there.folder).isprintable():
        raise AuthorityError(f"{str(there.folder)[:80]!a}: cannot stand in a configuration; name another folder")
    for path in (here.config, here.folder):
        refuse_existing(path)
        pki_files.refuse_unwritable(path)  # before there is a certificate whose key would be lost
    owner = None if arguments.at else _account()
    with open_authority(arguments) as ca:
        _write(here, there, ca, arguments, owner)
    sys.stdout.write(f"{here.config}: written, with {here.folder}\n")
    if arguments.at:
        sys.stdout.write(_CARRY.format(source=quote(arguments.folder.name), target=quote(str(arguments.at))))
    if arguments.at or (owner is None and os.geteuid() == 0):
        paths = [quote(str(path)) for path in (there.folder, there.data) if path]
        sys.stdout.write(_OWNERS.format(paths=" ".join(paths)))
    command = "sudo systemctl restart mosquitto" if arguments.debian else f"mosquitto -c {quote(str(there.config))}"
    sys.stdout.write(f"Start the broker:\n  {command}\n")
    if arguments.at:
        sys.stdout.write("Then delete the folder here: it holds the broker's key.\n")
    return 0


def _write(here: Layout, there: Layout, ca: OpenAuthority, arguments: argparse.Namespace, owner: Owner | None) -> None:
    hosts = list(dict.fromkeys([arguments.host, *arguments.also]))
    issue = ca.issue(arguments.host, "broker", hosts, arguments.days)
    # Mosquitto reads them after it has given up being root, and from 2.0.16 on wants them to be its own.
    files = {
        **bundle.for_broker(issue),
        "crl.pem": File(ca.revocations_file.read_bytes()),
        "access.list": File(access_list().encode(), PRIVATE),
    }
    text = configuration(there, arguments.port, arguments.bind)
    try:
        for folder in (here.config.parent, here.folder.parent):
            _make(folder)
        pki_files.write_new_folder(
            here.folder, {name: replace(file, owner=owner) for name, file in files.items()}, mode=0o755
        )
        if here.data is not None:
            here.data.mkdir(mode=0o700, exist_ok=True)
            if owner is not None:
                os.chown(here.data, owner.user, owner.group)
    except OSError as error:
        raise AuthorityError(f"{error.filename}: cannot be made: {error.strerror}") from error
    pki_files.write_new(here.config, File(text.encode()))
    ca.use_broker(Broker(arguments.host, arguments.port, str(there.revocations)))


def _make(folder: Path) -> None:
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)  # or, with a strict umask, Mosquitto would not get in


def _account() -> Owner | None:
    """Whose the files become: Mosquitto's, where that is known and possible."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return None
    return Owner(account.pw_uid, account.pw_gid)


_CARRY = """\
Carry it to the broker; there, beside it:
  sudo cp -r {source}/. {target}/
"""
_OWNERS = """\
What Mosquitto reads must be its own:
  sudo chown -R mosquitto:mosquitto {paths}
"""
