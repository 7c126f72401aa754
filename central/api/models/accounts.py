"""Who is there: the school, accounts, sessions, invitations."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from central.api.models.base import AccountName, Group, Model, Role


class School(Model):
    """What every page needs to know of the school."""

    name: str
    timezone: str
    """IANA name: all times are shown in it, and days begin by it."""
    smallest_group: int
    """Views of a group with fewer students show nothing."""
    present_seconds: float
    """So long after the last observation a student counts as present."""


class SessionView(Model):
    """Whoever is logged in."""

    account: AccountName
    role: Role
    groups: list[Group]
    """Whose students a teacher sees; empty for the others."""
    csrf_token: str
    """To be sent as `X-CSRF-Token` with everything that changes something."""
    legal_note_accepted: bool
    """False: the dashboard shows the legal note first; until then everything else is refused with 403."""
    expires_at: AwareDatetime
    school: School


class Login(Model):
    account: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class Invitation(Model):
    """A one-time link, handed over by an admin: whoever has it chooses the account's password."""

    token: str = Field(max_length=128)
    password: str = Field(max_length=1024)


class InvitedAccount(Model):
    """Whom an invitation is for, before a password is chosen."""

    account: AccountName
    role: Role


class PasswordChange(Model):
    current: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class AccountView(Model):
    account: AccountName
    role: Role
    groups: list[Group]
    active: bool
    """False: no password was chosen yet, or the account is locked by an admin."""
    locked: bool
    invited_until: AwareDatetime | None
    """An invitation is open until then."""
    last_login: AwareDatetime | None
    created_at: AwareDatetime


class NewAccount(Model):
    account: AccountName
    role: Role
    groups: list[Group] = Field(default=[])


class AccountChange(Model):
    role: Role | None = None
    groups: list[Group] | None = None
    locked: bool | None = None


class InvitationLink(Model):
    """To be given to its owner; it is shown once, and never again."""

    path: str
    """Below the dashboard's address: `/invitation#TOKEN`."""
    expires_at: AwareDatetime
