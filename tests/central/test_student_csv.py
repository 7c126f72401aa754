"""Profiles as spreadsheets write them, and as people get them wrong."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from central.api.csv_text import csv_pieces
from central.api.models.base import Group
from central.api.student_csv import COLUMNS, cells, parse
from central.store.students import Profile, Student
from tests.central.stored import NOW

HEADER = "student_id,display_name,group,consent_reference"


def mistakes(text: str | bytes) -> list[tuple[int, str]]:
    parsed = parse(text.encode() if isinstance(text, str) else text)
    return [(mistake.line, mistake.reason) for mistake in parsed.mistakes]


def rows(text: str | bytes) -> list[tuple[int, dict[str, object]]]:
    parsed = parse(text.encode() if isinstance(text, str) else text)
    assert parsed.mistakes == []
    return [(row.line, dict(row.values)) for row in parsed.rows]


def test_a_plain_file_is_read() -> None:
    assert rows(f"{HEADER}\ns-001,Ada Lovelace,7b,form 1\n") == [
        (2, {"student_id": "s-001", "display_name": "Ada Lovelace", "group": "7b", "consent_reference": "form 1"})
    ]


@pytest.mark.parametrize(
    "data",
    [
        f"{HEADER}\r\ns-001,Åsa,,form 1\r\n".encode("utf-8-sig"),  # "CSV UTF-8" of a spreadsheet
        "student_id;display_name;group;consent_reference\r\ns-001;Åsa;;form 1\r\n".encode(),  # where 1,5 is a number
        "student_id\tdisplay_name\tgroup\tconsent_reference\ns-001\tÅsa\t\tform 1".encode(),
        "Student ID,Display-Name,GROUP,consent reference,,\ns-001, Åsa ,,form 1,,\n,,,,,\n".encode(),
    ],
)
def test_what_spreadsheets_write_is_the_same_file(data: bytes) -> None:
    assert rows(data) == [
        (2, {"student_id": "s-001", "display_name": "Åsa", "group": None, "consent_reference": "form 1"})
    ]


def test_columns_that_are_not_there_are_not_changed() -> None:
    ((_, values),) = rows("student_id,display_name,consent_reference\ns-001,Ada,form 1")
    assert set(values) == {"student_id", "display_name", "consent_reference"}


@pytest.mark.parametrize("written", ["2026-07-31", "31.07.2026", "31.7.2026"])
def test_a_date_may_be_written_as_a_spreadsheet_shows_it_where_that_has_one_meaning(written: str) -> None:
    ((_, values),) = rows(f"student_id,display_name,consent_reference,consent_expires\ns-1,A,f,{written}")
    assert values["consent_expires"] == date(2026, 7, 31)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("S 1,Ada,7b,form 1", "student_id is not made of a-z, 0-9 and -"),
        ("s-1,,7b,form 1", "display_name is empty"),
        ("s-1,Ada,7b,", "consent_reference is empty"),
        (f"s-1,{'x' * 101},7b,form 1", "display_name is longer than 100 characters"),
        (f"s-1,Ada,{'x' * 65},form 1", "group is longer than 64 characters"),
        ('s-1,"Ada\nL",7b,form 1', "display_name holds a line break"),
        ("s-1,Ada,..,form 1", "group holds"),
        ("s-1,Ada,7b", "has 3 cells, and the first line 4"),
        ("s-1,Ada,7b,form 1,more", "has 5 cells, and the first line 4"),
        ('s-1,"Ada"x,7b,form 1', "quotation mark"),
        ('s-1,"Ada,7b,form 1', "quotation mark that is not closed"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(line: str, reason: str) -> None:
    ((number, said),) = mistakes(f"{HEADER}\n\ns-0,Zoë,7b,form 0\n{line}\n")
    assert number == 4
    assert reason in said


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("consent_expires", "07/31/2026", "consent_expires is '07/31/2026'; write a date like 2026-07-31"),
        ("consent_expires", "2026-02-30", "which is no day of the calendar"),
        ("consent_expires", "30.02.2026", "which is no day of the calendar"),
        ("consent_expires", "soon", "write a date like 2026-07-31"),
        ("archived", "perhaps", "archived is 'perhaps'; write yes or no"),
        ("tags", '"""choir"', "tags has a quotation mark that is not closed"),
        ("tags", '"' + ",".join(map(str, range(17))) + '"', "tags has more than 16 tags"),
        ("tags", "x" * 33, "tags is longer than 32 characters"),
        ("notes", "x" * 2001, "notes is longer than 2000 characters"),
    ],
)
def test_a_wrong_cell_is_named_with_what_to_write(column: str, cell: str, reason: str) -> None:
    ((number, said),) = mistakes(f"student_id,display_name,consent_reference,{column}\ns-1,A,f,{cell}")
    assert number == 2
    assert reason in said


def test_a_line_is_numbered_as_an_editor_does_after_a_note_of_several() -> None:
    text = 'student_id,display_name,consent_reference,notes\ns-1,A,f,"one\ntwo\r\n\nfour"\ns-2,,f,\n'
    assert mistakes(text) == [(6, "display_name is empty")]
    ((_, values),) = rows(text.replace("s-2,,f,\n", ""))
    assert values["notes"] == "one\ntwo\n\nfour"


