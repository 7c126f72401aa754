"""Which version of ClassPulse this is."""

from __future__ import annotations

from importlib import metadata


def installed_version() -> str:
    """As its package says; 0.0.0 where it runs from a checkout that is not installed."""
    try:
        return metadata.version("classpulse")
    except metadata.PackageNotFoundError:
        return "0.0.0"
