"""CSV as a spreadsheet reads it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.api.csv_text import Cell, as_it_was, csv_pieces, csv_response


def read_back(header: list[str], rows: list[list[Cell]]) -> list[list[str]]:
    data = "".join(csv_pieces(header, rows)).encode()
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@SUM(A1)", "\tA1", "\rA1"])
def test_cell_that_a_spreadsheet_would_compute_is_only_text(text: str) -> None:
    assert read_back(["name"], [[text]]) == [["name"], [f"'{text}"]]


@pytest.mark.parametrize("opening", ['=HYPERLINK("http://example.org")', "+49", "-1", "@SUM(A1)", " =1+1", '"=1+1'])
@pytest.mark.parametrize("delimiter", [";", "\t", "\n", "\r\n"])
def test_cell_holds_no_formula_for_a_spreadsheet_that_splits_it_elsewhere(delimiter: str, opening: str) -> None:
    data = "".join(csv_pieces(["name", "group"], [["x", f"x{delimiter}{opening}"]]))
    pieces = re.split(r"[;\t\r\n]+", data)
    assert not [piece for piece in pieces if re.match(r"[ \"]*[=+\-@]", piece)]


def test_number_below_zero_stays_a_number() -> None:
    assert read_back(["celsius"], [[-3]])[1] == ["-3"]


_ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")


@given(st.lists(st.text(_ANY | st.sampled_from("=+-@;'\" \t\r\n"), min_size=1), min_size=1))
def test_any_text_comes_back_as_it_was_without_the_apostrophes(cells: list[str]) -> None:
    (row,) = read_back([], [list(cells)])[1:]
    assert [as_it_was(cell) for cell in row] == cells


def test_long_file_is_sent_in_pieces_and_complete() -> None:
    pieces = list(csv_pieces(["n"], ([number] for number in range(1234))))
    assert len(pieces) == 3
    assert "".join(pieces).split() == ["\ufeffn", *map(str, range(1234))]


def test_name_of_a_group_cannot_break_out_of_the_header() -> None:
    header = csv_response('7b"\r\nX: ü.csv', ["n"], []).headers["content-disposition"]
    assert header == "attachment; filename*=UTF-8''7b%22%0D%0AX%3A%20%C3%BC.csv"
