"""Profiles in the store: found, listed, changed, and remembered for whoever shows names."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from central.store.people_errors import ListChangedError, StudentConflictError, UnknownStudentError
from central.store.people_tables import students as table
from central.store.store import Store
from central.store.student_changes import carry_out, change, create, plan
from central.store.students import Profile, Student, StudentFilter, Students
from tests.central.stored import NOW


@pytest.fixture
def students(store: Store) -> Students:
    return Students(store)


def enrol(store: Store, student_id: str, name: str, **fields: Any) -> Student:
    profile = Profile(student_id=student_id, display_name=name, consent_reference="form 1", **fields)
    with store.writing() as connection:
        return create(connection, profile, NOW)


def edit(store: Store, student_id: str, **values: Any) -> Student:
    with store.writing() as connection:
        return change(connection, student_id, values, NOW + timedelta(days=1))


def names(students: Students, **wanted: Any) -> list[str]:
    return [student.display_name for student in students.page(StudentFilter(**wanted), after=None, limit=100).students]


def test_a_profile_is_what_was_written(store: Store, students: Students) -> None:
    written = enrol(
        store, "s-042", "Åsa", group="7b", tags=("choir, alto", "glasses"), notes="sits\nat the back",
        consent_expires=date(2026, 7, 31),
    )  # fmt: skip
    assert students.get("s-042") == written
    assert (written.created_at, written.updated_at) == (NOW, NOW)
    assert written.tags == ("choir, alto", "glasses")


def test_a_second_profile_of_an_id_is_refused(store: Store) -> None:
    enrol(store, "s-042", "Åsa")
    with pytest.raises(StudentConflictError, match="s-042 already"):
        enrol(store, "s-042", "Bo")


def test_only_what_is_given_is_changed_and_dated(store: Store, students: Students) -> None:
    enrol(store, "s-042", "Åsa", group="7b")
    assert edit(store, "s-042", notes="new").group == "7b"
    assert students.get("s-042").updated_at == NOW + timedelta(days=1)
    with pytest.raises(UnknownStudentError):
        edit(store, "s-043", notes="new")


def test_a_change_that_changes_nothing_is_not_dated(store: Store) -> None:
    enrol(store, "s-042", "Åsa", group="7b", tags=("choir",))
    assert edit(store, "s-042", group="7b", tags=("choir",)).updated_at == NOW


def test_a_consent_holds_on_its_last_day(store: Store) -> None:
    student = enrol(store, "s-042", "Åsa", consent_expires=date(2026, 7, 31))
    assert not student.consent_expired(date(2026, 7, 31))
    assert student.consent_expired(date(2026, 8, 1))
    assert not enrol(store, "s-043", "Bo").consent_expired(date(9999, 12, 31))


def test_search_finds_words_in_any_case_and_in_both_ways_to_write_a_letter(store: Store, students: Students) -> None:
    enrol(store, "s-001", "Zoë ÖZTÜRK", group="7b")
    enrol(store, "s-002", "Max 100% Mustermann", tags=("choir",))
    assert names(students, query="öztürk") == ["Zoë ÖZTÜRK"]
    assert names(students, query="zoe\N{COMBINING DIAERESIS}") == ["Zoë ÖZTÜRK"]
    assert names(students, query="7B zoë") == ["Zoë ÖZTÜRK"]
    assert names(students, query="CHOIR") == names(students, query="0%") == ["Max 100% Mustermann"]
    assert names(students, query="s-00") == ["Max 100% Mustermann", "Zoë ÖZTÜRK"]
    assert names(students, query="x%z") == names(students, query="_") == names(students, query="7b choir") == []


def test_archived_students_are_a_list_of_their_own(store: Store, students: Students) -> None:
    enrol(store, "s-001", "Ada", group="7b")
    enrol(store, "s-002", "Bo", group="7b", archived=True)
    assert names(students) == ["Ada"]
    assert names(students, archived=True) == ["Bo"]
    assert names(students, archived=None) == ["Ada", "Bo"]
    assert students.groups() == {"7b": 1}
    assert students.of_groups(None) == students.of_groups({"7b"}) == {"s-001"}
    assert students.of_groups({"8a"}) == set()


def test_pages_follow_one_another_by_name_without_gap_or_repeat(store: Store, students: Students) -> None:
    for number in range(7):
        enrol(store, f"s-{number:03d}", "Same Name" if number % 2 else f"name {number}")
    found: list[str] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = students.page(StudentFilter(), after=after, limit=3)
        assert page.total == 7
        found += [student.student_id for student in page.students]
        after, pages = page.next, pages + 1
        if pages == 1:
            edit(store, "s-000", display_name="zzz")  # seen already, and not seen again for it... but at the end
    assert (pages, found) == (3, ["s-000", "s-002", "s-004", "s-006", "s-001", "s-003", "s-005", "s-000"])


def test_a_list_whose_place_is_gone_says_so(store: Store, students: Students) -> None:
    enrol(store, "s-001", "Ada", group="7b")
    with pytest.raises(ListChangedError):
        students.page(StudentFilter(), after="s-002", limit=3)


def test_a_teachers_list_has_no_place_at_somebody_elses_student(store: Store, students: Students) -> None:
    enrol(store, "s-001", "Ada", group="8a")
    enrol(store, "s-002", "Bo", group="7b")
    mine = StudentFilter(visible={"7b"})
    assert [student.student_id for student in students.page(mine, after=None, limit=3).students] == ["s-002"]
    for hidden in ("s-001", "s-999"):  # who is there cannot be told from who is not
        with pytest.raises(ListChangedError):
            students.page(mine, after=hidden, limit=3)
    assert students.page(StudentFilter(visible=frozenset()), after=None, limit=3).total == 0


def test_the_directory_is_read_once_until_a_profile_changes(store: Store, students: Students) -> None:
    enrol(store, "s-001", "Ada", group="8a")
    before = students.directory()
    assert students.directory() is before
    edit(store, "s-001", group="7b")
    assert students.directory()["s-001"].group == "7b"
    assert before["s-001"].group == "8a"


def test_a_list_is_planned_before_it_is_carried_out(store: Store, students: Students) -> None:
    enrol(store, "s-001", "Ada", group="8a", notes="kept")
    enrol(store, "s-002", "Bo")
    rows: list[dict[str, Any]] = [
        {"student_id": "s-001", "display_name": "Ada", "group": "8b"},
        {"student_id": "s-002", "display_name": "Bo"},
        {"student_id": "s-003", "display_name": "Cy", "consent_reference": "form 3"},
    ]
    with store.reading() as connection:
        planned = plan(connection, rows)
    assert [(step.student_id, step.action) for step in planned.steps] == [
        ("s-001", "change"), ("s-002", "same"), ("s-003", "add"),
    ]  # fmt: skip
    assert names(students) == ["Ada", "Bo"]
    with store.writing() as connection:
        carry_out(connection, planned.steps, NOW + timedelta(days=1))
    ada, bo = students.get("s-001"), students.get("s-002")
    assert (ada.group, ada.notes, ada.created_at, ada.updated_at) == ("8b", "kept", NOW, NOW + timedelta(days=1))
    assert bo.updated_at == NOW
    assert students.directory()["s-003"].display_name == "Cy"


def test_a_list_of_a_thousand_is_carried_out_whole(store: Store, students: Students) -> None:
    rows = [{"student_id": f"s-{n:04d}", "display_name": f"N{n}", "consent_reference": "f"} for n in range(1200)]
    for name in ("first", "second"):
        with store.writing() as connection:
            planned = plan(connection, [row | {"notes": name} for row in rows])
            carry_out(connection, planned.steps, NOW)
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.notes == "second")) == 1200
