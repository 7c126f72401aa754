"""What a type and a range cannot say of [web] and [school]: what an address means, which values exclude each other."""

from __future__ import annotations

import difflib
import ipaddress
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from central.store.kinds import KINDS, KeptKind, days_kept
from edge.connection import is_this_machine
from edge.typed_values import Places, WrongValueError, shown

ORIGIN = r"https?://([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,45}\])(:[0-9]{1,5})?"
"""As a browser writes it (RFC 6454): small letters, no path, not even a slash."""

Mistake = tuple[str, str]
"""Reason, remedy."""


def address(written: str, places: Places) -> str:
    """An IP address as it was written, "localhost" as the one it means. Raises WrongValueError."""
    if written == "localhost":
        return "127.0.0.1"
    try:
        ipaddress.ip_address(written)
    except ValueError as error:
        remedy = 'write an address of this machine, "0.0.0.0" for all of them, or "127.0.0.1" for itself only'
        raise WrongValueError(f"is {shown(written)}, which is no IP address", remedy) from error
    return written


def timezone(written: str, places: Places) -> str:
    """The zone's name as it was written. Raises WrongValueError when there is none of that name."""
    try:
        zoneinfo.ZoneInfo(written)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(written[:60], zoneinfo.available_timezones(), 1)
        remedy = f"did you mean {shown(close[0])}?" if close else 'write an IANA name, such as "Europe/Berlin"'
        raise WrongValueError(f"is {shown(written)}, which no time zone is called", remedy) from error
    return written


def contradictions(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """As `edge.config_rules.contradictions`: key, reason, remedy."""
    for rule, *keys in _RULES:
        if all(key in values for key in keys):
            mistake = rule(*(values[key] for key in keys))
            if mistake:
                yield keys[0], *mistake


def _in_the_open(listen: str, certificate: Path | None, proxy: str | None) -> Mistake | None:
    if certificate is not None or proxy is not None or is_this_machine(listen):
        return None
    return (
        f"is {listen} without TLS: anybody on the way could read names, labels and passwords",
        "write certificate_file and key_file, or behind_proxy if a proxy speaks TLS with the browsers",
    )


def _without_name(proxy: str | None, origin: str | None) -> Mistake | None:
    if proxy is None or (origin is not None and origin.startswith("https://")):
        return None
    return (
        "is of no use without the address that browsers know the proxy by",
        'write origin = "https://classpulse.school.example" with its name',
    )


def _insecure_name(origin: str | None, certificate: Path | None) -> Mistake | None:
    if origin is None or certificate is None or origin.startswith("https://"):
        return None
    return f"is {origin}, but certificate_file makes it https", "write https:// in front"


def _nobody_speaks_tls(origin: str | None, certificate: Path | None, proxy: str | None) -> Mistake | None:
    if origin is None or certificate is not None or proxy is not None or origin.startswith("http://"):
        return None
    return f"is {origin}, but nobody speaks TLS", "write certificate_file and key_file, or behind_proxy, or remove this"


def _alone(other: str) -> Callable[[Path | None, Path | None], Mistake | None]:
    def rule(one: Path | None, partner: Path | None) -> Mistake | None:
        if one is None or partner is not None:
            return None
        return f"is of no use without {other}", f"write {other} too, or remove this"

    return rule


def _shorter(coarser: KeptKind) -> Callable[..., Mistake | None]:
    finer = KINDS[KINDS.index(coarser) - 1]

    def rule(days: float | None, *given: float | None) -> Mistake | None:
        least = days_kept(*given)[finer]
        if days is None or days >= least:
            return None
        return f"is {days:g}, but {finer}s are kept for {least:g}", "keep what is coarser for at least as long"

    return rule


_KEPT = ("store.keep_days", "store.keep_minutes_days", "store.keep_hours_days", "store.keep_days_days")

# A rule, the key that its mistake is told of, and what else it needs to know.
_RULES: tuple[tuple[Callable[..., Mistake | None], *tuple[str, ...]], ...] = (
    (_in_the_open, "web.listen", "web.certificate_file", "web.behind_proxy"),
    (_nobody_speaks_tls, "web.origin", "web.certificate_file", "web.behind_proxy"),
    (_without_name, "web.behind_proxy", "web.origin"),
    (_insecure_name, "web.origin", "web.certificate_file"),
    (_alone("key_file"), "web.certificate_file", "web.key_file"),
    (_alone("certificate_file"), "web.key_file", "web.certificate_file"),
    (_shorter("minute"), "store.keep_minutes_days", *_KEPT),
    (_shorter("hour"), "store.keep_hours_days", *_KEPT),
    (_shorter("day"), "store.keep_days_days", *_KEPT),
)
