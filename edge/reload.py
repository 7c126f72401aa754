"""A changed config in a running daemon: checked as a whole first, then applied where that needs no restart."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import config
from edge.checks import check_broker_files
from edge.config import Settings
from edge.config_rules import contradictions
from edge.errors import ConfigError
from edge.loading import EnrolledStudents

RELOADABLE_TABLES = ("authorisation", "report", "mqtt", "health")
RELOADABLE_KEYS = (
    "recognition.gallery", "recognition.key_file", "recognition.threshold", "recognition.embeddings_per_frame",
    "emotion.readings_per_frame", "emotion.reading_seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Reloaded:
    """What a reload comes to."""

    settings: Settings
    """The new ones as far as they need no restart, the current ones for the rest."""
    applied: tuple[str, ...]
    """Dotted keys that changed and are in use now."""
    needs_restart: tuple[str, ...]
    """Dotted keys that changed and are not in use yet."""


def read_again(path: Path, current: Settings) -> Reloaded:
    """The settings in the file at path, as far as a daemon that runs by `current` can use them.

    Raises ConfigError, BrokerError or GalleryError when the file, or a file that it names, is wrong.
    """
    new = config.load(path)
    reloaded = merge(current, new)
    EnrolledStudents(reloaded.settings).changed()
    check_broker_files(reloaded.settings.mqtt)
    return reloaded


def merge(current: Settings, new: Settings) -> Reloaded:
    """Raises ConfigError when what could be applied contradicts what cannot."""
    before, after = flat(current), flat(new)
    changed = [key for key in after if after[key] != before[key]]
    applied = tuple(key for key in changed if reloadable(key))
    merged = current
    for key in applied:
        merged = _with(merged, key, after[key])
    for key, reason, remedy in contradictions(flat(merged)):
        raise ConfigError(f"{key} {reason}; {remedy}; other changed settings take a restart")
    return Reloaded(merged, applied, tuple(key for key in changed if not reloadable(key)))


def reloadable(key: str) -> bool:
    """Whether a dotted key can be applied without a restart."""
    return key.partition(".")[0] in RELOADABLE_TABLES or key in RELOADABLE_KEYS


def flat(settings: Settings) -> dict[str, Any]:
    """Each value by its dotted key."""
    values: dict[str, Any] = {}
    for outer in dataclasses.fields(settings):
        value = getattr(settings, outer.name)
        if dataclasses.is_dataclass(value):
            values.update(
                {f"{outer.name}.{inner.name}": getattr(value, inner.name) for inner in dataclasses.fields(value)}
            )
        else:
            values[outer.name] = value
    return values


def _with(settings: Settings, key: str, value: Any) -> Settings:
    table, _, name = key.partition(".")
    changes: dict[str, Any] = {table: dataclasses.replace(getattr(settings, table), **{name: value})}
    return dataclasses.replace(settings, **changes)
