"""What the unit hands over, what the example config names, and what docs/install.md puts in place: the same files."""

from __future__ import annotations

import re
from pathlib import Path

from edge.config import parse
from tests.systemd.device import CHECKOUT, EXAMPLE

CONFIG_FOLDER = Path("/etc/classpulse")
INSTRUCTIONS = (CHECKOUT / "docs" / "install.md").read_text(encoding="utf-8")
UNIT = (CHECKOUT / "systemd" / "classpulse-edge.service").read_text(encoding="utf-8")
LOADED = dict(re.findall(r"^LoadCredential=([^:]+):(.+)$", UNIT, re.MULTILINE))


def test_unit_takes_every_credential_from_where_it_lies_outside_of_the_service() -> None:
    assert {name: f"{CONFIG_FOLDER}/{name}" for name in LOADED} == LOADED
    assert set(re.findall(r"^SetCredential=([^:]+):", UNIT, re.MULTILINE)) == set(LOADED)


def test_example_names_credentials_of_the_unit_only() -> None:
    named = set(re.findall(r'"credential:([a-z.]+)"', EXAMPLE))
    assert {"gallery.key", "mqtt.key"} <= named <= set(LOADED)


def test_instructions_list_the_credentials_of_the_unit() -> None:
    assert dict(re.findall(r"\| `credential:(\S+)` \| `(\S+)` \|", INSTRUCTIONS)) == LOADED


def test_instructions_put_the_files_of_the_example_in_place() -> None:
    mqtt = parse(EXAMPLE, CONFIG_FOLDER / "edge.toml").mqtt
    (files,) = re.findall(r"^ *sudo install -m 640 -g classpulse (.+) /etc/classpulse/$", INSTRUCTIONS, re.MULTILINE)
    placed = [CONFIG_FOLDER / name for name in files.split()]
    assert placed == [CONFIG_FOLDER / "edge.toml", mqtt.ca_file, mqtt.certificate_file, mqtt.key_file]
