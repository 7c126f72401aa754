"""The audit log: what is in it, and that nothing can be changed in it unseen."""

from __future__ import annotations

import csv
import io
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from central.accounts.audit import Audit, Filter
from central.errors import StoreBusyError, StoreError
from central.store.store import Store
from tests.central.stored import NOW, rows
from tests.central.web_clients import Dashboard


@pytest.fixture
def audit(store: Store) -> Audit:
    audit = Audit(store)
    for number in range(1, 6):
        audit.note(
            NOW + timedelta(seconds=number), f"account-{number % 2}", "student.edit", f"s-{number}", "näme, group"
        )
    return audit


def _tamper(path: Path, *statements: str) -> None:
    """As somebody who has the file, and takes the triggers away first."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for change in ("update", "delete"):
            connection.execute(f"DROP TRIGGER audit_no_{change}")
        for statement in statements:
            connection.execute(statement)


def test_an_untouched_log_is_as_it_was_written(audit: Audit) -> None:
    verdict = audit.verify()
    assert (verdict.entries, verdict.broken, verdict.digest) == (5, None, audit.digest(5))


def test_an_empty_log_is_as_it_was_written(store: Store) -> None:
    assert Audit(store).verify().broken is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        pytest.param("UPDATE audit SET account = 'account-9' WHERE number = 3", 3, id="who"),
        pytest.param("UPDATE audit SET at = at + 1 WHERE number = 3", 3, id="when"),
        pytest.param("UPDATE audit SET action = 'student.view' WHERE number = 3", 3, id="what"),
        pytest.param("UPDATE audit SET subject = 's-9' WHERE number = 3", 3, id="whom"),
        pytest.param("UPDATE audit SET detail = '' WHERE number = 5", 5, id="the newest"),
        pytest.param("UPDATE audit SET digest = zeroblob(32) WHERE number = 2", 2, id="a digest"),
        pytest.param("DELETE FROM audit WHERE number = 3", 3, id="taken out"),
        pytest.param("DELETE FROM audit WHERE number = 1", 1, id="the first taken out"),
        pytest.param("UPDATE audit SET number = 7 WHERE number = 5", 5, id="renumbered"),
    ],
)
def test_a_changed_entry_is_found(audit: Audit, path: Path, statement: str, broken: int) -> None:
    _tamper(path, statement)
    verdict = audit.verify()
    assert verdict.broken == broken
    assert verdict.entries == broken - 1


def test_an_entry_that_was_changed_together_with_its_digest_is_found_by_the_next_one(
    audit: Audit, path: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "forged.db") as store:  # the same two entries, and then another third one
        for number, subject in (1, "s-1"), (2, "s-2"), (3, "s-9"):
            at = NOW + timedelta(seconds=number)
            Audit(store).note(at, f"account-{number % 2}", "student.edit", subject, "näme, group")
    _tamper(
        path,
        f"ATTACH '{tmp_path / 'forged.db'}' AS forged",
        "DELETE FROM audit WHERE number = 3",
        "INSERT INTO audit SELECT * FROM forged.audit WHERE number = 3",
    )
    assert rows(path, "SELECT subject FROM audit WHERE number = 3") == [("s-9",)]
    assert audit.verify().broken == 4


def test_two_entries_cannot_be_shifted_into_each_other(store: Store, path: Path) -> None:
    audit = Audit(store)
    audit.note(NOW, "ab", "c", "d", "e")
    _tamper(path, "UPDATE audit SET account = 'a', action = 'bc'")
    assert audit.verify().broken == 1


def test_a_log_that_was_cut_off_or_written_anew_is_found_by_a_noted_digest(audit: Audit, path: Path) -> None:
    noted = audit.digest(5)
    _tamper(path, "DELETE FROM audit WHERE number > 3")
    assert audit.verify().broken is None  # the chain itself cannot tell
    assert audit.digest(5) is None
    audit.note(NOW, "account-1", "student.edit", "s-4")
    audit.note(NOW, "account-1", "student.edit", "s-5")
    assert audit.verify().broken is None
    assert audit.digest(5) != noted


@pytest.mark.parametrize("statement", ["UPDATE audit SET detail = 'x'", "DELETE FROM audit"])
def test_the_database_itself_lets_nothing_be_changed(audit: Audit, path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="appended"):
        connection.execute(statement)


def test_an_entry_is_written_with_what_it_tells_of_or_not_at_all(dashboard: Dashboard) -> None:
    accounts = dashboard.services.reception.accounts
    path = dashboard.services.settings.store.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TRIGGER fault BEFORE INSERT ON invitations BEGIN SELECT raise(ABORT, 'x'); END")
    with pytest.raises(StoreError):
        accounts.create("system", "a.smith", "teacher", [], NOW)
    assert rows(path, "SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM accounts)") == [(0, 0)]


def test_a_look_at_a_student_is_noted_once_an_hour_for_each_account(store: Store, path: Path) -> None:
    audit = Audit(store)
    for minutes in (0, 10, 59, 61, 70):
        audit.viewed(NOW + timedelta(minutes=minutes), "a.smith", "s-001")
    audit.viewed(NOW, "b.jones", "s-001")
    audit.viewed(NOW, "a.smith", "s-002")
    audit.viewed(NOW, "a.smith", "s-001", "student.export")
    assert rows(path, "SELECT account, subject, action, count(*) FROM audit GROUP BY 1, 2, 3") == [
        ("a.smith", "s-001", "student.export", 1),
        ("a.smith", "s-001", "student.view", 2),
        ("a.smith", "s-002", "student.view", 1),
        ("b.jones", "s-001", "student.view", 1),
    ]


def test_looks_are_noted_after_the_clock_was_set_back(store: Store, path: Path) -> None:
    audit = Audit(store)
    for moment in (NOW, NOW - timedelta(days=3), NOW - timedelta(days=3) + timedelta(minutes=59)):
        audit.viewed(moment, "a.smith", "s-001")
    assert rows(path, "SELECT count(*) FROM audit") == [(2,)]


def test_what_is_asked_for_at_once_is_one_look_in_whatever_order_it_is_noted(store: Store, path: Path) -> None:
    audit = Audit(store)
    for milliseconds in (20, 0, 10):
        audit.viewed(NOW + timedelta(milliseconds=milliseconds), "a.smith", "s-001")
    assert rows(path, "SELECT count(*) FROM audit") == [(1,)]


def test_a_page_that_asks_for_several_things_of_a_student_at_once_is_one_look(store: Store, path: Path) -> None:
    audit, together = Audit(store), threading.Barrier(4)

    def look() -> None:
        together.wait()
        audit.viewed(NOW, "a.smith", "s-001")

    threads = [threading.Thread(target=look) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(path, "SELECT count(*) FROM audit") == [(1,)]


def test_a_look_that_cannot_be_noted_does_not_happen(audit: Audit, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            audit.viewed(NOW, "a.smith", "s-001")


def test_all_entries_are_read_however_many_there_are(audit: Audit) -> None:
    found = list(audit.entries(Filter(), at_once=2))
    assert [entry.number for entry in found] == [5, 4, 3, 2, 1]


@pytest.fixture
def admin(dashboard: Dashboard) -> TestClient:
    return dashboard.client("admin")


def test_who_did_what_to_accounts_stands_in_the_log(dashboard: Dashboard, admin: TestClient) -> None:
    admin.post("/api/accounts", json={"account": "a.smith", "role": "teacher", "groups": ["7a", "7b"]})
    admin.post("/api/accounts/a.smith/invitation")
    admin.patch("/api/accounts/a.smith", json={"locked": True})
    admin.delete("/api/accounts/a.smith")
    items = admin.get("/api/audit", params={"subject": "a.smith"}).json()["items"]
    assert [(one["account"], one["action"], one["detail"]) for one in reversed(items)] == [
        ("admin", "account.create", "teacher of 7a, 7b"),
        ("admin", "account.invite", ""),
        ("admin", "account.change", "teacher of 7a, 7b, locked"),
        ("admin", "account.remove", ""),
    ]


def test_logins_and_refused_ones_stand_in_the_log_with_their_address(dashboard: Dashboard, admin: TestClient) -> None:
    browser = dashboard.stranger("198.51.100.9")
    browser.post("/api/session", json={"account": "admin", "password": "wrong"})
    browser.post("/api/session", json={"account": "correct horse battery staple", "password": "admin"})
    items = admin.get("/api/audit", params={"action": "login.refused"}).json()["items"]
    # What was typed as a name that is none may be a password.
    assert [(one["account"], one["subject"], one["detail"]) for one in items] == [
        ("system", "", "from 198.51.100.9"),
        ("system", "admin", "from 198.51.100.9"),
    ]


def test_the_log_is_read_page_by_page_the_newest_first(dashboard: Dashboard, admin: TestClient) -> None:
    for number in range(7):
        dashboard.services.audit.note(NOW, "a.smith", "student.view", f"s-{number}")
    numbers, after, pages = [], None, 0
    while True:
        wanted = {"account": "a.smith", "limit": 3} | ({"after": after} if after else {})
        page = admin.get("/api/audit", params=wanted).json()
        assert page["total"] == 7
        numbers += [one["subject"] for one in page["items"]]
        after, pages = page["next"], pages + 1
        if after is None:
            break
    assert numbers == [f"s-{number}" for number in reversed(range(7))]
    assert pages == 3


def test_an_export_of_the_log_stands_in_the_log(dashboard: Dashboard, admin: TestClient) -> None:
    dashboard.services.audit.note(NOW, "a.smith", "student.edit", "s-1", '=HYPERLINK("https://evil.example")')
    answer = admin.get("/api/audit.csv")
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert (lines[0]["account"], lines[0]["action"]) == ("admin", "audit.export")
    assert lines[1]["detail"].startswith("'=")  # no formula for a spreadsheet
    assert lines[1]["at"] == "2026-03-02T09:15:31.000+00:00"
    assert answer.headers["content-disposition"].startswith("attachment")
