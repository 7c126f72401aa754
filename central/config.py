"""The config file of `classpulse-central serve`: TOML in, frozen settings out; every mistake named at once.

What a key of [mqtt] may hold, and what excludes what there, is the same on a classroom's device: `edge.config_rules`;
what is particular to [web] and [school]: `central.web_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from central import web_rules
from central.links import LATE, LIVE
from central.session import BrokerSettings, KeptSession
from central.store.kinds import KeptKind, days_kept
from edge import config, config_file
from edge.config_rules import contradictions
from edge.typed_values import Absolute, Meaning, Range, Text

MOST_UNACKNOWLEDGED = 4000
"""Twice a batch: while one is committed the next one comes."""
_LATE = "-late"
_DAYS = Range(1, 3650, "days")


@dataclass(frozen=True)
class MqttSettings(config.MqttSettings):
    """The broker, as a classroom's device has it, and a session there that outlives its connections."""

    client_id: Annotated[str, Text("classpulse-central", "[A-Za-z0-9-]{1,18}", "a-z, A-Z, 0-9 and -, at most 18")] = (
        "classpulse-central"
    )
    """By which the broker knows the session again, and with "-late" behind it the one for what comes late; two centrals
    at one broker need two. 18 + 5 = 23: more a broker need not take (MQTT 5.0, 3.1.3.1)."""
    session_days: Annotated[float, Range(0.01, 28, "days")] = 7.0
    """How long the broker keeps messages for a central that is away, days, 0.01..28; the broker that `broker-config`
    sets up forgets any reader after a month."""

    def live(self) -> BrokerSettings:
        """The session for all but what comes late."""
        return self._session(self.client_id, LIVE)

    def late(self) -> BrokerSettings:
        """The session for what could not be sent when it was seen: however much that is, nothing else waits for it."""
        return self._session(f"{self.client_id}{_LATE}", LATE)

    def _session(self, client_id: str, below: str) -> BrokerSettings:
        kept = KeptSession(client_id, int(self.session_days * 86_400), MOST_UNACKNOWLEDGED)
        shared = {field.name: getattr(self, field.name) for field in fields(config.MqttSettings)}
        return BrokerSettings(**shared, below=below, kept=kept)


@dataclass(frozen=True)
class StoreSettings:
    """The database."""

    path: Annotated[Path, Absolute()] = Path("/var/lib/classpulse-central/central.db")
    """A SQLite file."""
    keep_days: Annotated[float, _DAYS] = 30.0
    """Observations older than this are deleted, days, 1..3650."""
    keep_minutes_days: Annotated[float, _DAYS] | None = None
    """And counts of them by the minute, days, 1..3650. None: 30, or as long as what is finer, as in the next two."""
    keep_hours_days: Annotated[float, _DAYS] | None = None
    """By the hour. None: 400."""
    keep_days_days: Annotated[float, _DAYS] | None = None
    """By the day. None: 3650."""

    @property
    def keeps(self) -> dict[KeptKind, timedelta]:
        """For how long what is stored is kept."""
        days = days_kept(self.keep_days, self.keep_minutes_days, self.keep_hours_days, self.keep_days_days)
        return {kind: timedelta(days=count) for kind, count in days.items()}


@dataclass(frozen=True)
class ClockSettings:
    """Which clock is believed."""

    synchronised: Literal["required", "assumed"] = "required"
    """"required": nothing is fetched and nothing deleted until a time server has set the clock; "assumed": the clock is
    right anyway, as where it runs on a battery and there is no time server."""


@dataclass(frozen=True)
class WebSettings:
    """The dashboard, and the API behind it."""

    listen: Annotated[str, Text("127.0.0.1", "[0-9A-Za-z:.]{2,45}", "an IP address"), Meaning(web_rules.address)] = (
        "127.0.0.1"
    )
    """The address of this machine that browsers connect to; 0.0.0.0: all of them. Without TLS, loopback only."""
    port: Annotated[int, Range(1024, 65535)] = 8080
    """TCP port; those below 1024 are not for a service without privileges."""
    certificate_file: Path | None = None
    """PEM: what browsers are shown, with the intermediate certificates. None: no TLS."""
    key_file: Path | None = None
    """PEM: its key."""
    origin: Annotated[str, Text("https://classpulse.school.example", web_rules.ORIGIN, "an address")] | None = None
    """The dashboard's address as browsers write it; from no other page requests are taken. None: this machine's
    loopback addresses, or the names in the certificate."""
    behind_proxy: Annotated[str, Text("127.0.0.1", "[0-9A-Za-z:.]{2,45}", "an IP address"),
                            Meaning(web_rules.address)] | None = None  # fmt: skip
    """The address of a reverse proxy that speaks TLS with the browsers, and is believed who they are."""
    metrics_token_file: Path | None = None
    """A file that holds nothing but what a Prometheus elsewhere shows for /metrics. None: it is only for loopback."""

    @property
    def plain(self) -> bool:
        """Whether browsers come without TLS: then from this machine only."""
        return self.certificate_file is None and self.behind_proxy is None


@dataclass(frozen=True)
class SchoolSettings:
    """What the dashboard says about the school, and how it counts."""

    name: Annotated[
        str, Text("Our school", r"(?=.*\S)[^\x00-\x1f\x7f-\x9f]{1,80}", "text of at most 80 characters")
    ] = "Our school"
    """Shown on every page."""
    timezone: Annotated[str, Text("Europe/Berlin"), Meaning(web_rules.timezone)] = "UTC"
    """IANA name: times are shown in it, and hours and days begin by it."""
    smallest_group: Annotated[int, Range(1, 1000)] = 5
    """Views of a group with fewer students show nothing, 1..1000."""
    present_seconds: Annotated[float, Range(5, 3600, "seconds")] = 60.0
    """So long after the last observation a student counts as present, seconds, 5..3600."""
    certificate_register: Annotated[Path, Absolute()] | None = None
    """The register of `classpulse-central pki`, where it lies on this machine: certificates that expire are shown."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def present(self) -> timedelta:
        return timedelta(seconds=self.present_seconds)


@dataclass(frozen=True)
class Settings:
    """The whole config file."""

    mqtt: MqttSettings
    store: StoreSettings = StoreSettings()
    clock: ClockSettings = ClockSettings()
    web: WebSettings = WebSettings()
    school: SchoolSettings = SchoolSettings()


def load(path: Path) -> Settings:
    """The settings in the file at path. Raises ConfigError, which names every mistake in it."""
    return parse(config_file.read_text(path, "central.toml"), path)


def parse(text: str, path: Path) -> Settings:
    """The settings that text describes. path: where it was read, for messages and relative paths.

    Raises ConfigError, which names every mistake.
    """
    return config_file.parse(text, path, Settings, _rules, config.service_environment().credentials)


def _rules(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield from contradictions(values)
    yield from web_rules.contradictions(values)
