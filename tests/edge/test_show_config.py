"""The effective settings, and the schema that editors use."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge import config_schema
from edge.config import parse
from edge.show_config import show
from tests.conftest import CONFIG

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_shown_means_the_same_and_says_where_it_comes_from(tmp_path: Path) -> None:
    text, path = CONFIG.format(folder=tmp_path), tmp_path / "edge.toml"
    shown = show(text, path)
    assert parse(shown, path) == parse(text, path)
    line = text.splitlines().index('host = "127.0.0.1"') + 1
    assert f'host = "127.0.0.1"  # edge.toml:{line}\n' in shown
    assert "port = 8883  # default\n" in shown
    assert "# threshold is not set\n" in shown


def test_a_camera_out_of_a_credential_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "camera").write_text("rtsp://user:secret@camera/stream")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    text = CONFIG.format(folder=tmp_path).replace("/dev/video0", "credential:camera")
    shown = show(text, tmp_path / "edge.toml")
    assert 'source = "credential:camera"' in shown
    assert "secret" not in shown


def test_the_published_schema_is_current() -> None:
    remedy = "run `classpulse-edge config-schema > systemd/edge.schema.json`"
    assert (ROOT / "systemd/edge.schema.json").read_text(encoding="utf-8") == config_schema.text(), remedy


def test_the_schema_knows_every_key_of_the_example_with_its_limits() -> None:
    schema: dict[str, Any] = json.loads(config_schema.text())
    example = tomllib.loads((ROOT / "systemd/edge.toml").read_text(encoding="utf-8"))
    for name, table in example.items():
        assert name in schema["properties"]
        for key in table if isinstance(table, dict) else ():
            assert key in schema["properties"][name]["properties"]
    assert schema["required"] == ["classroom", "authorisation", "camera", "mqtt"]
    mqtt = schema["properties"]["mqtt"]
    assert mqtt["additionalProperties"] is False
    assert mqtt["properties"]["port"] == {
        "type": "integer", "minimum": 1, "maximum": 65535, "description": "TCP port, 1..65535.", "default": 8883
    }  # fmt: skip
    assert schema["properties"]["authorisation"]["properties"]["basis"]["enum"] == ["medical", "safety", "outside-eu"]
    assert re.fullmatch(schema["properties"]["classroom"]["pattern"], "room-101")
    assert "default" not in schema["properties"]["authorisation"]["properties"]["basis"]
