"""One-time links by which a person chooses the password of an account: the first one, or a new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from central.accounts.sessions import Role
from central.accounts.tokens import new_token, token_hash
from central.store.account_tables import accounts, invitations

LASTS = timedelta(hours=48)


@dataclass(frozen=True)
class Invitation:
    """To be given to the account's owner; the token is known to nobody else."""

    token: str = field(repr=False)
    expires_at: datetime

    @property
    def path(self) -> str:
        """Below the dashboard's address. What is behind the # is never sent to a server, nor written to its logs."""
        return f"/invitation#{self.token}"


def invite(connection: sa.Connection, account: str, now: datetime) -> Invitation:
    """A new link for an account, within the caller's transaction; an older one no longer works."""
    withdraw(connection, account)
    made = Invitation(new_token(), now + LASTS)
    row = {"account": account, "token_hash": token_hash(made.token), "expires_at": made.expires_at}
    connection.execute(sa.insert(invitations), row)
    return made


def withdraw(connection: sa.Connection, account: str) -> None:
    """The account's link no longer works."""
    connection.execute(sa.delete(invitations).filter_by(account=account))


def invited(connection: sa.Connection, token: str, now: datetime) -> tuple[str, Role] | None:
    """The account that a link is for, and its role; None: the link does not work."""
    row = connection.execute(
        sa.select(accounts.c.name, accounts.c.role)
        .join(invitations)
        .where(invitations.c.token_hash == token_hash(token), invitations.c.expires_at > now, ~accounts.c.locked)
    ).first()
    return None if row is None else (row.name, row.role)
