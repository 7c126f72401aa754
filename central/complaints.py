"""What a technician should look at, from what a classroom's device says of itself and what arrives of it.

The figures are those of `edge.wire`; nothing here is about people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from central.store.device_records import DeviceRecord

WARNING_DAYS = 30
"""So many days before its end an authorisation or a certificate is named: as the device and `pki list` do."""
HOT_CELSIUS = 80.0
"""Where a Raspberry Pi begins to slow down (raspberrypi.com, "Frequency management and thermal control")."""
_UNDERVOLTAGE, _SLOWED = 0b1, 0b1110
"""Of `throttled_bits`, what is so now (raspberrypi.com, "vcgencmd"): supply voltage; capped, throttled, too hot."""
_SILENCE = timedelta(hours=2)
"""A device speaks of itself once in an hour at the least (`health.interval_seconds`)."""
_SPOOL_SECONDS = 600.0
"""What waits for longer, with a connection, does not get through."""
_LITTLE_DISK = 500e6
"""Bytes. A journal and a full spool of the default size take two hundred megabytes together."""
_LITTLE_MEMORY = 64e6
"""Bytes available: below that the system begins to end processes."""
_MISSING_PART = 0.01
"""Of all observations. A few that were lost to a power cut years ago are nothing to look at."""
_LATELY = timedelta(days=1)
"""What was rejected before may be mended."""
_REJECTED = {
    "payload": "sends messages that are not understood; is its version newer than central's?",
    "unnumbered": "observations come without time or number; is a bridge between that drops MQTT 5 properties?",
    "future": "observations are dated after today; check its clock",
    "too-old": "observations are older than what is kept; check its clock, or was it away for so long?",
    "sequence": "observations have numbers that are not believed; does something else use its certificate or password?",
    "streams": "it begins a new spool again and again; check its disk, and whether something else uses its certificate",
    "erased": "still sends a student who was erased; run classpulse-edge forget there",
}


def complaints(record: DeviceRecord, certificate_expires: date | None, now: datetime, zone: tzinfo) -> list[str]:
    """In words, the worst first; empty: all is well. zone: of the times in them."""
    found = [*_connection(record, now, zone)]
    if record.online and record.health is not None:  # what a device said before it went may not be so any more
        found += [*_observing(record.health), *_spool(record.health), *_machine(record.health)]
    return [*found, *_arrivals(record, now), *_certificate(certificate_expires, now.astimezone(zone).date())]


def _connection(record: DeviceRecord, now: datetime, zone: tzinfo) -> Iterator[str]:
    if record.online is None:
        yield "its status was never heard; is it allowed to publish it?"
    elif not record.online:
        since = f" since {_shown(record.since, zone)}" if record.since else ""
        yield f"offline{since}; check power and network"
    elif record.health is None or record.health_at is None:
        yield "online, but says nothing of its health; is it allowed to publish it?"
    elif now - record.health_at > _SILENCE:
        yield f"online, but silent since {_shown(record.health_at, zone)}; restart it"


def _observing(figures: Mapping[str, Any]) -> Iterator[str]:
    if figures.get("camera") == "failed":
        yield "the camera does not work; check its cable and what the journal says"
    if figures.get("paused") == "clock":
        yield "paused: its clock is not synchronised; check that it reaches a time server"
    elif figures.get("paused") == "authorisation":
        yield "paused: the authorisation has expired; have it decided again"
    left = int(figures.get("authorisation_days_left", WARNING_DAYS + 1))
    if 0 <= left <= WARNING_DAYS:
        yield f"its authorisation ends {_in_days(left)}; have it decided again in time"
    hangs = int(figures.get("hangs_last_day", 0))
    if hangs:
        yield f"hung and was restarted {_times(hangs)} in the last day; see the journal"


def _spool(figures: Mapping[str, Any]) -> Iterator[str]:
    if figures.get("spool_storage") == "memory":
        yield "observations wait in memory only, as the disk cannot be written; check the card"
    waiting = figures.get("spool_oldest_seconds", 0.0)
    if waiting > _SPOOL_SECONDS:
        depth = int(figures.get("spool_depth", 0))
        yield f"{depth} observations wait, the first for {_duration(waiting)}; the broker takes them too slowly, or not"


def _machine(figures: Mapping[str, Any]) -> Iterator[str]:
    bits = int(figures.get("throttled_bits", 0))
    celsius = figures.get("temperature_celsius")
    hot = celsius is not None and celsius >= HOT_CELSIUS
    if hot or bits & _SLOWED:
        degrees = f" ({celsius:.0f} °C)" if celsius is not None else ""
        yield f"too hot{degrees}: it slows down; check ventilation and heat sink"
    elif figures.get("load_shed_level", 0):
        yield "too slow for what it sees, and looks at less; choose a larger detector.min_face, or a smaller frame"
    if bits & _UNDERVOLTAGE:
        yield "the supply voltage is too low; use the power supply that belongs to it"
    disk = figures.get("disk_free_bytes")
    if disk is not None and disk < _LITTLE_DISK:
        yield f"only {disk / 1e6:.0f} MB of disk are free"
    memory = figures.get("memory_available_bytes")
    if memory is not None and memory < _LITTLE_MEMORY:
        yield f"only {memory / 1e6:.0f} MB of memory are available"


def _arrivals(record: DeviceRecord, now: datetime) -> Iterator[str]:
    expected = record.received + record.missing
    if record.missing > _MISSING_PART * expected:
        yield (
            f"{record.missing} of {expected} observations have not come; they wait there, or are lost: compare "
            "spool_depth and spool_dropped"
        )
    for reason, text in _REJECTED.items():
        rejected = record.rejected.get(reason)
        if rejected is not None and now - rejected.last_at < _LATELY:
            yield text


def _certificate(expires: date | None, today: date) -> Iterator[str]:
    if expires is None:
        return
    left = (expires - today).days
    if left < 0:
        yield f"its certificate expired on {expires}; renew it"
    elif left <= WARNING_DAYS:
        yield f"its certificate expires {_in_days(left)}; renew it"


def _shown(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _in_days(count: int) -> str:
    return "today" if count == 0 else "tomorrow" if count == 1 else f"in {count} days"


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
