"""`classpulse-central pki list`: every certificate, and what is to be done about them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from central.authority import Authority

WARNING_DAYS = 30
"""So many days before its end a certificate is to be renewed."""
_AUTHORITY_WARNING_DAYS = 400
"""Certificates issued from then on end before their time."""
NEEDS_ATTENTION = 3
"""Exit code."""


def show(arguments: argparse.Namespace) -> int:
    """Print the certificates, newest names last, and warnings on stderr; returns the exit code."""
    authority, now = Authority(arguments.pki), datetime.now(UTC)
    if arguments.json:
        json.dump(_as_json(authority, now), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _write_table(authority, now)
    warnings = list(_warnings(authority, now))
    for warning in warnings:
        sys.stderr.write(f"{warning}\n")
    return NEEDS_ATTENTION if warnings else 0


def _write_table(authority: Authority, now: datetime) -> None:
    registry = authority.registry
    rows = [("NAME", "KIND", "SERIAL", "EXPIRES", "DAYS", "STATE")]
    rows += [
        (
            issued.name, issued.kind, issued.serial[:12], f"{issued.expires:%Y-%m-%d}",
            str(issued.days_left(now)), registry.state(issued, now),
        )
        for issued in registry.certificates
    ]  # fmt: skip
    rows.append(
        (
            "(authority)", "", f"{authority.certificate.serial_number:x}"[:12], f"{authority.expires:%Y-%m-%d}",
            str((authority.expires - now).days), "valid" if now < authority.expires else "expired",
        )
    )  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if at == 4 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _as_json(authority: Authority, now: datetime) -> dict[str, object]:
    return {
        "authority": {"expires": authority.expires.isoformat(), "days_left": (authority.expires - now).days},
        "certificates": [
            {
                "name": issued.name, "kind": issued.kind, "serial": issued.serial,
                "issued_at": issued.issued_at.isoformat(), "expires": issued.expires.isoformat(),
                "days_left": issued.days_left(now), "state": authority.registry.state(issued, now),
                "revoked_at": None if issued.revoked_at is None else issued.revoked_at.isoformat(),
            }
            for issued in authority.registry.certificates
        ],
    }  # fmt: skip


def _warnings(authority: Authority, now: datetime) -> Iterator[str]:
    for issued in authority.registry.newest().values():
        left = issued.days_left(now)
        if left < WARNING_DAYS:
            verb = "expires" if left >= 0 else "expired"
            yield f"{issued.name}: {verb} on {issued.expires:%Y-%m-%d}; classpulse-central pki renew {issued.name}"
    for issued in authority.unlisted():
        yield (
            f"{issued.name}: {issued.serial[:12]} is revoked, but not in {authority.revocations_file}: "
            f"classpulse-central pki revoke {issued.name} --serial {issued.serial[:12]}"
        )
    left = (authority.expires - now).days
    if left <= _AUTHORITY_WARNING_DAYS:
        yield (
            f"the authority ends on {authority.expires:%Y-%m-%d}: make another in time, and new certificates for all"
        )
