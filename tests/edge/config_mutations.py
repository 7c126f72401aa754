"""Config files as hands, editors and cards spoil them: near the right one, so that every check has its turn."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from edge.config import Settings
from edge.typed_toml import kinds
from edge.typed_values import Kind

EXAMPLE = (Path(__file__).resolve().parents[2] / "systemd" / "edge.toml").read_text(encoding="utf-8")
UNCOMMENTED = re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", EXAMPLE)
"""The example with every key it shows."""
LINES = tuple(line for line in UNCOMMENTED.splitlines() if line and not line.startswith("#"))
KEYS = {
    (table, key): kind
    for table, outer in kinds(Settings).items()
    for key, kind in (kinds(outer.table) if outer.table else {}).items()
}
NAMES = {key for _, key in KEYS} | {table for table, _ in KEYS} | {"classroom"}

TOKENS = (
    *("\n", "\r", "\r\n", "\0", "\u2028", "é", "#", "=", ".", ",", "\\", "{", "}", "[", "]", "[["),
    *('"', "'", '"""', "'''", "nan", "1e999", "2026-13-01", "9" * 5000, "0x" + "f" * 300),
    *("[mqtt]", "[[camera]]", "x.y = 1\n", "password = 'p'\n"),
)
OF_ANY_TYPE = (
    *(
        "true",
        "false",
        "0",
        "1",
        "-1",
        "0.5",
        "1e3",
        "nan",
        "inf",
        "-0.0",
        '""',
        '"x"',
        '"1"',
        "[]",
        "[1]",
        '["tired"]',
    ),
    *("{}", "{a = 1}", "2030-01-01", "2030-01-01T00:00:00Z", "12:00:00", '"2030-01-01"', "9" * 30, "[[0, 0, 1, 1]]"),
)
PATHS = (
    *("/x", "x", "a/b", "", " ", "~", "~/x", "/x\0", "/x\ny", "/\u202e", "/" + "x" * 4095, "/" + "x" * 4096),
    *("credential:mqtt.key", "credential:gallery.key", "credential:", "credential:../x", "credential:" + "x" * 256),
    *("/var/lib/classpulse/gallery.bin", "/var/lib/classpulse//gallery.bin", "/var/lib/classpulse/spool.db"),
)
HOSTS = (
    *("localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "::1", "fe80::1%eth0", "192.0.2.7", "2001:db8::7", "a_b.c"),
    *("broker:1883", "mqtts://broker", "[::1]", "a b", "", "-a", "a-", "x" * 253, "x" * 254, "localhost\n", "1::2::3"),
)
SOURCES = (
    *("picamera2", "picamera", "Picamera2", "picamera2 ", "/dev/video0", "/dev/", "clips", "clips/a.mp4", "/clip.mp4"),
    *("rtsp://camera", "rtsps://camera/1", "RTSP://camera", "rtsp://", "rtsp:///1", "rtsp://a b", "http://camera/1"),
    *("rtsp://user:hunter2@camera/1", "rtsp://camera/1?password=hunter2", "rtsp://user@camera/1"),
    *("credential:camera", "credential:none", "credential:edge.toml", "~/clip.mp4", "x" * 501),
)
WORDS = (
    "room-101",
    "r",
    "a" * 63,
    "a" * 64,
    "Room-101",
    "room 101",
    "-room",
    "room-101\n",
    "é",
    " ",
    "a\u2028b",
    "x\x7f",
)
FORMS_OF_THEIR_OWN = {
    "rotation": (0, 90, 180, 270, 90.0, 45, "90"),
    "region": (
        *([0, 0, 1, 1], [0.0, 0.25, 1, 1], [0, 0, 0.05, 1], [0, 0, 0.049, 1], [0.5, 0, 0.5, 1], [0, 0, 1, 0.04]),
        *([0, 0, 1], [0, 0, 1, 1, 1], [0, 0, 1280, 720], [-0.1, 0, 1, 1], ["0", 0, 1, 1], [True, 0, 1, 1], 0.5),
    ),
    "masks": (
        *([], [[0, 0, 0.5, 1]], [[0, 0, 1, 1]], [0, 0, 1, 1], [[0, 0, 1]], [[0.5, 0, 0.4, 1]], [[]], ["door"]),
        *([[0.1, 0.1, 0.2, 0.2]] * n for n in (2, 64, 65)),
    ),
    "exposure": ("auto", "Auto", 20, 19, 100_000, 100_001, 1_000_000, 1_000_001, 20_000.0, True),
    "gain": ("auto", "automatic", 1, 64, 1.0, 64.5, 0.99, False, [1, 2]),
    "white_balance": ("auto", "daylight", "Daylight", "sunny", [1.8, 1.5], [0.1, 32], [0.09, 1], [1], [1, 2, 3], 5500),
}


def default(table: str, key: str) -> Any:
    """What a key means that is left out; None also where it must not be."""
    return None if is_required(table, key) else getattr(kinds(Settings)[table].table, key)


def is_required(table: str, key: str) -> bool:
    return not hasattr(kinds(Settings)[table].table, key)


def toml(value: Any) -> str:
    """A value as a config file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ",\n".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def around(low: float, high: float) -> tuple[str, ...]:
    """What lies at, just inside and just outside of a range, written as a whole number and not."""
    whole = [
        n for end in (low, high) for n in (math.floor(end) - 1, math.floor(end), math.ceil(end), math.ceil(end) + 1)
    ]
    close = [
        end for limit in (low, high) for end in (limit, math.nextafter(limit, math.inf), math.nextafter(limit, -9e9))
    ]
    return (*map(str, whole), *map(str, map(float, close)), str((low + high) // 2), str((low + high) / 2))


def near(key: str, kind: Kind) -> tuple[str, ...]:
    """Values that somebody may write there, right ones among them."""
    if kind.read:
        return tuple(map(toml, FORMS_OF_THEIR_OWN[key]))
    if kind.range:
        return around(kind.range.low, kind.range.high)
    if kind.base is datetime.date:
        return (
            "2030-07-31",
            "9999-12-31",
            "0001-01-01",
            "2030-02-30",
            "2030-7-31",
            '"2030-07-31"',
            "2030-07-31 12:00:00",
        )
    if kind.base is Path:
        return tuple(map(toml, PATHS))
    if kind.base == tuple[str, ...]:
        some = ([kind.choices[0]], list(kind.choices), [kind.choices[0]] * 2, ["tierd"], [], kind.choices[0], [1])
        return tuple(map(toml, some))
    if kind.choices:
        return tuple(toml(near) for word in kind.choices for near in (word, word.upper(), word[1:], word + " "))
    if kind.base is bool:
        return ("true", "false", '"true"', "1", "True")
    return tuple(map(toml, {"host": HOSTS, "source": SOURCES}.get(key, WORDS)))


def misspelt(word: str) -> list[str]:
    """word with one letter left out, doubled, wrong, or exchanged with the next one."""
    found = []
    for at in range(len(word)):
        before, letter, after = word[:at], word[at], word[at + 1 :]
        found += [before + after, before + 2 * letter + after, before + "x" + after]
        found += [before + after[:1] + letter + after[1:]] if after else []
    return [wrong for wrong in found if wrong and wrong not in NAMES]


def _key_line(draw: st.DrawFn, lines: list[str]) -> tuple[int, str, Kind | None]:
    """A line with a key: its index, the key, and what the key is in the table that the line stands in."""
    table, places = "", []
    for index, line in enumerate(lines):
        if line.startswith("["):
            table = line.strip("[]")
        elif " = " in line:
            places.append((index, table, line.partition(" = ")[0]))
    if not places:
        return 0, "x", None
    index, table, key = draw(st.sampled_from(places))
    return index, key, KEYS.get((table, key))


def _change_value(draw: st.DrawFn, lines: list[str]) -> None:
    index, key, kind = _key_line(draw, lines)
    values = st.sampled_from(near(key, kind) if kind is not None else tuple(map(toml, WORDS)))
    if kind is not None and kind.range is not None:
        span = kind.range.high - kind.range.low
        values |= st.floats(kind.range.low - span / 4, kind.range.high + span / 4).map(
            toml if kind.base is float else lambda number: str(round(number))
        )
    lines[index] = f"{key} = {draw(values)}"


def _change_type(draw: st.DrawFn, lines: list[str]) -> None:
    index, key, _ = _key_line(draw, lines)
    lines[index] = f"{key} = {draw(st.sampled_from(OF_ANY_TYPE))}"


def _take_the_value_of_another(draw: st.DrawFn, lines: list[str]) -> None:
    index, key, _ = _key_line(draw, lines)
    lines[index] = f"{key} = {draw(st.sampled_from(LINES)).partition(' = ')[2] or 1}"


def _misspell(draw: st.DrawFn, lines: list[str]) -> None:
    index, key, _ = _key_line(draw, lines)
    lines[index] = lines[index].replace(key, draw(st.sampled_from(misspelt(key))), 1)


def _leave_out(draw: st.DrawFn, lines: list[str]) -> None:
    del lines[draw(st.integers(0, len(lines) - 1))]


def _move_or_repeat(draw: st.DrawFn, lines: list[str]) -> None:
    source = draw(st.integers(0, len(lines) - 1))
    line = lines[source] if draw(st.booleans()) else lines.pop(source)
    lines.insert(draw(st.integers(0, len(lines))), line)


def _add(draw: st.DrawFn, lines: list[str]) -> None:
    line = draw(
        st.sampled_from(["[extra]", "[[mqtt]]", "[mqtt.more]", "colour = 1", 'password = "hunter2"', "a.b = 1"])
    )
    lines.insert(draw(st.integers(0, len(lines))), line)


def _slip(draw: st.DrawFn, lines: list[str]) -> None:
    index = draw(st.integers(0, len(lines) - 1))
    start = draw(st.integers(0, len(lines[index])))
    token = draw(st.sampled_from(TOKENS) | st.characters(exclude_categories=["Cs"]))
    lines[index] = lines[index][:start] + token + lines[index][start + draw(st.integers(0, 3)) :]


_ON_VALUES = (_change_value,) * 4 + (_change_type, _take_the_value_of_another)
_ON_LINES = (_misspell, _leave_out, _move_or_repeat, _add, _slip)


SAVED: tuple[Callable[[bytes], bytes], ...] = (
    *[bytes] * 30,
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: b"\xef\xbb\xbf" * 2 + content,
    lambda content: content.replace(b"\n", b"\r\n"),
    lambda content: content.replace(b"\n", b"\r"),
    lambda content: content.decode().encode("utf-16"),
    lambda content: content + b"# " + b"x" * (999_998 - len(content)),
    lambda content: content + b"# " + b"x" * (999_999 - len(content)),
)
SPOILED: tuple[Callable[[bytes, int], bytes], ...] = (
    lambda content, at: content[:at],  # a card that was full
    lambda content, at: content[:at] + bytes(len(content) - at),  # a power cut
    lambda content, at: content[:at] + b"\0" + content[at:],
    lambda content, at: content[:at] + b"\xe9" + content[at:],  # Latin-1
)


@st.composite
def configs(draw: st.DrawFn) -> bytes:
    """The example after one to five mishaps, as a file."""
    lines = list(LINES)
    for mishap in draw(st.lists(st.sampled_from(_ON_VALUES), min_size=1, max_size=4)):
        mishap(draw, lines)
    for mishap in draw(st.lists(st.sampled_from(_ON_LINES), max_size=1)):
        mishap(draw, lines)
    content = ("\n".join(lines) + "\n").encode("utf-8")
    if draw(st.integers(0, 15)) == 15:
        return draw(st.sampled_from(SPOILED))(content, draw(st.integers(0, len(content))))
    return draw(st.sampled_from(SAVED))(content)
