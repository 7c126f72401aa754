"""`classpulse-central students import`, as a technician calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.__main__ import main
from central.store.store import Store
from central.store.students import Students

LIST = "student_id,display_name,consent_reference\ns-001,Ada,form 1\ns-002,Bo,form 2\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "central.toml"
    config.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[store]\npath = "{tmp_path / "central.db"}"\n', encoding="utf-8"
    )
    return config


def import_list(config: Path, text: str, *more: str) -> int:
    file = config.parent / "list.csv"
    file.write_text(text, encoding="utf-8")
    return main(["students", "import", str(file), "--config", str(config), *more])


def names(config: Path) -> list[str]:
    with Store(config.parent / "central.db") as store:
        return [person.display_name for person in Students(store).directory().values()]


def test_a_list_is_only_looked_at_unless_it_is_to_be_applied(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_list(config, LIST) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0].endswith("list.csv:2: s-001: add")
    assert "with --apply it would be: 2 added, 0 changed, 0 as they were." in said.err
    assert names(config) == []
    assert import_list(config, LIST, "--apply") == 0
    assert "Done: 2 added" in capsys.readouterr().err
    assert names(config) == ["Ada", "Bo"]


def test_mistakes_are_named_by_line_and_nothing_is_done(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_list(config, LIST + "S 3,Cy,form 3\n", "--apply") == 1
    assert "list.csv:4: student_id is not made of" in capsys.readouterr().err
    assert names(config) == []


def test_a_file_that_cannot_be_read_or_is_no_list_is_an_error_that_names_it(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["students", "import", str(tmp_path), "--config", str(config)]) == 1
    assert f"{tmp_path}: it cannot be read: Is a directory" in capsys.readouterr().err
    assert import_list(config, "x" * ((4 << 20) + 1)) == 1
    assert "larger than 4194304 bytes" in capsys.readouterr().err
