"""Where people come in: with a password, or with an invitation; and where they choose a new password."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from central.accounts.audit import SYSTEM, append
from central.accounts.errors import CrowdedError, InvitationError, LoginRefusedError
from central.accounts.invitations import invited, withdraw
from central.accounts.passwords import Passwords, check_strength
from central.accounts.sessions import Role, begin_session, end_sessions
from central.accounts.throttle import Throttle
from central.store.account_tables import accounts, audit
from central.store.store import Store

_AT_ONCE = 2
"""Hashes: each takes a processor for a twentieth of a second and 19 MiB, and whoever knocks need not be known."""
_QUEUE = 20
"""Who wait for that; more would take up the threads that everybody else's requests run on."""
_LOGIN, _CHOOSE = "login", "password.choose"
_BY_INVITATION = "by invitation, from "
_KNOWN_FOR = timedelta(days=30)
"""After a login, an account is at home at its address."""


class Door:
    """Lets people in. Each of its methods gives the token of a new session."""

    def __init__(self, store: Store, passwords: Passwords, throttle: Throttle, school: str) -> None:
        """school: its name, which is nobody's password."""
        self._store, self._passwords, self._throttle, self._school = store, passwords, throttle, school
        self._turns, self._queue = threading.BoundedSemaphore(_AT_ONCE), threading.BoundedSemaphore(_QUEUE)

    def login(self, account: str, password: str, address: str, now: datetime) -> str:
        """Raises LoginRefusedError, ThrottledError, CrowdedError, StoreError."""
        stored = self._prove(account, password, address, now)
        rehashed = stored
        if self._passwords.is_outdated(stored):
            with self._turn():
                rehashed = self._passwords.hash(password)
        with self._store.writing() as connection:
            # Only if nothing has changed since it was looked up: an account may have been locked meanwhile.
            entered = connection.execute(
                sa.update(accounts)
                .where(accounts.c.name == account, accounts.c.password_hash == stored, ~accounts.c.locked)
                .values(last_login_at=now, password_hash=rehashed)
            )
            if not entered.rowcount:
                raise LoginRefusedError
            append(connection, now, account, _LOGIN, detail=address)
            return begin_session(connection, account, now)

    def change_password(self, account: str, current: str, new: str, address: str, now: datetime) -> str:
        """All other sessions end. Raises like `login`, and WeakPasswordError."""
        stored = self._prove(account, current, address, now)
        check_strength(new, (account, self._school))
        with self._turn():
            hashed = self._passwords.hash(new)
        with self._store.writing() as connection:
            changed = connection.execute(
                sa.update(accounts)
                .where(accounts.c.name == account, accounts.c.password_hash == stored, ~accounts.c.locked)
                .values(password_hash=hashed)
            )
            if not changed.rowcount:
                raise LoginRefusedError
            withdraw(connection, account)
            end_sessions(connection, account)
            append(connection, now, account, "password.change", account)
            return begin_session(connection, account, now)

    def invited(self, token: str, now: datetime) -> tuple[str, Role]:
        """The account that a link is for, and its role. Raises InvitationError, StoreError."""
        with self._store.reading() as connection:
            found = invited(connection, token, now)
        if found is None:
            raise InvitationError
        return found

    def redeem(self, token: str, password: str, address: str, now: datetime) -> str:
        """Choose the password by a link, which then no longer works.

        Raises InvitationError, WeakPasswordError, CrowdedError, StoreError.
        """
        account, _ = self.invited(token, now)
        check_strength(password, (account, self._school))
        with self._turn():
            hashed = self._passwords.hash(password)
        with self._store.writing() as connection:
            # Somebody else may have been quicker with the same link.
            if invited(connection, token, now) is None:
                raise InvitationError
            withdraw(connection, account)
            values = {"password_hash": hashed, "last_login_at": now}
            connection.execute(sa.update(accounts).where(accounts.c.name == account).values(values))
            end_sessions(connection, account)
            append(connection, now, account, _CHOOSE, account, f"{_BY_INVITATION}{address}")
            token = begin_session(connection, account, now)
        self._throttle.succeeded(account, address)
        return token

    def _prove(self, account: str, password: str, address: str, now: datetime) -> str:
        """Returns the stored hash that the password fits. Raises like `login`."""
        with self._turn():
            # Within the turn: however many knock at once, no more than two are tried beyond the limit.
            self._throttle.check(account, address, lambda: self._came_from(account, now))
            with self._store.reading() as connection:
                row = connection.execute(
                    sa.select(accounts.c.password_hash, accounts.c.locked).where(accounts.c.name == account)
                ).first()
            stored = row.password_hash if row is not None and not row.locked else None
            if stored is not None and self._passwords.matches(stored, password):
                self._throttle.succeeded(account, address)
                return str(stored)
            if stored is None:
                self._passwords.matches(None, password)
            self._throttle.failed(account, address)
        with self._store.writing() as connection:
            # The name of an account that is none may be a password that was typed into the wrong field.
            append(connection, now, SYSTEM, "login.refused", account if row is not None else "", f"from {address}")
        raise LoginRefusedError

    def _came_from(self, account: str, now: datetime) -> list[str]:
        """The addresses of an account's logins, by the audit log: what has been true for a month outlives a restart."""
        entries = (
            sa.select(audit.c.detail)
            .distinct()
            .where(audit.c.account == account, audit.c.action.in_((_LOGIN, _CHOOSE)), audit.c.at > now - _KNOWN_FOR)
        )
        with self._store.reading() as connection:
            return [detail.removeprefix(_BY_INVITATION) for detail in connection.scalars(entries)]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._queue.acquire(blocking=False):
            raise CrowdedError
        try:
            with self._turns:
                yield
        finally:
            self._queue.release()
