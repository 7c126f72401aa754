"""`classpulse-central pki`: the school's certificate authority on the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from central import authority, bundle, pki_list
from central.authority import Authority, Issue, OpenAuthority
from central.pki_files import AuthorityError, refuse_existing
from central.pki_next import BROKER_REVOKED, after_issue, after_revocation
from central.pki_options import (
    EXIT_STATUS,
    PORT,
    add_days_option,
    add_folder_option,
    host,
    number,
    open_authority,
)
from central.pki_passphrase import add_passphrase_options, new_passphrase
from central.pki_registry import CENTRAL, REVOCATIONS, Broker, Issued, Kind


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `pki` to the commands of classpulse-central."""
    pki = commands.add_parser(
        "pki",
        help="the school's certificate authority",
        description="Make and look after the certificates by which broker, classrooms and central know each other.",
    )
    tasks = pki.add_subparsers(required=True, metavar="TASK")

    init = tasks.add_parser("init", help="make an authority", epilog=EXIT_STATUS)
    add_folder_option(init)
    init.add_argument("--school", default="School", metavar="NAME", help="stands in every certificate")
    init.add_argument("--years", type=number(1, 30), default=authority.YEARS, help="how long it lasts; default: 10")
    add_passphrase_options(init, new=True)
    init.set_defaults(run=_init)

    issue = tasks.add_parser("issue", help="certify classrooms, or central", epilog=EXIT_STATUS)
    issue.add_argument("classrooms", nargs="*", type=_classroom, metavar="CLASSROOM", help="a-z, 0-9 and -")
    issue.add_argument("--central", action="store_true", help="the subscriber that reads all classrooms")
    issue.add_argument("--host", type=host, help="of the broker; default: as broker-config was told")
    issue.add_argument("--port", type=number(1, 65535), help="of the broker; default: as broker-config was told")
    _add_signing_options(issue)
    issue.set_defaults(run=_issue)

    renew = tasks.add_parser("renew", help="certify again, with a new key", epilog=EXIT_STATUS)
    renew.add_argument("names", nargs="+", metavar="NAME", help="a classroom, central, or the broker's host")
    renew.add_argument(
        "--also", type=host, nargs="+", default=[], metavar="HOST", help="of the broker: more names and addresses"
    )
    _add_signing_options(renew)
    renew.set_defaults(run=_renew)

    revoke = tasks.add_parser("revoke", help="have the broker refuse certificates", epilog=EXIT_STATUS)
    revoke.add_argument("name", metavar="NAME", help="a classroom, central, or the broker's host")
    which = revoke.add_mutually_exclusive_group()
    which.add_argument("--old", action="store_true", help="only those that a newer one has superseded")
    which.add_argument(
        "--serial", type=_serial, metavar="HEX", help="only this one: the beginning of its serial number"
    )
    add_folder_option(revoke)
    add_passphrase_options(revoke)
    revoke.set_defaults(run=_revoke)

    listing = tasks.add_parser(
        "list",
        help="show every certificate",
        epilog=f"exit status: 0 all is well, {pki_list.NEEDS_ATTENTION} something is to be done, said on stderr "
        f"(what expires within {pki_list.WARNING_DAYS} days is to be renewed), 1 an error, 2 wrong usage",
    )
    add_folder_option(listing)
    listing.add_argument("--json", action="store_true", help="as one JSON object")
    listing.set_defaults(run=pki_list.show)


def _classroom(text: str) -> str:
    try:
        return authority.classroom_name(text)
    except AuthorityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _serial(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]+", text):
        raise argparse.ArgumentTypeError(f"{text[:80]!a} is not the beginning of a serial number: 0-9 and a-f")
    return text.lower()


def _add_signing_options(parser: argparse.ArgumentParser) -> None:
    add_folder_option(parser)
    add_passphrase_options(parser)
    add_days_option(parser)
    parser.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="put bundles here; default: .")
    parser.add_argument("--tar", action="store_true", help="a tar file for each bundle instead of a folder")


def _init(arguments: argparse.Namespace) -> int:
    refuse_existing(arguments.pki)
    passphrase = new_passphrase(arguments)
    authority.create(arguments.pki, arguments.school, passphrase, datetime.now(UTC), arguments.years)
    sys.stdout.write(
        f"{arguments.pki}: the school's authority until {Authority(arguments.pki).expires:%Y-%m-%d}.\n"
        "Whoever has this folder can pose as every classroom: let nobody else read it, and back it up.\n"
    )
    return 0


