from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.toml_lines import KeyPath, TomlDocument, syntax_mistake


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        pytest.param("a = 1\nb = 2\n", ("b",), 2, id="a plain key"),
        pytest.param("# a = 1\n\n  a = 1\n", ("a",), 3, id="not the same key in a comment"),
        pytest.param('a = "b = 1"\nb = 2\n', ("b",), 2, id="not the same key in a string"),
        pytest.param('a = """\nb = 1\n"""\nb = 2\n', ("b",), 4, id="not the same key in a multi-line string"),
        pytest.param("a = '''\n'' # '\\'''\nb = 2\n", ("b",), 3, id="after a literal multi-line string"),
        pytest.param('a = """x\\""" """\nb = 2\n', ("b",), 2, id="after an escaped quote in a multi-line string"),
        pytest.param('a = """"x"""""\nb = 2\n', ("b",), 2, id="after a multi-line string that ends in quotes"),
        pytest.param("[t]\na = 1\n\n[u]\na = 2\n", ("u", "a"), 5, id="the key of the right table"),
        pytest.param("[t]\n[u]\n[t.v]\na = 1\n", ("t", "v", "a"), 4, id="a table inside a table"),
        pytest.param("[t.v]\n\n[t]\n", ("t",), 3, id="a table written after one inside it"),
        pytest.param("[ t . 'v w' ]\na = 1\n", ("t", "v w"), 1, id="spaces and quotes in a header"),
        pytest.param("x = 1\nt.u.a = 1\nt.u.b = 2\n", ("t", "u", "b"), 3, id="a dotted key"),
        pytest.param("x = 1\nt.u.a = 1\nt.u.b = 2\n", ("t", "u"), 2, id="a table that dotted keys imply"),
        pytest.param('"a.b" = 1\n"a\\"\\u00e9" = 2\n', ('a"é',), 2, id="a quoted key with escapes"),
        pytest.param("'a.b' = 1\n", ("a.b",), 1, id="a quoted key with a dot"),
        pytest.param("a = [\n  1, # ]\n  [2,\n   3],\n]\nb = 2\n", ("b",), 6, id="after a nested array"),
        pytest.param("a = [\n  1, # ]\n  [2,\n   3],\n]\n", ("a", 1, 1), 4, id="an element of a nested array"),
        pytest.param("a = [\n{ b = [] },\n{ b = {}, c.d = '}' }\n]\n", ("a", 1, "c", "d"), 3, id="inline tables"),
        pytest.param('a = { b = """\n""", c = 1 }\n', ("a", "c"), 2, id="an inline table over two lines"),
        pytest.param("[[t]]\na = 1\n[[t]]\na = 2\n", ("t", 1, "a"), 4, id="the second table of an array"),
        pytest.param("[[t]]\n[[t.u]]\n[[t]]\n[t.v]\na = 1\n", ("t", 1, "v", "a"), 5, id="a table inside the newest"),
        pytest.param("a = 1979-05-27 07:32:00 # c\nb = 2\n", ("b",), 2, id="after a date with a space"),
        pytest.param("a = 1\r\n\r\nb = 2\r\n", ("b",), 3, id="carriage returns"),
        pytest.param('a = "\u2028\x85"\nb = 2\n', ("b",), 2, id="what only Python takes for the end of a line"),
    ],
)
def test_a_key_is_found_on_its_line(text: str, path: KeyPath, line: int) -> None:
    assert TomlDocument(text).line(*path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(("t", "missing"), 2, id="the table that it should be in"),
        pytest.param(("t", "a", 5), 3, id="the array whose element it should be"),
        pytest.param(("missing", "key"), 1, id="nowhere near"),
        pytest.param((), 1, id="the whole document"),
    ],
)
def test_a_missing_key_is_told_of_where_it_should_be(path: KeyPath, line: int) -> None:
    assert TomlDocument("x = 1\n[t]\na = []\n").line(*path) == line


def test_an_empty_document_has_line_one() -> None:
    assert TomlDocument("").line("a") == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("a = 1\nb = broker.local\n", 2, id="text without quotes"),
        pytest.param("a = 1\nb = [1,\n", 2, id="an array without an end"),
        pytest.param('a = 1\nb = """\n\n', 3, id="a string without an end"),
        pytest.param("a = 1\na = 2", 2, id="a key twice"),
        pytest.param("[t]\n\n[t]\n", 3, id="a table twice"),
        pytest.param(f"a = 1\n\nb = {'9' * 5000}\n", 3, id="more digits than Python converts"),
        pytest.param(f"a = {'[' * 5000}", 1, id="more brackets than Python's stack holds"),
    ],
)
def test_a_syntax_mistake_is_told_of_on_its_line(text: str, line: int) -> None:
    try:
        TomlDocument(text)
    except (ValueError, RecursionError) as error:
        told = syntax_mistake(text, error)[0]
    assert told == line


def test_the_reason_of_a_syntax_mistake_does_not_repeat_the_place() -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        TomlDocument("a = x\n")
    assert syntax_mistake("a = x\n", caught.value) == (1, "Invalid value")


names = st.text("ab-_. \"'\\é#=[]", min_size=0, max_size=4)
values = st.recursive(
    st.sampled_from(["1", '"]"', "'#'", '"""\n]"""', "'''\n,\n'''", "1979-05-27 07:32:00", "true", '"\\""']),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: "[\n" + ",# ,]\n".join(parts) + "]"),
    max_leaves=6,
)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4))
def test_every_key_of_a_generated_document_is_found(tables: dict[str, dict[str, str]]) -> None:
    text = ""
    expected: dict[KeyPath, int] = {}
    for table, keys in tables.items():
        expected[(table,)] = text.count("\n") + 1
        text += f"[{quoted(table)}] # [x]\n"
        for key, value in keys.items():
            expected[(table, key)] = text.count("\n") + 1
            text += f"{quoted(key)} = {value}\n"
    document = TomlDocument(text)
    assert {path: document.line(*path) for path in expected} == expected
