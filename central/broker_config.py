"""A Mosquitto configuration that lets each classroom publish as itself, central read, and nobody do anything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from central.pki_registry import CENTRAL
from edge.wire import ROOT, Kind


@dataclass(frozen=True)
class Layout:
    """Where files lie on the broker's machine."""

    config: Path
    """The configuration; all else is named in it."""
    folder: Path
    """Certificates, the list of revocations and the access list."""
    data: Path | None
    """Where the broker keeps messages over a restart; None: where the main configuration says."""

    @classmethod
    def debian(cls, root: Path) -> Layout:
        """Beside Debian's own /etc/mosquitto/mosquitto.conf, which includes conf.d."""
        return cls(root / "conf.d" / "classpulse.conf", root / "classpulse", None)

    @classmethod
    def standalone(cls, root: Path) -> Layout:
        """For `mosquitto -c root/mosquitto.conf`."""
        return cls(root / "mosquitto.conf", root / "classpulse", root / "data")

    @property
    def access_list(self) -> Path:
        return self.folder / "access.list"

    @property
    def revocations(self) -> Path:
        return self.folder / "crl.pem"


def configuration(layout: Layout, port: int, bind: str | None) -> str:
    """mosquitto.conf for Mosquitto 2.0 and newer. bind: the address to listen on; None: all."""
    folder = layout.folder
    storage = _STANDALONE.format(data=layout.data) if layout.data is not None else _DEBIAN
    return _CONFIGURATION.format(
        listener=f"{port} {bind}" if bind else str(port), authority=folder / "ca.pem",
        certificate=folder / "server.pem", key=folder / "server.key", revocations=layout.revocations,
        access=layout.access_list, storage=storage,
    )  # fmt: skip


def access_list() -> str:
    """Who may do what. The user is the common name of the client's certificate."""
    kinds: tuple[str, ...] = get_args(Kind)
    denied = "".join(f"topic deny {ROOT}/{CENTRAL}/{kind}\n" for kind in kinds)
    read = "".join(f"topic read {ROOT}/+/{kind}\n" for kind in kinds)
    write = "".join(f"pattern write {ROOT}/%u/{kind}\n" for kind in kinds)
    return _ACCESS_LIST.format(central=CENTRAL, denied=denied, read=read, write=write)


_ACCESS_LIST = """\
# Who may do what at the broker. Written by `classpulse-central broker-config`.
# What is not allowed here is forbidden: nobody reads a classroom but central, and nobody sees $SYS.

# Central reads what classrooms publish. The patterns below would let it publish as a classroom of its own name,
# which no classroom can have: that is denied first.
user {central}
{denied}{read}
# Everybody else is a classroom, and publishes under its own name (%u), these kinds of message and no other.
{write}"""

_CONFIGURATION = """\
# Mosquitto 2.0 or newer for ClassPulse. Written by `classpulse-central broker-config`.

# --- Who may connect
# One set of rules for all listeners: with "true", a listener added later would have none, and so let anybody in.
per_listener_settings false
# No certificate, no connection.
allow_anonymous false
acl_file {access}

listener {listener}
# Whoever shows a certificate of the school's authority, and of no other.
cafile {authority}
require_certificate true
# Its common name is the MQTT user name, on which the access list relies.
use_identity_as_username true
# Certificates that are refused although they have not expired. Read again by a reload, and by a restart.
crlfile {revocations}
# What the broker shows.
certfile {certificate}
keyfile {key}
# The oldest version that is accepted; 1.0 and 1.1 are broken (RFC 8996).
tls_version tlsv1.2
# Of TLS 1.2, only what keeps old traffic secret when a key is stolen and no padding attack reaches (RFC 9325, 4.2).
ciphers ECDHE+AESGCM:ECDHE+CHACHA20

# --- What a client that runs wild, or somebody with a stolen key, may use up
# A device for each classroom and a few readers; below the 1024 files that a service may have open.
max_connections 500
# Bytes of anything a client sends, topic and properties included. The largest payload of ours, a machine's health, has
# at most 4096.
max_packet_size 16384
# Messages on their way to or from one client before it has acknowledged them: as many as a classroom sends at once.
max_inflight_messages 100
# Messages kept for a reader that is away, and bytes of their payloads; what comes beyond is lost although it was
# acknowledged. A day of a school, or about 400 MB of memory. Never 0, for "no limit": then Mosquitto 2.0.11 ends the
# connection of a client whose message the access list forbids, instead of telling it.
max_queued_messages 500000
max_queued_bytes 100000000
# A reader that was away for longer is forgotten, with what waited for it.
persistent_client_expiration 1m
# Seconds of silence that a client may ask for before it counts as gone: the most that edge.toml lets it ask.
max_keepalive 3600

# --- What outlives a crash
persistence true
{storage}
# --- What the log tells: who came and went, and what went wrong. Never topics or payloads ("debug" would).
log_type error
log_type warning
log_type notice
connection_messages true
# Figures that nobody may read here, and that would count as changes to be saved.
sys_interval 0
"""

_SAVING = """\
# Mosquitto acknowledges a message before it is on the disk, and by default saves every 30 minutes: a crash would lose
# what classrooms have erased from their spools by then. Seconds, not changes: it saves everything each time, and after
# every change that slowed 4000 messages a second down to 60 while 3000 of them waited for a reader.
autosave_on_changes false
autosave_interval 5
"""

_STANDALONE = (
    """\
persistence_location {data}/
"""
    + _SAVING
    + """
log_dest stderr
log_timestamp_format %Y-%m-%dT%H:%M:%S
"""
)

_DEBIAN = (
    """\
# Where: as in /etc/mosquitto/mosquitto.conf, like the log.
"""
    + _SAVING
)
