"""Who may log in: for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from central.accounts.directory import NAME, Account
from central.accounts.invitations import Invitation
from central.api.access import Admin, Context
from central.api.models.accounts import AccountChange, AccountView, InvitationLink, NewAccount

router = APIRouter(prefix="/api/accounts", tags=["accounts"])

Name = Annotated[str, Path(pattern=f"^{NAME.pattern}$")]


@router.get("")
def list_accounts(admin: Admin, services: Context) -> list[AccountView]:
    """All of them, by name."""
    return [_view(account) for account in services.reception.accounts.all(services.clock())]


@router.post("", status_code=201)
def create_account(new: NewAccount, admin: Admin, services: Context) -> InvitationLink:
    """A new one; the link is for its owner, who chooses the password."""
    return _link(services.reception.accounts.create(admin.account, new.account, new.role, new.groups, services.clock()))


@router.patch("/{account}")
def change_account(account: Name, change: AccountChange, admin: Admin, services: Context) -> AccountView:
    """Its role, its groups, whether it is locked. Whoever is logged in with it has to log in again."""
    return _view(
        services.reception.accounts.change(
            admin.account,
            account,
            services.clock(),
            role=change.role,
            groups=change.groups,
            locked=change.locked,
        )
    )


@router.delete("/{account}", status_code=204, response_class=Response)
def remove_account(account: Name, admin: Admin, services: Context) -> None:
    """With its sessions; what it did stays in the audit log."""
    services.reception.accounts.remove(admin.account, account, services.clock())


@router.post("/{account}/invitation", status_code=201)
def invite_again(account: Name, admin: Admin, services: Context) -> InvitationLink:
    """A new link, by which its owner chooses a new password; an older link no longer works."""
    return _link(services.reception.accounts.invite(admin.account, account, services.clock()))


def _link(invitation: Invitation) -> InvitationLink:
    return InvitationLink(path=invitation.path, expires_at=invitation.expires_at)


def _view(account: Account) -> AccountView:
    return AccountView(
        account=account.name,
        role=account.role,
        groups=list(account.groups),
        active=account.active,
        locked=account.locked,
        invited_until=account.invited_until,
        last_login=account.last_login,
        created_at=account.created_at,
    )
