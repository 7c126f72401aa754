"""Who looked at whom, and who changed what: for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from central.accounts.audit import Filter
from central.api.access import Admin, Context
from central.api.csv_text import CSV_ANSWER, csv_response
from central.api.models.base import Page
from central.api.models.machines import AuditEntry

router = APIRouter(prefix="/api", tags=["audit"])

Text = Annotated[str | None, Query(max_length=64)]
_NUMBER = r"^[1-9][0-9]{0,17}$"


def _filter(account: Text = None, subject: Text = None, action: Text = None) -> Filter:
    return Filter(account, subject, action)


Wanted = Annotated[Filter, Depends(_filter)]


@router.get("/audit")
def list_audit(
    wanted: Wanted,
    admin: Admin,
    services: Context,
    after: Annotated[str | None, Query(pattern=_NUMBER)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[AuditEntry]:
    """The newest first."""
    found, total = services.audit.page(wanted, before=None if after is None else int(after), limit=limit)
    more = len(found) == limit and found[-1].number > 1
    return Page(
        items=[AuditEntry(**vars(entry)) for entry in found], total=total, next=str(found[-1].number) if more else None
    )


@router.get("/audit.csv", response_class=StreamingResponse, responses=CSV_ANSWER)
def export_audit(wanted: Wanted, admin: Admin, services: Context) -> StreamingResponse:
    """All of it, the newest first."""
    services.audit.note(services.clock(), admin.account, "audit.export")
    rows = (
        (entry.number, entry.at.isoformat(timespec="milliseconds"), entry.account, entry.action, entry.subject,
         entry.detail)
        for entry in services.audit.entries(wanted)
    )  # fmt: skip
    return csv_response("audit.csv", ("number", "at", "account", "action", "subject", "detail"), rows)
