"""The config file of `classpulse-central serve`: TOML in, frozen settings out; every mistake named at once.

What a key of [mqtt] may hold, and what excludes what, is the same on a classroom's device: `edge.config_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from central.session import BrokerSettings, KeptSession
from edge import config_file
from edge.config import service_environment
from edge.config_rules import HOST, contradictions, host
from edge.typed_values import Absolute, Meaning, Range, Text

MOST_UNACKNOWLEDGED = 2000
"""Twice a batch: while one is committed the next one comes."""


@dataclass(frozen=True)
class MqttSettings:
    """The broker."""

    host: Annotated[str, Text("broker.school.example", HOST, "a host name or an IP address"), Meaning(host)]
    """Name or address, without scheme and port."""
    port: Annotated[int, Range(1, 65535)] = 8883
    """TCP port, 1..65535."""
    tls: bool = True
    """May be false only where the broker is on this machine."""
    ca_file: Path | None = None
    """PEM: who may have signed the broker's certificate. None: the system's authorities."""
    certificate_file: Path | None = None
    """PEM: central's certificate."""
    key_file: Path | None = None
    """PEM: the key of that certificate."""
    username: Annotated[str, Text(example="central")] | None = None
    """The MQTT user name."""
    password_file: Path | None = None
    """A file that holds nothing but the password."""
    keepalive_seconds: Annotated[int, Range(5, 3600, "seconds")] = 30
    """Silence after which broker and central ask whether the other is still there, seconds, 5..3600."""
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
        return BrokerSettings(
            host=self.host,
            port=self.port,
            tls=self.tls,
            ca_file=self.ca_file,
            certificate_file=self.certificate_file,
            key_file=self.key_file,
            username=self.username,
            password_file=self.password_file,
            keepalive_seconds=self.keepalive_seconds,
            kept=KeptSession(self.client_id, expiry, MOST_UNACKNOWLEDGED),
        )


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
    return config_file.parse(text, path, Settings, contradictions, service_environment().credentials)
