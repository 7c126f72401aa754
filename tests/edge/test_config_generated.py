"""The config's parser against thousands of configs that nobody would write, and some that somebody will.

`make fuzz` runs a hundred thousand of them.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.config import Settings, load
from edge.errors import ConfigError
from edge.typed_values import Kind
from tests.edge.config_judge import CAMERA_CREDENTIAL, RIGHT, verdict
from tests.edge.config_mutations import KEYS, LINES, TOKENS, configs, default, is_required, misspelt, toml
from tests.tally import Tally

ORDINARY = settings().max_examples
TEXT = "\n".join(LINES) + "\n"

Check = Callable[[bytes], Settings | None]


@pytest.fixture(scope="session")
def check(tmp_path_factory: pytest.TempPathFactory, tallies: defaultdict[str, Tally]) -> Check:
    """check(content): the settings in a file, or None; after the judge has said the same, and the refusal is as it
    should be.
    """
    folder = tmp_path_factory.mktemp("config")
    (folder / "camera").write_text(CAMERA_CREDENTIAL)
    path = folder / "edge.toml"

    def check(content: bytes) -> Settings | None:
        path.write_bytes(content)
        expected = verdict(content, folder)
        tallies["configs"].count(content, expected if expected == RIGHT else f"refused: {expected}")
        read, refusal = None, None
        try:
            read = load(path)
        except ConfigError as error:
            refusal = error
        assert (read is not None) == (expected == RIGHT), f"the judge says: {expected}; the parser says: {refusal}"
        if read is not None:
            assert_as_written(read, content)
        if refusal is not None:
            assert_helps(refusal, path, content)
        return read

    return check


def assert_helps(refusal: ConfigError, path: Path, content: bytes) -> None:
    last_line = max(1, content.removesuffix(b"\n").count(b"\n") + 1)
    messages = str(refusal).splitlines()
    assert len(messages) == len(refusal.problems) > 0
    for message, problem in zip(messages, refusal.problems, strict=True):
        if problem.line is None:
            assert problem.reason == "is larger than 1 MB"
            assert message.startswith(f"{path}: ")
        else:
            assert problem.line in range(1, last_line + 1)
            assert message.startswith(f"{path}:{problem.line}: ")
        assert message.isprintable()
        assert "hunter2" not in message
        assert problem.reason
        assert problem.remedy


def assert_as_written(read: Settings, content: bytes) -> None:
    written = tomllib.loads(content.decode("utf-8-sig"))
    assert read.classroom == written["classroom"]
    for (table, key), kind in KEYS.items():
        value = getattr(getattr(read, table), key)
        meant = written[table][key] if key in written.get(table, {}) else default(table, key)
        if kind.base is Path:
            assert value is None if meant is None else value.is_absolute()
        elif (table, key) != ("camera", "source"):  # a path, too, or out of a credential
            assert value == tuples(meant)
            assert value is None or type(value) is kind.base or kind.base not in (bool, int, float)


def tuples(value: Any) -> Any:
    """Lists cannot be frozen: settings hold tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def document(tables: dict[str, dict[str, Any]]) -> bytes:
    """TOML of tables; the keys of the table called "" stand at the top."""
    lines = []
    for name, keys in sorted(tables.items()):
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {toml(value)}" for key, value in keys.items()]
    return ("\n".join(lines) + "\n").encode()


@settings(max_examples=10 * ORDINARY, deadline=None)
@given(content=configs())
def test_what_hands_editors_and_cards_make_of_a_file_is_judged_rightly(check: Check, content: bytes) -> None:
    check(content)


