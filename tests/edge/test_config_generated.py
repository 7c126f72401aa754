"""The config's parser against thousands of configs that nobody would write, and its documentation against itself."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import itertools
import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import edge.config
from edge.config import Settings, parse
from edge.config_rules import contradictions
from edge.errors import ConfigError
from edge.typed_toml import kinds
from edge.typed_values import Kind

HERE = Path("/etc/classpulse/edge.toml")
EXAMPLE = Path(__file__).resolve().parents[2] / "systemd" / "edge.toml"
EXAMPLE_TEXT = EXAMPLE.read_text(encoding="utf-8")
UNCOMMENTED = re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", EXAMPLE_TEXT)
KEYS = {
    (table, key): kind
    for table, outer in kinds(Settings).items()
    for key, kind in (kinds(outer.table) if outer.table else {}).items()
}


def check(text: str) -> Settings | None:
    """The settings, or None after checking that the refusal is as it should be."""
    try:
        return parse(text, HERE)
    except ConfigError as refusal:
        error = refusal
    last_line = max(1, len(text.removesuffix("\n").split("\n")))
    messages = str(error).splitlines()
    assert len(messages) == len(error.problems) > 0
    for message, problem in zip(messages, error.problems, strict=True):
        assert problem.line is not None
        assert 1 <= problem.line <= last_line
        assert message.startswith(f"{HERE}:{problem.line}: ")
        assert problem.reason
        assert problem.remedy
    return None


def value_of(settings: Settings, table: str, key: str) -> Any:
    return getattr(getattr(settings, table), key)


def assert_allowed(settings: Settings) -> None:
    for (table, key), kind in KEYS.items():
        value = value_of(settings, table, key)
        if value is None:
            continue
        if kind.read:
            assert kind.read.of(json.loads(json.dumps(value))) == value
            continue
        if kind.range:
            assert type(value) is kind.base
            assert math.isfinite(value)
            assert kind.range.low <= value <= kind.range.high
        if kind.choices:
            assert set([value] if isinstance(value, str) else value) <= set(kind.choices)
        if kind.base is Path:
            assert value.is_absolute()
    assert type(settings.authorisation.expires) is datetime.date


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ",\n".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def document(tables: dict[str, dict[str, Any]]) -> str:
    """TOML of tables; the keys of the table called "" stand at the top."""
    lines = []
    for name, keys in sorted(tables.items()):
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {toml(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


anything = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.sampled_from(["haar", "safety", "credential:x", "/x", "tired", "rtsp://a", 1, 0.5, 10**400, ["tired"]]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab key", max_size=5), inner, max_size=3),
    max_leaves=4,
)


def rectangles() -> st.SearchStrategy[tuple[float, ...]]:
    sides = st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.1, 1), st.floats(0.1, 1))
    return sides.filter(lambda sides: sides[0] < sides[2] and sides[1] < sides[3])


OF_THEIR_OWN_FORM = {
    ("camera", "rotation"): st.sampled_from([0, 90, 180, 270]),
    ("camera", "region"): rectangles(),
    ("camera", "masks"): st.lists(rectangles(), max_size=4).map(tuple),
    ("camera", "exposure"): st.just("auto") | st.integers(20, 1_000_000),
    ("camera", "gain"): st.just("auto") | st.floats(1, 64),
    ("camera", "white_balance"): st.sampled_from(["auto", "indoor"])
    | st.tuples(st.floats(0.1, 32), st.floats(0.1, 32)),
}
"""Values of keys that have a `Read`, as they come out of the parser."""


def right_values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that a config may hold for kind, as they come out of the parser."""
    if kind.range:
        low, high = kind.range.low, kind.range.high
        return st.integers(int(low), int(high)) if kind.base is int else st.floats(low, high)
    if kind.base is bool:
        return st.booleans()
    if kind.base is datetime.date:
        return st.dates()
    if kind.base is Path:
        return st.text("abé /.-'\"\\", min_size=1, max_size=9).map(lambda name: Path("/" + name))
    if kind.base == tuple[str, ...]:
        return st.lists(st.sampled_from(kind.choices), min_size=1, unique=True).map(tuple)
    if kind.choices:
        return st.sampled_from(kind.choices)
    assert kind.text is not None
    return st.just(kind.text.example)


