"""The config file of `classpulse-central serve`: TOML in, frozen settings out; every mistake named at once.

What a key of [mqtt] may hold, and what excludes what, is the same on a classroom's device: `edge.config_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from central.session import BrokerSettings, KeptSession
from edge import config, config_file
from edge.config_rules import contradictions
from edge.typed_values import Absolute, Range, Text

MOST_UNACKNOWLEDGED = 2000
"""Twice a batch: while one is committed the next one comes."""


@dataclass(frozen=True)
class MqttSettings(config.MqttSettings):
    """The broker, as a classroom's device has it, and a session there that outlives its connections."""

    client_id: Annotated[str, Text("classpulse-central", "[A-Za-z0-9-]{1,23}", "a-z, A-Z, 0-9 and -, at most 23")] = (
        "classpulse-central"
    )
    """By which the broker knows the session again; two centrals at one broker need two. 23: MQTT 5.0, 3.1.3.1."""
    session_days: Annotated[float, Range(0.01, 28, "days")] = 7.0
    """How long the broker keeps messages for a central that is away, days, 0.01..28; the broker that `broker-config`
    sets up forgets any reader after a month."""

    def broker(self) -> BrokerSettings:
        """The session that these settings mean."""
        expiry = int(self.session_days * 86_400)
        shared = {field.name: getattr(self, field.name) for field in fields(config.MqttSettings)}
        return BrokerSettings(**shared, kept=KeptSession(self.client_id, expiry, MOST_UNACKNOWLEDGED))


@dataclass(frozen=True)
class StoreSettings:
    """The database."""

    path: Annotated[Path, Absolute()] = Path("/var/lib/classpulse-central/central.db")
    """A SQLite file."""
    keep_days: Annotated[float, Range(1, 3650, "days")] = 30.0
    """Observations older than this are deleted, days, 1..3650."""

    @property
    def keep(self) -> timedelta:
        return timedelta(days=self.keep_days)


@dataclass(frozen=True)
class ClockSettings:
    """Which clock is believed."""

    synchronised: Literal["required", "assumed"] = "required"
    """"required": nothing is fetched and nothing deleted until a time server has set the clock; "assumed": the clock is
    right anyway, as where it runs on a battery and there is no time server."""


@dataclass(frozen=True)
class Settings:
    """The whole config file."""

    mqtt: MqttSettings
    store: StoreSettings = StoreSettings()
    clock: ClockSettings = ClockSettings()


def load(path: Path) -> Settings:
    """The settings in the file at path. Raises ConfigError, which names every mistake in it."""
    return parse(config_file.read_text(path, "central.toml"), path)


def parse(text: str, path: Path) -> Settings:
    """The settings that text describes. path: where it was read, for messages and relative paths.

    Raises ConfigError, which names every mistake.
    """
    return config_file.parse(text, path, Settings, contradictions, config.service_environment().credentials)
