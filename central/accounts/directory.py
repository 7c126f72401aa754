"""The accounts: what an admin does with them. Every change is in the audit log, in the same transaction."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

import sqlalchemy as sa

from central.accounts.audit import SYSTEM, append
from central.accounts.errors import AccountConflictError, InvalidAccountError, UnknownAccountError
from central.accounts.invitations import Invitation, invite, withdraw
from central.accounts.sessions import Role, end_sessions
from central.store.account_tables import account_groups, accounts, invitations
from central.store.store import Store

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LONGEST_GROUP = 64


@dataclass(frozen=True)
class Account:
    """One of them."""

    name: str
    role: Role
    groups: tuple[str, ...]
    """In their order."""
    has_password: bool
    locked: bool
    invited_until: datetime | None
    last_login: datetime | None
    created_at: datetime

    @property
    def active(self) -> bool:
        """Whether anybody can log in with it."""
        return self.has_password and not self.locked


class Accounts:
    """All of them. `by`: the account that asked for it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, now: datetime) -> list[Account]:
        """By name. Raises StoreError."""
        with self._store.reading() as connection:
            return _load(connection, now)

    def find(self, name: str, now: datetime) -> Account:
        """Raises UnknownAccountError, StoreError."""
        with self._store.reading() as connection:
            return _one(connection, name, now)

    def create(self, by: str, name: str, role: Role, groups: Iterable[str], now: datetime) -> Invitation:
        """A new one, and the link for its owner. Raises AccountConflictError, InvalidAccountError, StoreError."""
        groups = _checked(name, role, groups)
        with self._store.writing() as connection:
            if connection.scalar(sa.select(sa.exists().where(accounts.c.name == name))):
                raise AccountConflictError(f"there is an account {name!r} already; make a new invitation for it")
            row = {"name": name, "role": role, "locked": False, "created_at": now}
            connection.execute(sa.insert(accounts), row)
            _set_groups(connection, name, groups)
            append(connection, now, by, "account.create", name, _described(role, groups))
            return invite(connection, name, now)

    def invite(self, by: str, name: str, now: datetime) -> Invitation:
        """A new link: how a password is reset. Raises UnknownAccountError, AccountConflictError, StoreError."""
        with self._store.writing() as connection:
            if _one(connection, name, now).locked:
                raise AccountConflictError(f"the account {name!r} is locked; unlock it first")
            append(connection, now, by, "account.invite", name)
            return invite(connection, name, now)

    def change(
        self,
        by: str,
        name: str,
        now: datetime,
        *,
        role: Role | None = None,
        groups: Iterable[str] | None = None,
        locked: bool | None = None,
    ) -> Account:
        """What is None stays. Whoever is logged in with it has to log in again.

        Raises UnknownAccountError, AccountConflictError, InvalidAccountError, StoreError.
        """
        with self._store.writing() as connection:
            before = _one(connection, name, now)
            new_role = before.role if role is None else role
            wanted = groups if groups is not None else before.groups if new_role == before.role else ()
            new_groups = _checked(name, new_role, wanted)
            new_locked = before.locked if locked is None else locked
            if (new_role, new_groups, new_locked) == (before.role, before.groups, before.locked):
                return before
            if new_role != "admin" or new_locked:
                _keep_an_admin(connection, before, now)
            connection.execute(sa.update(accounts).filter_by(name=name).values(role=new_role, locked=new_locked))
            _set_groups(connection, name, new_groups)
            end_sessions(connection, name)
            if new_locked:
                withdraw(connection, name)
            detail = _described(new_role, new_groups) + (", locked" if new_locked else "")
            append(connection, now, by, "account.change", name, detail)
            return _one(connection, name, now)

    def remove(self, by: str, name: str, now: datetime) -> None:
        """With its sessions. Raises UnknownAccountError, AccountConflictError, StoreError."""
        with self._store.writing() as connection:
            _keep_an_admin(connection, _one(connection, name, now), now)
            connection.execute(sa.delete(accounts).filter_by(name=name))
            append(connection, now, by, "account.remove", name)

    def accept_legal_note(self, name: str, now: datetime) -> None:
        """Its owner has read what a label is and is not. Raises StoreError."""
        with self._store.writing() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.name == name).values(legal_note_at=now))
            append(connection, now, name, "legal-note.accept")


def _keep_an_admin(connection: sa.Connection, leaving: Account, now: datetime) -> None:
    """Raises AccountConflictError when nobody could manage accounts without this one."""
    others = (one for one in _load(connection, now) if one.name != leaving.name)
    if leaving.role == "admin" and not any(one.role == "admin" and one.active for one in others):
        raise AccountConflictError(f"{leaving.name!r} is the only admin who can log in; let another one in first")


def _checked(name: str, role: str, groups: Iterable[str]) -> tuple[str, ...]:
    """The groups in order, each once. Raises InvalidAccountError."""
    if NAME.fullmatch(name) is None or name == SYSTEM:
        raise InvalidAccountError(
            f"{name!r} is no name for an account: a-z, 0-9, '.', '_' and '-', at most 63, beginning with a letter or "
            f"a digit, and not {SYSTEM!r}"
        )
    if role not in get_args(Role):
        raise InvalidAccountError(f"{role!r} is no role; write one of {', '.join(get_args(Role))}")
    ordered = tuple(sorted(set(groups)))
    if ordered and role != "teacher":
        raise InvalidAccountError(f"groups are for teachers; a {role} has none")
    if any(not 1 <= len(group) <= _LONGEST_GROUP for group in ordered):
        raise InvalidAccountError(f"a group's name has 1 to {_LONGEST_GROUP} characters")
    return ordered


def _described(role: str, groups: tuple[str, ...]) -> str:
    return f"{role} of {', '.join(groups)}" if groups else role


def _set_groups(connection: sa.Connection, name: str, groups: tuple[str, ...]) -> None:
    connection.execute(sa.delete(account_groups).filter_by(account=name))
    if groups:
        connection.execute(sa.insert(account_groups), [{"account": name, "group_name": group} for group in groups])


def _one(connection: sa.Connection, name: str, now: datetime) -> Account:
    found = _load(connection, now, name)
    if not found:
        raise UnknownAccountError(name)
    return found[0]


def _load(connection: sa.Connection, now: datetime, name: str | None = None) -> list[Account]:
    """name None: all."""
    groups = defaultdict(list)
    chosen = sa.select(account_groups).order_by(account_groups.c.group_name)
    rows = sa.select(accounts, invitations.c.expires_at).outerjoin(invitations).order_by(accounts.c.name)
    if name is not None:
        chosen, rows = chosen.filter_by(account=name), rows.where(accounts.c.name == name)
    for account, group in connection.execute(chosen):
        groups[account].append(group)
    return [
        Account(
            name=row.name,
            role=row.role,
            groups=tuple(groups[row.name]),
            has_password=row.password_hash is not None,
            locked=row.locked,
            invited_until=row.expires_at if row.expires_at is not None and row.expires_at > now else None,
            last_login=row.last_login_at,
            created_at=row.created_at,
        )
        for row in connection.execute(rows)
    ]
