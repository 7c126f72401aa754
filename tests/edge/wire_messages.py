"""Messages as a broken or hostile sender makes them: near the right one, so that every check has its turn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from edge.records import LABELS
from edge.wire import HEALTH_NUMBERS

Pairs = list[tuple[Any, Any]]


@dataclass(frozen=True)
class Message:
    """What a client of MQTT hands over."""

    topic: str
    payload: bytes
    properties: tuple[tuple[Any, Any], ...]


NAMES = ("s-042", "a", "0", "a" * 63, "a" * 64, "S-042", "s_042", "-s", "s-", "", "s 042", "s-042\n", "é", "٣", "\0")
WORDS = (*LABELS, "Happy", "hapy", "bored", "", "happy ", "happy\n", "tired\0")
OF_ANY_TYPE = (None, True, 0, -1, 0.5, 10**30, [], {}, ["happy"], {"happy": 1}, [[[]]])
KINDS = ("observation", "observation/late", "status", "health")
TOPICS = (
    *("", "/", "#", "classpulse/v1/+/observation", "classpulse/v2/room-101/observation", "$SYS/broker/version"),
    *("classpulse/v1/room-101", "classpulse/v1//observation", "classpulse/v1/room-101/observation/later"),
    *("classpulse/v1/room-101/observation\n", "Classpulse/v1/room-101/status", "classpulse/v1/room-101/Status"),
    *("classpulse/v1/room-101/observation/", " classpulse/v1/room-101/health", "x" * 70_000, "\x1b[2J"),
)
TIMES = (
    *("2026-03-02T09:15:30.123Z", "2024-02-29T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
    *("2026-02-29T09:15:30.123Z", "0000-01-01T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-03-02T24:00:00.000Z"),
    *("2026-03-02T09:15:60.000Z", "2026-03-02T09:15:30Z", "2026-03-02 09:15:30.123Z", "2026-03-02T09:15:30.123+00:00"),
    *("2026-03-02T09:15:30.123z", "٢026-03-02T09:15:30.123Z", "now", ""),
)
STREAM = "7a0c6d5e-3b1f-4c2a-9e8d-0f1e2d3c4b5a"
STREAMS = (STREAM, "0" + STREAM[1:], STREAM.upper(), STREAM.replace("-", ""), f"{{{STREAM}}}", STREAM[:-1], "")
SEQUENCES = (
    "1",
    "17",
    str(2**63 - 1),
    str(2**63),
    "0",
    "-1",
    "+1",
    "01",
    "1.0",
    "1e3",
    "٣",
    " 1",
    "1\n",
    "9" * 5000,
    "",
)
FIGURES = (0, 1, -1, 12.5, 1e15, -1e15, 1.1e15, 10**16, True, None, "1", [1], {})
VERSIONS = (
    "0.1.0",
    "1.2",
    "1.2.3.4",
    "0.1.0rc1+x",
    "1",
    "1.2.3.4.5",
    "123456.0",
    "0.1.0 tired",
    "",
    "٣.1",
    1,
    "0.1.0" + "a" * 33,
)
MODELS = (
    *({}, {"emotion": "0123456789ab"}, {f"m{n}": "0" * 12 for n in range(16)}, {f"m{n}": "0" * 12 for n in range(17)}),
    *(
        {"Emotion": "0123456789ab"},
        {"emotion": "0123456789AB"},
        {"emotion": "0123"},
        {"emotion": 1},
        {"": "0" * 12},
        [],
        "x",
    ),
)
HEALTH_WORDS = ("opening", "working", "failed", "closed", "clock", "authorisation", "Working", "", 1, ["working"])

names = st.sampled_from(NAMES) | st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True) | st.text(max_size=5)
strange = st.sampled_from(OF_ANY_TYPE) | st.text(max_size=5)
observation_members = (
    st.tuples(st.just("student_id"), names | strange)
    | st.tuples(st.just("emotion"), st.sampled_from(WORDS) | strange)
    | st.tuples(st.sampled_from(["student_id ", "Student_id", "picture", "embedding", "observed_at", ""]), strange)
)
health_members = (
    st.tuples(st.sampled_from(sorted(HEALTH_NUMBERS)), st.sampled_from(FIGURES) | st.floats(-2e15, 2e15))
    | st.tuples(st.just("version"), st.sampled_from(VERSIONS))
    | st.tuples(st.just("models"), st.sampled_from(MODELS))
    | st.tuples(st.sampled_from(["camera", "paused"]), st.sampled_from(HEALTH_WORDS))
    | st.tuples(st.sampled_from(["student_id", "emotion", "uptime", "Version", ""]), strange)
)


most = st.sampled_from((True,) * 9 + (False,))


def written(pairs: Pairs, *, ascii_only: bool, separators: tuple[str, str]) -> bytes:
    """A JSON object of pairs, repeats among them."""
    members = (
        json.dumps(name, ensure_ascii=ascii_only) + separators[1] + json.dumps(value, ensure_ascii=ascii_only)
        for name, value in pairs
    )
    return ("{" + separators[0].join(members) + "}").encode("utf-8", "surrogatepass")


@st.composite
def observations(draw: st.DrawFn) -> Pairs:
    """Members of an observation: the right two in either order, or something else in one's place or beside them."""
    student = draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True) | names)
    pairs: Pairs = [("student_id", student), ("emotion", draw(st.sampled_from(LABELS)))]
    for name, value in draw(st.lists(observation_members, max_size=2)):
        same = [at for at, (known, _) in enumerate(pairs) if known == name and draw(most)]
        at = same[0] if same else draw(st.sampled_from(range(len(pairs) + 1)))
        pairs[at : at + draw(most)] = [(name, value)]
    return pairs if draw(st.booleans()) else pairs[::-1]


