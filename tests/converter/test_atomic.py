"""Nobody ever finds half a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.atomic import write_together
from edge.errors import ModelError
from tests.full_disk import files_up_to


def test_files_get_their_contents_and_folders_are_made(tmp_path: Path) -> None:
    write_together({tmp_path / "new" / "a": b"1", tmp_path / "b": b"2"})
    assert (tmp_path / "new" / "a").read_bytes() == b"1"
    assert (tmp_path / "b").read_bytes() == b"2"


def test_a_file_that_cannot_be_finished_leaves_the_old_ones_and_no_halves(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    said = r"b: cannot be written \(File too large\); nothing was changed"
    with files_up_to(5000), pytest.raises(ModelError, match=said):
        write_together({tmp_path / "a": b"new", tmp_path / "b": bytes(100_000)})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot be written"):
        write_together({tmp_path / "out" / "a": b"1"})
