"""Says of a config file whether it is right without asking the parser: by `tomllib`, by the published schema, and by
the rules of systemd/edge.toml that a schema cannot say, written down a second time. Types and ranges come from the
settings classes for both; that these are the ones documented is `test_config_documented.py`'s to show.
"""

from __future__ import annotations

import datetime
import difflib
import ipaddress
import json
import re
import tomllib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema import Draft7Validator

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "systemd" / "edge.schema.json").read_text(encoding="utf-8"))
RIGHT = "accepted"
CAMERA_CREDENTIAL = "rtsp://user:hunter2@camera.example/1"
"""What the file `camera` beside the config holds."""

_MISTAKES = {
    "additionalProperties": "an unknown key",
    "required": "a missing key",
    "type": "a wrong type",
    "minimum": "out of range",
    "maximum": "out of range",
    "enum": "not one of the choices",
    "anyOf": "not one of the choices",
    "pattern": "a malformed text",
    "minLength": "a malformed text",
    "minItems": "a malformed list",
    "maxItems": "a malformed list",
    "uniqueItems": "a malformed list",
}
"""What the keywords of the schema find."""


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    # JSON Schema means ECMA 262, where $ is the end of the text, and not what may stand before a last line feed.
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError("does not match")


def _validator() -> Any:
    types = {
        "integer": lambda _, value: type(value) is int,  # TOML tells 40 and 40.0 apart
        "number": lambda _, value: type(value) in (int, float) and value == value,
        "date": lambda _, value: type(value) is datetime.date,
    }
    checker = Draft7Validator.TYPE_CHECKER.redefine_many(types)
    kind = jsonschema.validators.extend(Draft7Validator, {"pattern": _pattern}, type_checker=checker)
    schema = json.loads(json.dumps(SCHEMA))
    expires = schema["properties"]["authorisation"]["properties"]["expires"]
    assert expires.pop("format") == "date"
    expires["type"] = "date"  # to the editors a string, to `tomllib` a type of its own
    return kind(schema)


_VALIDATOR = _validator()


def verdict(content: bytes, folder: Path) -> str:
    """`RIGHT`, or the kind of mistake in a config file in folder, in which nothing else lies but `camera`."""
    if len(content) > 1_000_000:
        return "too large"
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError):
        return "not TOML"
    mistake = next(_VALIDATOR.iter_errors(values), None)
    if mistake is not None:
        return _MISTAKES[mistake.validator]
    return RIGHT if all(_rules(_with_defaults(values), folder)) else "a contradiction"


def _with_defaults(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {key: values.get(name, {}).get(key, entry.get("default")) for key, entry in table["properties"].items()}
        for name, table in SCHEMA["properties"].items()
        if "properties" in table
    }


def _rules(tables: dict[str, dict[str, Any]], folder: Path) -> Iterator[bool]:
    """Whether each of the rules is kept."""
    mqtt, spool, recognition = tables["mqtt"], tables["spool"], tables["recognition"]
    yield from _picture(tables["camera"], tables["detector"]["min_face"])
    yield _is_source(tables["camera"]["source"])
    pause = max(tables["emotion"]["reading_seconds"], 1 / tables["camera"]["frames_per_second"])
    yield tables["report"]["minimum_readings"] <= tables["report"]["interval_seconds"] / pause + 1e-9
    yield (mqtt["certificate_file"] is None) == (mqtt["key_file"] is None)
    yield (mqtt["username"] is None) == (mqtt["password_file"] is None)
    yield ":" not in mqtt["host"] or _address(mqtt["host"]) is not None
    yield mqtt["tls"] or _is_here(mqtt["host"])
    files = [mqtt[key] for key in ("ca_file", "certificate_file", "key_file", "password_file")]
    own = [spool["path"], recognition["gallery"], recognition["key_file"]]
    yield from (_is_path(file) for file in (*files, *own, tables["runtime"]["models"]) if file is not None)
    yield all(one != other for one, other in combinations((folder / re.sub("^credential:", "", x) for x in own), 2))


def _picture(camera: dict[str, Any], min_face: int) -> Iterator[bool]:
    left, top, right, bottom = camera["region"]
    yield left < right
    yield top < bottom
    yield right - left >= 0.05
    yield bottom - top >= 0.05
    for x1, y1, x2, y2 in camera["masks"]:
        yield x1 < x2
        yield y1 < y2
        yield not (x1 <= left and y1 <= top and x2 >= right and y2 >= bottom)
    yield min_face <= camera["width" if camera["rotation"] in (90, 270) else "height"] * (bottom - top)
    reduced = camera["detection_width"]
    yield reduced == 0 or reduced >= camera["width"] or reduced * min_face >= 12 * camera["width"]
    yield camera["exposure"] == "auto" or camera["exposure"] <= 1e6 / camera["frames_per_second"]
    automatic = all(camera[key] == "auto" for key in ("exposure", "gain", "white_balance"))
    yield automatic or camera["source"] == "picamera2"


def _is_source(source: str) -> bool:
    if source == "picamera2" or source.startswith("/dev/"):
        return True
    if source.startswith("credential:"):
        return source == "credential:camera"
    if re.search(r"://[^/\s]*:[^/\s]*@|[?&;](pass\w*|pwd|token|key|secret)=", source, re.IGNORECASE):
        return False
    if "://" in source:
        return re.fullmatch(r"(?i:rtsps?)://[^/\s]+(/\S*)?", source) is not None
    # Nearly "picamera2" is no folder, but a slip of the finger.
    slip = "/" not in source and difflib.SequenceMatcher(None, source, "picamera2").ratio() >= 0.8
    return _is_path(source) and not slip


def _is_path(path: str) -> bool:
    if path.startswith("credential:"):
        return re.fullmatch(r"credential:[A-Za-z0-9][A-Za-z0-9._-]{0,254}", path) is not None
    return path.isprintable() and 0 < len(path) <= 4096 and not path.startswith("~")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_here(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address is not None else host.lower() == "localhost"
