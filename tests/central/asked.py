"""Everything that a store is asked of history."""

from __future__ import annotations

from datetime import UTC, timedelta

from central.accounts.audit import append
from central.store.erasure import Erasure
from central.store.expiry import Expiry
from central.store.history import History, Span
from central.store.records import Records
from central.store.removal import take_out
from central.store.rollup_tables import ROLLUPS
from central.store.store import Store
from tests.central.stored import KEEP, NOW


def ask_everything(store: Store) -> None:
    """Of what was seen at NOW."""
    history, records, end = History(store, UTC), Records(store), NOW + timedelta(hours=1)
    for resolution in ROLLUPS:
        span = Span(NOW, end, resolution)
        history.student("s-001", span)
        history.classroom("room-101", span)
        history.classroom("room-101", span, ["s-001", "s-002"])
        history.group(["s-001", "s-002"], span, 2)
        history.school(span)
    history.trends(NOW)
    history.trends(NOW, ["s-001", "s-002"])
    history.pattern("s-001", NOW, end)
    history.counts("s-001", NOW, end)
    page = records.page("s-001", None, 1)
    records.page("s-001", page.next or "1.1.1", 1)
    list(records.each("s-001", NOW, end))
    records.live_since(NOW)
    records.last_seen(["s-001", "s-002"])
    records.unknown()


def delete_everything(store: Store) -> None:
    """A student first, and then what is old, which is all."""
    with store.writing() as connection:
        while take_out(connection, "s-001", 10):
            pass
    Erasure(store, lambda: NOW, note=append, hide=lambda _: None, retained=lambda _: ()).erase("s-001", "admin")
    expiry = Expiry(store)
    for kind in KEEP:
        for _ in range(2):
            expiry.doubt(kind, NOW, 1.0)
        expiry.trust(kind)
        expiry.newest(kind)
        expiry.delete_before(kind, NOW + timedelta(days=2), 10_000)
