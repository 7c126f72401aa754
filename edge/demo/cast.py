"""Who is in the demo's classroom, and the config file of its device."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLASSROOM = "demo"


@dataclass(frozen=True)
class Student:
    """Somebody who is enrolled. The name is on this screen and in the demo's dashboard; the device never learns it."""

    student_id: str
    name: str
    picture: Path


STUDENTS = (
    Student("s-001", "Barack Obama", HERE / "portraits" / "obama.jpg"),
    Student("s-002", "Joe Biden", HERE / "portraits" / "biden.jpg"),
    Student("s-003", "Eileen Collins", HERE / "portraits" / "astronaut.png"),
)
STRANGER = "Grace Hopper"
"""Sits in the classroom too, and is not enrolled."""

CONSENT = "demo: public-domain portrait"

_CONFIG = """\
# Written by `classpulse-edge demo`; deleted when it ends.
classroom = "{classroom}"

[authorisation]
# Nobody is observed here. The daemon does not run without a decision on record, so this is the demo's.
basis = "safety"
approved_by = "demo"
reference = "demo: public-domain portraits of adults, no classroom"
expires = {expires}

[camera]
source = {clip}
loop = true

[recognition]
gallery = {gallery}
key_file = {key}

[report]
interval_seconds = 2.0

[mqtt]
host = "127.0.0.1"
port = {port}
tls = false

[spool]
path = {spool}

[health]
interval_seconds = {health_seconds}

[clock]
# The demo has to run on a laptop whose clock nobody vouches for.
synchronised = "assumed"
"""
HEALTH_SECONDS = 5.0


def write_config(folder: Path, port: int) -> Path:
    """The config file of a device whose files all lie in `folder`, for a broker on that port of this machine."""
    path = folder / "edge.toml"
    path.write_text(
        _CONFIG.format(
            classroom=CLASSROOM,
            expires=date.today() + timedelta(days=1),
            clip=_toml(HERE / "classroom.mp4"),
            gallery=_toml(folder / "gallery.bin"),
            key=_toml(folder / "gallery.key"),
            spool=_toml(folder / "spool.db"),
            port=port,
            health_seconds=HEALTH_SECONDS,
        ),
        encoding="utf-8",
    )
    return path


def _toml(path: Path) -> str:
    """A path as a TOML string, which JSON's are as well."""
    return json.dumps(str(path), ensure_ascii=False)