@st.composite
def damaged(draw: st.DrawFn, payloads: st.SearchStrategy[bytes]) -> bytes:
    """A payload with some of its bytes replaced, or cut off, or wrapped into something else."""
    payload = draw(payloads)
    at = draw(st.integers(0, len(payload)))
    piece = draw(
        st.binary(max_size=3)
        | st.sampled_from(
            [b"NaN", b"-Infinity", b"\\u0073", b"\\ud800", b"[" * 300, b"9" * 5000, b"\xef\xbb\xbf", b" " * 250]
        )
    )
    rest = payload[at + draw(st.integers(0, 3)) :] if draw(st.booleans()) else b""
    return payload[:at] + piece + rest


payloads = st.builds(
    written,
    observations() | st.lists(health_members, max_size=6) | st.lists(health_members | observation_members, max_size=40),
    ascii_only=st.booleans(),
    separators=st.sampled_from([(", ", ": "), (",", ":"), (" ,\n", "\t: ")]),
)
statuses = st.sampled_from([b"online", b"offline", b"Online", b"offline\n", b'"online"', b"", b"on", b"\0", b"true"])
of_an_observation = st.builds(written, observations(), ascii_only=st.booleans(), separators=st.just((", ", ": ")))
of_a_right_one = st.builds(
    lambda student, label: written(
        [("student_id", student), ("emotion", label)], ascii_only=True, separators=(", ", ": ")
    ),
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
    st.sampled_from(LABELS),
)
of_health = st.builds(
    written, st.lists(health_members, max_size=5), ascii_only=st.booleans(), separators=st.just((", ", ": "))
)
pairs = (
    st.tuples(
        st.just("observed_at"), st.sampled_from(TIMES) | st.datetimes().map(lambda t: f"{t:%Y-%m-%dT%H:%M:%S}.007Z")
    )
    | st.tuples(st.just("stream"), st.sampled_from(STREAMS) | st.uuids().map(str))
    | st.tuples(st.just("sequence"), st.sampled_from(SEQUENCES) | st.integers(-2, 2**65).map(str))
    | st.tuples(st.sampled_from(["bridge", "Sequence", "", "picture"]), st.text(max_size=9))
    | st.tuples(st.sampled_from([None, 1, b"stream"]), st.sampled_from(["x", None, 1]))
)
right_properties = st.fixed_dictionaries(
    {},
    optional={
        "observed_at": st.just(TIMES[0]),
        "stream": st.uuids().map(str),
        "sequence": st.integers(1, 2**63 - 1).map(str),
    },
).map(lambda found: list(found.items()))
properties = (
    right_properties.map(lambda pairs: pairs + pairs[:1])
    | st.lists(pairs, min_size=1, max_size=1)
    | st.lists(pairs, max_size=4, unique_by=lambda pair: pair[0])
    | st.lists(pairs, max_size=5)
    | st.lists(pairs, min_size=1, max_size=1).map(lambda pair: pair * 33)
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """One of ours, but for one part of it."""
    kind = draw(st.sampled_from(("observation",) * 5 + KINDS))
    spoilt = draw(st.sampled_from(("nothing", "payload", "properties", "room", "topic")))
    own = {"status": statuses, "health": of_health}.get(
        kind, of_an_observation if spoilt == "payload" else of_a_right_one
    )
    payload = draw(own | damaged(own) | payloads | st.binary(max_size=300) if spoilt == "payload" else own)
    beside = draw(properties if spoilt == "properties" else right_properties)
    room = draw(names) if spoilt == "room" else f"room-{draw(st.integers(1, 9999))}"
    topic = (
        f"classpulse/v1/{room}/{kind}" if spoilt != "topic" else draw(st.sampled_from(TOPICS) | st.text(max_size=30))
    )
    return Message(topic, payload, tuple(beside))