def _issue(arguments: argparse.Namespace) -> int:
    if bool(arguments.classrooms) == arguments.central:
        raise AuthorityError("name the classrooms to be certified, or else write --central")
    names = [CENTRAL] if arguments.central else list(dict.fromkeys(arguments.classrooms))
    kind: Kind = "central" if arguments.central else "classroom"
    _check_places(arguments, names)
    with open_authority(arguments) as ca:
        broker = _broker(arguments, ca)
        for name in names:
            if ca.registry.usable(name, datetime.now(UTC)):
                raise AuthorityError(f"{name}: has a certificate already; renew it, or revoke it first")
        for name in names:
            issue = ca.issue(name, kind, days=arguments.days)
            files = bundle.for_client(issue) if kind == "central" else bundle.for_classroom(issue, broker)
            _hand_out(files, issue, arguments)
    sys.stdout.write(after_issue(names[0], kind, broker, renewed=False))
    return 0


def _renew(arguments: argparse.Namespace) -> int:
    names = list(dict.fromkeys(arguments.names))
    _check_places(arguments, names)
    with open_authority(arguments) as ca:
        former = [_existing(ca, name)[-1] for name in names]
        broker = ca.broker  # before anything is done: without one there is nothing to say
        if arguments.also and [old.kind for old in former] != ["broker"]:
            raise AuthorityError("--also is for a broker's certificate: name the broker's host, and nothing else")
        for old in former:
            hosts = list(dict.fromkeys([*old.hosts, *arguments.also]))
            issue = ca.issue(old.name, old.kind, hosts, arguments.days)
            _hand_out(_RENEWED[old.kind](issue), issue, arguments)
            sys.stdout.write(after_issue(old.name, old.kind, broker, renewed=True))
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    with open_authority(arguments) as ca:
        chosen = _chosen(ca, arguments)
        # As in `_renew`; a broker's own certificate can do without.
        told = BROKER_REVOKED if chosen[0].kind == "broker" else after_revocation(ca.revocations_file, ca.broker)
        ca.revoke([issued.serial for issued in chosen])
        for issued in chosen:
            before = f" (on {issued.revoked_at:%Y-%m-%d} already)" if issued.revoked_at is not None else ""
            sys.stdout.write(f"{issued.name}: {issued.serial[:12]} is revoked{before}\n")
        sys.stdout.write(told)
    return 0


_RENEWED: dict[Kind, Callable[[Issue], bundle.Bundle]] = {
    "classroom": bundle.for_client,
    "central": bundle.for_client,
    "broker": bundle.for_broker,
}


def _place(arguments: argparse.Namespace, name: str) -> Path:
    folder: Path = arguments.output
    return folder / (f"{name}.tar" if arguments.tar else name)


def _check_places(arguments: argparse.Namespace, names: list[str]) -> None:
    if not arguments.output.is_dir():
        raise AuthorityError(f"{arguments.output}: is no folder; make it first")
    for name in names:
        refuse_existing(_place(arguments, name))


def _hand_out(files: bundle.Bundle, issue: Issue, arguments: argparse.Namespace) -> None:
    path = _place(arguments, issue.record.name)
    write = bundle.write_tar if arguments.tar else bundle.write_folder
    try:
        write(files, path)
    except AuthorityError as error:
        # It is on record and its key is lost: nobody can use it, and `list` shows it.
        raise AuthorityError(f"{error}; then `pki renew {issue.record.name}` makes another") from error
    sys.stdout.write(f"{path}: {issue.record.serial[:12]}, valid until {issue.record.expires:%Y-%m-%d}\n")


def _broker(arguments: argparse.Namespace, ca: OpenAuthority) -> Broker:
    """As the command line says, else as is known; what is said first is remembered."""
    if ca.registry.broker is None and arguments.host is not None:
        ca.use_broker(Broker(arguments.host, arguments.port or PORT, REVOCATIONS))
    known = ca.broker
    return replace(known, host=arguments.host or known.host, port=arguments.port or known.port)


def _existing(ca: OpenAuthority, name: str) -> list[Issued]:
    found = ca.registry.of(name)
    if not found:
        raise AuthorityError(f"{name[:80]!a}: no certificate was issued for it; `pki list` shows all")
    return found


def _chosen(ca: OpenAuthority, arguments: argparse.Namespace) -> list[Issued]:
    found, now = _existing(ca, arguments.name), datetime.now(UTC)
    if arguments.serial is not None:
        chosen = [issued for issued in found if issued.serial.startswith(arguments.serial)]
        if len(chosen) > 1:
            serials = ", ".join(issued.serial for issued in chosen)
            raise AuthorityError(f"--serial {arguments.serial}: begins more than one: {serials}; write more of it")
    elif arguments.old:
        chosen = [issued for issued in found if ca.registry.state(issued, now) == "superseded"]
    else:
        chosen = [issued for issued in found if now < issued.expires]
    if not chosen:
        raise AuthorityError(f"{arguments.name}: no such certificate that a broker would accept; see `pki list`")
    return chosen