@settings(max_examples=ORDINARY, deadline=None)
@given(data=st.data())
def test_a_misspelt_key_is_told_with_its_line_and_the_key_that_was_meant(
    check: Check, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    index = data.draw(st.sampled_from([index for index, line in enumerate(LINES) if " = " in line]))
    key = LINES[index].partition(" = ")[0]
    wrong = data.draw(st.sampled_from(misspelt(key)))
    lines = [*LINES[:index], LINES[index].replace(key, wrong, 1), *LINES[index + 1 :]]
    content = "\n".join(lines).encode()
    assert check(content) is None
    path = tmp_path_factory.getbasetemp() / "misspelt.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    told = [problem for problem in caught.value.problems if problem.line == index + 1]
    assert [problem.remedy for problem in told if problem.key.endswith(wrong)] == [f"did you mean {key}?"]


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


@settings(max_examples=4 * ORDINARY, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(sorted(KEYS)), anything, min_size=1, max_size=3))
def test_any_value_in_any_place_is_judged_rightly(check: Check, changes: dict[tuple[str, str], Any]) -> None:
    values: dict[str, Any] = tomllib.loads(TEXT)
    tables = {"": {"classroom": values.pop("classroom")}, **values}
    for (table, key), value in changes.items():
        tables[table][key] = value
    check(document(tables))


def rectangles() -> st.SearchStrategy[tuple[float, ...]]:
    sides = st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.1, 1), st.floats(0.1, 1))
    return sides.filter(lambda sides: sides[0] < sides[2] and sides[1] < sides[3])


OF_THEIR_OWN_FORM = {
    ("camera", "rotation"): st.sampled_from([0, 90, 180, 270]),
    ("camera", "region"): rectangles(),
    ("camera", "masks"): st.lists(rectangles(), max_size=4),
    ("camera", "exposure"): st.just("auto") | st.integers(20, 1_000_000),
    ("camera", "gain"): st.just("auto") | st.floats(1, 64),
    ("camera", "white_balance"): st.sampled_from(["auto", "indoor"])
    | st.tuples(st.floats(0.1, 32), st.floats(0.1, 32)),
}
"""Values of keys that have a `Read`."""


def right_values(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that are right for kind, whatever the others are."""
    if kind.range:
        low, high = kind.range.low, kind.range.high
        return st.integers(int(low), int(high)) if kind.base is int else st.floats(low, high)
    if kind.base is bool:
        return st.booleans()
    if kind.text is not None:
        return st.just(kind.text.example)
    if kind.base == tuple[str, ...]:
        return st.lists(st.sampled_from(kind.choices), min_size=1, unique=True)
    if kind.choices:
        return st.sampled_from(kind.choices)
    if kind.base is Path:
        return st.text("abé /.-'\"\\", min_size=1, max_size=9).map(lambda name: "/" + name)
    return st.dates()


@st.composite
def right_tables(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {"": {"classroom": "room-101"}}
    for (table, key), kind in KEYS.items():
        if is_required(table, key) or draw(st.booleans()):
            tables.setdefault(table, {})[key] = draw(OF_THEIR_OWN_FORM[table, key] if kind.read else right_values(kind))
    return tables


@settings(max_examples=2 * ORDINARY, deadline=None)
@given(tables=right_tables())
def test_values_that_are_right_by_themselves_are_judged_rightly_together(
    check: Check, tables: dict[str, dict[str, Any]]
) -> None:
    check(document(tables))


edits = st.lists(
    st.tuples(st.integers(0, len(TEXT)), st.integers(0, 40), st.sampled_from(TOKENS) | st.text(max_size=4)), max_size=6
)


@settings(max_examples=3 * ORDINARY, deadline=None)
@given(edits=edits)
@example(edits=[(0, len(TEXT), "a = " + "[" * 3000)])
@example(edits=[(0, len(TEXT), "[" + "a." * 300 + "token]")])
def test_a_mutilated_file_is_judged_rightly(check: Check, edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for start, length, token in edits:
        text = text[:start] + token + text[start + length :]
    check(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=ORDINARY, deadline=None)
@given(lines=st.permutations(LINES), count=st.integers(0, 60))
def test_lines_in_any_order_are_judged_rightly(check: Check, lines: list[str], count: int) -> None:
    check("\n".join(lines[:count]).encode())
