"""The example config, the docstrings of the settings and the schema say the same."""

from __future__ import annotations

import ast
import datetime
import itertools
import re
import tomllib
from pathlib import Path

import pytest

import edge.config
from edge.config import Settings, parse
from edge.typed_toml import kinds
from tests.edge.config_mutations import EXAMPLE, KEYS, UNCOMMENTED, default

HERE = Path("/etc/classpulse/edge.toml")


def test_the_example_passes_and_has_expired_so_that_it_authorises_nobody() -> None:
    assert parse(EXAMPLE, HERE).authorisation.expires < datetime.date(2026, 1, 1)


def test_the_example_shows_every_key_and_its_commented_lines_show_the_defaults() -> None:
    shown, read = tomllib.loads(UNCOMMENTED), parse(UNCOMMENTED, HERE)
    assert {(table, key) for table, keys in shown.items() if isinstance(keys, dict) for key in keys} == set(KEYS)
    for (table, key), _ in KEYS.items():
        expected = default(table, key)
        if expected is not None:
            assert getattr(getattr(read, table), key) == expected, f"{table}.{key}"


@pytest.mark.parametrize(("table", "key"), [pair for pair, kind in KEYS.items() if kind.range])
def test_the_example_and_the_docstring_state_the_range(table: str, key: str) -> None:
    allowed = KEYS[table, key].range
    assert allowed is not None
    stated = f"{allowed.low:g}..{allowed.high:g}"
    assert stated in docstrings()[table, key]
    keys_of_table = re.split(r"(?m)^\[(\w+)\]$", EXAMPLE)
    keys = keys_of_table[keys_of_table.index(table) + 1]
    (paragraph,) = (part for part in keys.split("\n\n") if re.search(rf"(?m)^(# )?{key} = ", part))
    assert stated in paragraph


def docstrings() -> dict[tuple[str, str], str]:
    """What stands below each field of the settings classes."""
    tree = ast.parse(Path(edge.config.__file__).read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = {}
    for table, outer in kinds(Settings).items():
        body = classes[outer.table.__name__].body if outer.table else []
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                assert isinstance(text, ast.Expr), f"{table}.{field.target.id} is not explained"
                found[table, field.target.id] = ast.literal_eval(text.value)
    return found


def test_every_key_is_explained_where_it_is_defined() -> None:
    assert set(docstrings()) == set(KEYS)


@pytest.mark.parametrize(("table", "key"), [pair for pair, kind in KEYS.items() if kind.read])
def test_the_example_and_the_docstring_state_the_range_of_a_form_of_its_own(table: str, key: str) -> None:
    read = KEYS[table, key].read
    assert read is not None
    stated = re.findall(r"from (\S+) to (\S+)\b", read.wanted)
    tables = re.split(r"(?m)^\[(\w+)\]$", EXAMPLE)
    (paragraph,) = (p for p in tables[tables.index(table) + 1].split("\n\n") if re.search(rf"(?m)^# {key} = ", p))
    for low, high in stated:
        assert f"{low}..{high}" in paragraph
        assert f"{low}..{high}" in docstrings()[table, key]
    assert "0, 90, 180 or 270" in paragraph or key != "rotation"