@st.composite
def right_tables(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {"": {"classroom": "room-101"}}
    for (table, key), kind in KEYS.items():
        required = f"{key} = " in EXAMPLE_TEXT and table in ("authorisation", "camera", "mqtt") and kind.text
        if required or table == "authorisation" or draw(st.booleans()):
            tables.setdefault(table, {})[key] = draw(OF_THEIR_OWN_FORM[table, key] if kind.read else right_values(kind))
    return tables


@settings(max_examples=150, deadline=None)
@given(right_tables())
def test_what_is_right_is_read_as_it_was_written(tables: dict[str, dict[str, Any]]) -> None:
    text = document(
        {
            table: {key: str(value) if isinstance(value, Path) else value for key, value in keys.items()}
            for table, keys in tables.items()
        }
    )
    settings = check(text)
    if settings is None:
        flat = {f"{table}.{key}": value for table, keys in tables.items() for key, value in keys.items()}
        defaults = {f"{t}.{k}": default(t, k) for t, k in KEYS}
        assert list(contradictions({**defaults, **flat}))
        return
    for table, keys in tables.items():
        for key, value in keys.items():
            assert (value_of(settings, table, key) if table else settings.classroom) == value


def default(table: str, key: str) -> Any:
    cls = kinds(Settings)[table].table
    assert cls is not None
    return next(field.default for field in dataclasses.fields(cls) if field.name == key)


@settings(max_examples=700, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(KEYS)), anything, min_size=1, max_size=6),
    st.dictionaries(st.text("abkey_", min_size=1, max_size=8), anything, max_size=2),
)
def test_any_value_is_taken_rightly_or_refused_with_its_line(
    changes: dict[tuple[str, str], Any], additions: dict[str, Any]
) -> None:
    values: dict[str, Any] = tomllib.loads(UNCOMMENTED)
    tables = {"": {"classroom": values.pop("classroom"), **additions}, **values}
    for (table, key), value in changes.items():
        tables[table][key] = value
    read = check(document(tables))
    if read is not None:
        assert_allowed(read)


TOKENS = (
    *(
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\u2028",
        "é",
        "#",
        "=",
        ".",
        ",",
        "\\",
        "{",
        "}",
        "[",
        "]",
        "[[",
        '"',
        "'",
        '"""',
        "'''",
    ),
    *("nan", "1e999", "2026-13-01", "9" * 5000, "0x" + "f" * 300),
    *("[mqtt]", "[[camera]]", "x.y = 1\n", "password = 'p'\n"),
)
edits = st.lists(
    st.tuples(st.integers(0, len(UNCOMMENTED)), st.integers(0, 40), st.sampled_from(TOKENS) | st.text(max_size=4)),
    max_size=6,
)


@settings(max_examples=1000, deadline=None)
@given(edits)
@example([(0, len(UNCOMMENTED), "a = " + "[" * 3000)])
@example([(0, len(UNCOMMENTED), "[" + "a." * 300 + "token]")])
def test_a_mutilated_file_is_taken_rightly_or_refused_with_a_line(edits: list[tuple[int, int, str]]) -> None:
    text = UNCOMMENTED
    for start, length, token in edits:
        text = text[:start] + token + text[start + length :]
    read = check(text)
    if read is not None:
        assert_allowed(read)


@settings(max_examples=200, deadline=None)
@given(st.permutations(UNCOMMENTED.splitlines()), st.integers(0, 60))
def test_lines_in_any_order_are_taken_rightly_or_refused_with_a_line(lines: list[str], count: int) -> None:
    read = check("\n".join(lines[:count]))
    if read is not None:
        assert_allowed(read)


def test_the_example_passes_and_has_expired_so_that_it_authorises_nobody() -> None:
    assert parse(EXAMPLE_TEXT, HERE).authorisation.expires < datetime.date(2026, 1, 1)


def test_the_example_shows_every_key_and_its_commented_lines_show_the_defaults() -> None:
    shown, read = tomllib.loads(UNCOMMENTED), parse(UNCOMMENTED, HERE)
    assert {(table, key) for table, keys in shown.items() if isinstance(keys, dict) for key in keys} == set(KEYS)
    for (table, key), _ in KEYS.items():
        expected = default(table, key)
        if expected is not None and expected is not dataclasses.MISSING:
            assert value_of(read, table, key) == expected, f"{table}.{key}"


@pytest.mark.parametrize(("table", "key"), [pair for pair, kind in KEYS.items() if kind.range])
def test_the_example_and_the_docstring_state_the_range(table: str, key: str) -> None:
    allowed = KEYS[table, key].range
    assert allowed is not None
    stated = f"{allowed.low:g}..{allowed.high:g}"
    assert stated in docstrings()[table, key]
    keys_of_table = re.split(r"(?m)^\[(\w+)\]$", EXAMPLE_TEXT)
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
    tables = re.split(r"(?m)^\[(\w+)\]$", EXAMPLE_TEXT)
    (paragraph,) = (p for p in tables[tables.index(table) + 1].split("\n\n") if re.search(rf"(?m)^# {key} = ", p))
    for low, high in stated:
        assert f"{low}..{high}" in paragraph
        assert f"{low}..{high}" in docstrings()[table, key]
    assert "0, 90, 180 or 270" in paragraph or key != "rotation"
