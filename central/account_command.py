"""The commands about who may log in, and what they did: account invite, account list, audit verify."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from central.config import load
from central.serve_command import DEFAULT_CONFIG
from edge.errors import ClassPulseError

if TYPE_CHECKING:
    from central.accounts.directory import Account, Accounts
    from central.accounts.invitations import Invitation

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_ROLES = ("admin", "teacher", "technician")
_NOTED = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


class AuditError(ClassPulseError):
    """The audit log is not as it was written."""


def add_parser(commands: Commands) -> None:
    """Add the commands to those of classpulse-central."""
    account = commands.add_parser("account", help="who may log in to the dashboard")
    actions = account.add_subparsers(required=True, metavar="ACTION")

    inviting = actions.add_parser(
        "invite",
        help="print a link by which somebody chooses the password of an account",
        description="Print a link that works once, for 48 hours: whoever opens it chooses the account's password. An "
        "account that does not exist is made; with one that does, this is how a forgotten password is replaced.",
    )
    inviting.add_argument("name", metavar="NAME", help="a-z, 0-9, '.', '_' and '-'")
    inviting.add_argument("--role", choices=_ROLES, help="of a new account")
    inviting.add_argument(
        "--group", action="append", default=[], metavar="GROUP", help="whose students a new teacher sees; repeatable"
    )
    _add_config(inviting)
    inviting.set_defaults(run=_invite)

    listing = actions.add_parser("list", help="print the accounts")
    _add_config(listing)
    listing.set_defaults(run=_list)

    audit = commands.add_parser("audit", help="the record of who looked at whom, and who changed what")
    actions = audit.add_subparsers(required=True, metavar="ACTION")
    verifying = actions.add_parser(
        "verify",
        help="check that nothing was changed in it",
        description="Compute the chain of digests anew, and print the newest: NUMBER:DIGEST. Noted elsewhere, and "
        "given as --against another day, it shows that the log was not written anew as a whole, or cut off.",
        epilog="exit status: 0 all is as it was written, 1 it is not, or another error",
    )
    verifying.add_argument("--against", metavar="NUMBER:DIGEST", type=_noted, help="from an earlier run")
    _add_config(verifying)
    verifying.set_defaults(run=_verify)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s")


def _noted(text: str) -> tuple[int, bytes]:
    found = _NOTED.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not NUMBER:DIGEST, as this command prints it")
    return int(found[1]), bytes.fromhex(found[2])


# The database's packages, and the rest of the extra `central`, are imported where they are needed: whoever only looks
# on with `tail` does without.


def _invite(arguments: argparse.Namespace) -> int:
    from central.accounts.directory import Accounts
    from central.api.origins import allowed_origins
    from central.own_store import own_store

    settings = load(arguments.config)
    origins = sorted(allowed_origins(settings.web))
    with own_store(settings) as store:
        invitation = _invited(Accounts(store), arguments, datetime.now(UTC))
    sys.stdout.write(f"{origins[0] if origins else ''}{invitation.path}\n")
    sys.stderr.write(
        f"Give this link to the owner of the account {arguments.name} and to nobody else: it works once, until "
        f"{invitation.expires_at.astimezone(settings.school.zone):%Y-%m-%d %H:%M %Z}, and chooses the password.\n"
    )
    return 0


def _invited(accounts: Accounts, arguments: argparse.Namespace, now: datetime) -> Invitation:
    from central.accounts.audit import SYSTEM
    from central.accounts.errors import AccountError, UnknownAccountError

    try:
        known = accounts.find(arguments.name, now)
    except UnknownAccountError as error:
        if arguments.role is None:
            raise AccountError(
                f"there is no account {arguments.name!r} yet; write --role {'|'.join(_ROLES)}"
            ) from error
        return accounts.create(SYSTEM, arguments.name, arguments.role, arguments.group, now)
    if arguments.role not in (None, known.role) or (arguments.group and set(arguments.group) != set(known.groups)):
        raise AccountError(
            f"the account {known.name!r} is there already, with the role {_described(known)}; leave out --role "
            "and --group, and change it in the dashboard's Settings"
        )
    return accounts.invite(SYSTEM, known.name, now)


def _list(arguments: argparse.Namespace) -> int:
    from central.accounts.directory import Accounts
    from central.own_store import own_store

    settings = load(arguments.config)
    with own_store(settings) as store:
        found = Accounts(store).all(datetime.now(UTC))
    if not found:
        sys.stderr.write("There are no accounts yet; make one: classpulse-central account invite NAME --role admin\n")
    for account in found:
        sys.stdout.write(f"{account.name}  {_described(account)}  {_state(account)}\n")
    return 0


def _described(account: Account) -> str:
    return f"{account.role} of {', '.join(account.groups)}" if account.groups else account.role


def _state(account: Account) -> str:
    if account.locked:
        return "locked"
    if account.invited_until is not None:
        return f"invited until {account.invited_until:%Y-%m-%d %H:%M} UTC"
    if not account.has_password:
        return "its invitation is too old"
    return "active"


def _verify(arguments: argparse.Namespace) -> int:
    from central.accounts.audit import Audit
    from central.own_store import own_store

    settings = load(arguments.config)
    with own_store(settings) as store:
        audit = Audit(store)
        verdict = audit.verify()
        noted = audit.digest(arguments.against[0]) if arguments.against else None
    if verdict.broken is not None:
        raise AuditError(
            f"{settings.store.path}: the audit log is not as it was written: entry {verdict.broken} was changed, or "
            "one before it was taken out; keep this file, and compare it with the backups"
        )
    if arguments.against and noted != arguments.against[1]:
        raise AuditError(
            f"{settings.store.path}: the audit log is not the one of that note: entry {arguments.against[0]} is "
            "another, or missing; keep this file, and compare it with the backups"
        )
    if verdict.entries:
        sys.stdout.write(f"{verdict.entries}:{verdict.digest.hex()}\n")
    sys.stderr.write(f"All {verdict.entries} entries are as they were written.\n")
    return 0