def test_a_student_who_stands_twice_is_a_mistake() -> None:
    text = f"{HEADER}\ns-1,A,7b,f\ns-2,B,7b,f\ns-1,C,7b,f\n"
    assert mistakes(text) == [(4, "has s-1 again, who stands in line 2")]


def test_wrong_columns_are_named_all_at_once() -> None:
    text = "student_id,dispaly_name,emotion,group,group\ns-1,A,happy,7b,7b"
    reasons = [reason for line, reason in mistakes(text) if line == 1]
    assert reasons[0] == "has a column 'dispaly_name' that is not known: did you mean display_name?"
    assert "'emotion' that is not known: the columns are student_id, display_name" in reasons[1]
    assert reasons[2:] == ["has the column group twice", "lacks the columns display_name, consent_reference"]


def test_an_empty_file_lacks_its_columns() -> None:
    for nothing in (b"", b"\xef\xbb\xbf", b"\n\n"):
        assert mistakes(nothing) == [(1, "lacks the columns student_id, display_name, consent_reference")]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_said_with_the_line_and_the_remedy(encoding: str) -> None:
    text = f"{HEADER}\ns-1,Bo,7b,f\ns-2,Åsa,7b,f\n"
    ((line, reason),) = mistakes(text.encode(encoding))
    assert line == (3 if encoding == "latin-1" else 1)
    assert "save the file as “CSV UTF-8”" in reason


def test_mistakes_without_end_are_not_listed_without_end() -> None:
    said = mistakes(HEADER + "\n" + "S,A,7b,f\n" * 1000)
    assert len(said) == 101
    assert "not looked at" in said[-1][1]


def test_more_students_than_any_school_has_are_refused() -> None:
    said = mistakes(HEADER + "\n" + "".join(f"s-{n},A,7b,f\n" for n in range(20_001)))
    assert said == [(20_002, "is one too many: a file has at most 20000 students")]


def test_a_first_line_with_names_without_end_is_refused_without_looking_at_each() -> None:
    names = ",".join(f"c{number}" for number in range(5_000))
    assert mistakes(f"{HEADER},{names}\n") == [(1, "has 5004 columns; there are no more than 50")]


@pytest.mark.parametrize("cell", ["x" * 131_073, '"' + "x" * 131_073 + '"', '"never closed' + "\ns-1,A,7b,f" * 20_000])
def test_a_cell_that_is_too_long_is_not_only_taken_for_a_forgotten_quotation_mark(cell: str) -> None:
    ((line, reason),) = mistakes(f"{HEADER}\ns-0,A,7b,f\ns-1,A,7b,{cell}\n")
    assert line == 3
    assert "a cell of more than 131072 characters" in reason


@pytest.mark.parametrize(
    "cell", ["x;=1", "x;'-1", "=1+1", "+49 30", "-", "@name", "'=x", "''", "'quoted'", "' =x", "=", "'"]
)
def test_a_formula_is_no_formula_in_the_file_and_comes_back_as_it_was(cell: str) -> None:
    student = Student(
        student_id="s-1", display_name=cell, consent_reference=cell, group=cell, tags=(cell,),
        notes=f"\t{cell}\n{cell}", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    (_, written) = csv.reader(io.StringIO(_file(student)))
    assert not any(re.search(r"(^|[;\t\n])[=+\-@\t]", one) for one in written)
    assert _there_and_back(student) == _profile(student)


_TROUBLE = "ab =+-@'\"\t\n,;.|\N{NO-BREAK SPACE}é\u2028\x85"
"""What quoting, cutting off blanks and the care for formulas could get wrong."""
_GROUP = TypeAdapter(Group)


def _may_be(text: str) -> bool:
    try:
        _GROUP.validate_python(text)
    except ValidationError:
        return False
    return True


def _line(most: int) -> st.SearchStrategy[str]:
    return st.text(_TROUBLE, min_size=1, max_size=most).filter(_may_be)


@given(
    name=_line(12),
    group=st.none() | _line(8),
    tags=st.lists(_line(6), max_size=3, unique=True),
    notes=st.text(_TROUBLE, max_size=20),
    expires=st.none() | st.dates(),
    archived=st.booleans(),
)
def test_what_is_exported_is_imported_as_it_was(
    name: str, group: str | None, tags: list[str], notes: str, expires: date | None, archived: bool
) -> None:
    student = Student(
        student_id="s-1", display_name=name, consent_reference=name, group=group, tags=tuple(tags), notes=notes,
        consent_expires=expires, archived=archived, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    assert _there_and_back(student) == _profile(student)


def _there_and_back(student: Student) -> Profile:
    """Through the whole file, as the API sends it."""
    ((_, values),) = rows(_file(student))
    return Profile(**values)  # type: ignore[arg-type]


def _file(student: Student) -> str:
    return "".join(csv_pieces(COLUMNS, [cells(student)]))


def _profile(student: Student) -> Profile:
    return Profile(**{name: getattr(student, name) for name in COLUMNS})
