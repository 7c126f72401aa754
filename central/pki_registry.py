"""What the authority has issued: a JSON file beside its key, read whole and replaced whole.

A certificate is recorded before it leaves the authority, so that there is none that cannot be revoked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from central import pki_files
from central.pki_files import PRIVATE, AuthorityError, File

Kind = Literal["classroom", "central", "broker"]
State = Literal["valid", "superseded", "expired", "revoked"]

CENTRAL = "central"
"""The name of the one subscriber that reads all classrooms."""
REVOCATIONS = "/etc/mosquitto/classpulse/crl.pem"
"""Where a broker of Debian's has the list, as `broker-config` places it."""
_VERSION = 1


@dataclass(frozen=True)
class Issued:
    """A certificate."""

    name: str
    """Of the classroom; "central"; the broker's host."""
    kind: Kind
    serial: str
    """Hexadecimal, small letters."""
    issued_at: datetime
    expires: datetime
    revoked_at: datetime | None = None
    hosts: tuple[str, ...] = ()
    """Of a broker: every name and address that the certificate is for."""

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires; negative afterwards."""
        return (self.expires - now).days


@dataclass(frozen=True)
class Broker:
    """Where classrooms connect, as `broker-config` was told."""

    host: str
    port: int
    revocations: str
    """Path of the list of revocations on the broker's machine."""


@dataclass(frozen=True)
class Registry:
    """Everything issued, oldest first. Immutable: a change makes a new one."""

    certificates: tuple[Issued, ...] = ()
    broker: Broker | None = None
    revocations: int = 0
    """Number of the newest list of revocations."""
    revocations_at: datetime | None = None
    """Its date."""

    def with_issued(self, issued: Issued) -> Registry:
        """Raises AuthorityError when the name is another kind's."""
        for other in self.certificates:
            if other.name == issued.name and other.kind != issued.kind:
                raise AuthorityError(f"{issued.name}: is the name of a {other.kind} already; choose another")
        return replace(self, certificates=(*self.certificates, issued))

    def with_revoked(self, serials: Iterable[str], now: datetime) -> Registry:
        """Those not revoked before are revoked now."""
        chosen = frozenset(serials)
        return replace(
            self,
            certificates=tuple(
                replace(issued, revoked_at=now) if issued.serial in chosen and issued.revoked_at is None else issued
                for issued in self.certificates
            ),
        )

    def of(self, name: str) -> list[Issued]:
        """Certificates of that name, oldest first."""
        return [issued for issued in self.certificates if issued.name == name]

    def usable(self, name: str, now: datetime) -> list[Issued]:
        """Those of that name that a broker still accepts, oldest first."""
        return [issued for issued in self.of(name) if issued.revoked_at is None and now < issued.expires]

    def newest(self) -> dict[str, Issued]:
        """By name, the last one issued that is not revoked."""
        return {issued.name: issued for issued in self.certificates if issued.revoked_at is None}

    def state(self, issued: Issued, now: datetime) -> State:
        """Superseded: a newer one was issued, and not revoked; a broker still accepts this one too."""
        if issued.revoked_at is not None:
            return "revoked"
        if now >= issued.expires:
            return "expired"
        return "valid" if self.newest()[issued.name] is issued else "superseded"


def load(path: Path) -> Registry:
    """The registry in path. Raises AuthorityError when there is none, or when it is damaged."""
    try:
        return _registry(json.loads(path.read_bytes()))
    except OSError as error:
        raise AuthorityError(f"{path}: the register of certificates cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AuthorityError(
            f"{path}: the register of certificates is damaged; restore it from the backup of the authority"
        ) from error


def save(registry: Registry, path: Path) -> None:
    """Replace the file at once. Raises AuthorityError; the old one then stands, but for UnconfirmedError."""
    pki_files.replace(path, serialised(registry))


def serialised(registry: Registry) -> File:
    """The registry as a file."""
    content = {"version": _VERSION, **asdict(registry)}
    return File(json.dumps(content, indent=1, default=datetime.isoformat).encode() + b"\n", PRIVATE)


def _registry(content: dict[str, Any]) -> Registry:
    if content["version"] != _VERSION:
        raise ValueError("of another version")
    broker = content["broker"]
    return Registry(
        certificates=tuple(_issued(entry) for entry in content["certificates"]),
        broker=None if broker is None else Broker(str(broker["host"]), int(broker["port"]), str(broker["revocations"])),
        revocations=int(content["revocations"]),
        revocations_at=_moment_or_none(content["revocations_at"]),
    )


def _issued(entry: dict[str, Any]) -> Issued:
    if entry["kind"] not in get_args(Kind):
        raise ValueError("an unknown kind")
    int(entry["serial"], 16)
    return Issued(
        name=str(entry["name"]),
        kind=entry["kind"],
        serial=entry["serial"],
        issued_at=_moment(entry["issued_at"]),
        expires=_moment(entry["expires"]),
        revoked_at=_moment_or_none(entry["revoked_at"]),
        hosts=tuple(map(str, entry["hosts"])),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)
